"""A connection: one person in one room, or in their inbox, over one socket, whatever the transport."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from backend.accounts.tokens import Identity
from backend.chat.events import ByeOut

from .fifo import Fifo, Job
from .packets import CUT_OFF, Packet, Packets, encode
from .thinned import Thinned
from .websocket import RawSocket, frame

logger = logging.getLogger(__name__)

TYPING_EVERY = 1.0  # seconds between two notices of one connection
TYPING_LASTS = 8.0  # seconds after which it is over, unless said again
INBOX = ""  # stands where the slug of a room does
CODES = {"revoked": 4401, "removed": 4403, "slow": 4408, "draining": 1012}  # WebSocket close codes


class Connection(ABC):
    """A member of a room's feed, or of its person's inbox. `room_id` is 0 until it enters a room."""

    prefix: ClassVar[bytes] = b""  # what stands before each text in a raw frame
    direct: RawSocket | None = None  # the raw side, while it can be used without a look at the ordinary path

    def __init__(self, identity: Identity, slug: str, *, checked_at: int) -> None:
        self.identity = identity
        self.slug = slug
        self.checked_at = checked_at  # the hub's count of revocations when token and membership were looked at
        self.room_id = 0
        self.holds = False
        self.ended: str | None = None
        self.commands = Fifo()
        self.typing = Thinned(TYPING_EVERY, lasts=TYPING_LASTS)

    @property
    def user_id(self) -> int:
        return self.identity.user_id

    @property
    @abstractmethod
    def raw(self) -> RawSocket | None:
        """The raw side, where the server has one."""

    @abstractmethod
    def open(self) -> None:
        """Tell the client that it is in; called once, right before its `sync`."""

    @abstractmethod
    def idle(self) -> bool:
        """Nothing waits on the ordinary path, so raw frames overtake nothing."""

    @abstractmethod
    def waiting(self) -> int:
        """Bytes (at least) that the client has not taken."""

    @abstractmethod
    def cut_off(self) -> None:
        """End the connection now, with what is queued."""

    @abstractmethod
    def frames(self, packets: Packets) -> bytes:
        """The packets as raw frames of this transport."""

    @abstractmethod
    def texts(self, packets: Packets) -> Sequence[bytes]:
        """The packets as texts of this transport."""

    @abstractmethod
    def enqueue(self, texts: Sequence[bytes]) -> None:
        """Send texts on the ordinary path, without waiting."""

    @abstractmethod
    def close(self, code: str) -> None:
        """End the connection in the way of its transport, after what was sent before."""

    def deliver(self, packets: Packets) -> None:
        """Write without waiting; of the moment: dropped when the client is slow."""
        if self.direct and not self.ended and self.direct.offer(self.frames(packets), packets.limit):
            return  # nearly always: a large room pays for each step a thousand times
        if self._takes(packets.limit):
            raw = self.raw
            if not (raw and self.idle() and raw.write(self.frames(packets))):
                self.enqueue(self.texts(packets))

    def say(self, text: bytes) -> None:
        """Write one text, such as an ack, without waiting."""
        if self._takes():
            raw = self.raw
            if not (raw and self.idle() and raw.write(frame(self.prefix + text))):
                self.enqueue([text])

    def submit(self, job: Job, size: int) -> None:
        """Run a command of so many bytes after those before it; while too much waits, the client is read no further."""
        raw = self.raw
        if raw is None:
            self.commands.put(job)
        else:
            raw.submit(self.commands, job, size)

    def end(self, code: str) -> None:
        """Say `bye` and end the connection; a slow one is aborted: it would not take a `bye` either."""
        if self.ended:
            return
        bye = ByeOut.model_validate({"code": code, "retry_after": 1 if code in {"slow", "draining"} else None})
        if code != "slow":
            self.deliver(Packets(self.slug, [Packet("bye", encode(bye))]))
        self.ended = code
        if code == "slow":
            self.cut_off()
        else:
            self.close(code)

    async def drain(self) -> None:
        """Shutdown: answer the commands that were taken so far, then say `bye`; what comes later is not run."""
        told = asyncio.Event()

        async def say_bye() -> None:
            self.end("draining")
            told.set()

        self.commands.put(say_bye)
        await told.wait()

    def _takes(self, limit: int = CUT_OFF) -> bool:
        """Whether to write. A client that does not take what it gets is cut off, and comes back with `since`."""
        if self.ended:
            return False
        pending = self.waiting()
        if pending > CUT_OFF:
            logger.info("Cut off user %d in %s: %d bytes not taken.", self.user_id, self.slug, pending)
            self.end("slow")
            return False
        return pending <= limit
