"""Rooms as Socket.IO namespaces: `/<slug>` with a Knox token; every step of a connect in one place."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from backend.accounts.tokens import Identity
from backend.chat import batched
from backend.chat.inputs import Seq

from .connections import INBOX, Connection
from .link import Link
from .packets import Packets
from .websocket import RawSocket

if TYPE_CHECKING:
    from .server import ChatServer

SLUG = re.compile(r"[a-z0-9_-]{1,46}")


class AuthIn(BaseModel):
    """The `auth` of a connect. Unknown keys are fine: apps put their own things there."""

    model_config = ConfigDict(extra="ignore")

    token: str = ""
    since: Seq | None = None


class SocketIOConnection(Connection):
    prefix = b"4"

    def __init__(
        self, server: "ChatServer", link: Link, namespace: str, identity: Identity, *, checked_at: int
    ) -> None:
        super().__init__(identity, namespace[1:], checked_at=checked_at)
        self.server = server
        self.link = link
        self.direct = link.direct
        self.namespace = namespace
        self.sid = ""

    @property
    def raw(self) -> RawSocket | None:
        return self.link.raw

    def open(self) -> None:
        self.server.join(self)

    def idle(self) -> bool:
        return self.link.idle()

    def waiting(self) -> int:
        return self.link.waiting()

    def cut_off(self) -> None:
        self.link.cut_off()

    def enqueue(self, texts: Sequence[bytes]) -> None:
        self.link.enqueue(texts)

    def frames(self, packets: Packets) -> bytes:
        return packets.socketio_frames

    def texts(self, packets: Packets) -> Sequence[bytes]:
        return packets.socketio

    def close(self, code: str) -> None:
        # At shutdown the transport ends, not the room: clients come back by themselves after that only.
        if code != "draining":
            self.server.leave(self)


async def admit(server: "ChatServer", link: Link, namespace: str, auth: Any) -> None:
    """Check address, slug, token and membership, then enter the room or the inbox (`/`); raises the refusal."""
    checked_at = server.hub.revocations
    request = AuthIn.model_validate(auth if isinstance(auth, dict) else {})
    name = namespace.removeprefix("/")
    # What can't be a room's is nobody's: whoever asks is counted, and has to show a token, all the same.
    slug = None if name == INBOX else name if SLUG.fullmatch(name) else ""
    identity, access = await batched.admit(address=link.address, credential=request.token, slug=slug)
    connection = SocketIOConnection(server, link, namespace, identity, checked_at=checked_at)
    server.hub.register(connection)
    try:
        if access is None:
            await server.hub.inboxes.enter(connection)
        else:
            await server.hub.enter(connection, access.room, request.since)
    except BaseException:
        server.hub.leave(connection)
        raise
