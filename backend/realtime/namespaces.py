"""Rooms as Socket.IO namespaces: `/<slug>` with a Knox token; every step of a connect in one place."""

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from engineio import packet as eio_packet
from pydantic import BaseModel, ConfigDict

from backend.accounts.tokens import Identity
from backend.chat import batched, limits
from backend.chat.errors import ChatError, Code
from backend.chat.events import Seq
from backend.threads import in_db_thread

from .connections import Connection
from .packets import Packets
from .websocket import EXTENSION, RawSocket

if TYPE_CHECKING:
    from .server import ChatServer

SLUG = re.compile(r"[a-z0-9_-]{1,46}")


class AuthIn(BaseModel):
    """The `auth` of a connect. Unknown keys are fine: apps put their own things there."""

    model_config = ConfigDict(extra="ignore")

    token: str = ""
    since: Seq | None = None


class SocketIOConnection(Connection):
    def __init__(
        self, server: "ChatServer", eio_sid: str, namespace: str, identity: Identity, raw: RawSocket | None
    ) -> None:
        super().__init__(identity, namespace[1:], raw)
        self.server = server
        self.eio_sid = eio_sid
        self.namespace = namespace
        self.sid = ""
        self._enqueued = 0  # bytes given to Engine.IO's queue since it was last empty

    def open(self) -> None:
        self.server.join(self)

    def idle(self) -> bool:
        socket = self.server.eio.sockets.get(self.eio_sid)
        # Counts packets that the writer has taken but not written yet, too.
        return socket is not None and socket.upgraded and not socket.queue._unfinished_tasks

    def waiting(self) -> int:
        socket = self.server.eio.sockets.get(self.eio_sid)
        if socket is None or not socket.queue._unfinished_tasks:
            self._enqueued = 0
        return self._enqueued

    def frames(self, packets: Packets) -> bytes:
        return packets.socketio_frames

    def enqueue(self, packets: Packets) -> None:
        socket = self.server.eio.sockets.get(self.eio_sid)
        if socket is None or socket.closed:
            return
        for text in packets.socketio:
            self._enqueued += len(text)
            socket.queue.put_nowait(eio_packet.Packet(eio_packet.MESSAGE, text.decode()))

    def close(self, code: str) -> None:
        # At shutdown the transport ends, not the room: clients come back by themselves after that only.
        if code != "draining":
            self.server.leave(self)


async def admit(server: "ChatServer", eio_sid: str, namespace: str, auth: Any) -> None:
    """Check address, slug, token and membership, then enter the room; raises the refusal."""
    scope = server.environ[eio_sid]["asgi.scope"]
    address = (scope.get("client") or ("",))[0]
    await in_db_thread(limits.check, settings.RATE_CONNECT, f"connect:{address}")
    request = AuthIn.model_validate(auth if isinstance(auth, dict) else {})
    identity = await batched.authenticate(request.token)
    if identity is None:
        raise ChatError(Code.UNAUTHORIZED)
    slug = namespace.removeprefix("/")
    if not SLUG.fullmatch(slug):
        raise ChatError(Code.NOT_FOUND, "No such room.")
    connection = SocketIOConnection(server, eio_sid, namespace, identity, scope.get("extensions", {}).get(EXTENSION))
    server.hub.register(connection)
    try:
        access = await batched.check_access(slug=slug, user_id=identity.user_id)
        await server.hub.enter(connection, access.room, request.since)
    except BaseException:
        server.hub.leave(connection)
        raise
