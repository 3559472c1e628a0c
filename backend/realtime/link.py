"""A link: one Socket.IO client's connection, whatever its transport, with the rooms (namespaces) that it carries."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engineio import packet as eio_packet
from engineio.async_socket import AsyncSocket

from .packets import CUT_OFF
from .websocket import RawSocket, frame

if TYPE_CHECKING:
    from .namespaces import SocketIOConnection


class Link(ABC):
    """`rooms` holds None for a room whose connect is under way. `address` is the client's IP address."""

    direct: RawSocket | None = None  # the raw side of a link that has no ordinary path

    def __init__(self, sid: str, address: str, raw: RawSocket | None = None) -> None:
        self.sid = sid
        self.address = address
        self.raw = raw
        self.rooms: dict[str, SocketIOConnection | None] = {}
        self.joined = False  # has been in a room, or in the inbox

    @abstractmethod
    def idle(self) -> bool:
        """Raw frames overtake nothing."""

    @abstractmethod
    def waiting(self) -> int:
        """Bytes (at least) that the client has not taken."""

    @abstractmethod
    def enqueue(self, texts: Iterable[bytes]) -> None:
        """Socket.IO packets on the ordinary path; a connection that is gone takes none."""

    @abstractmethod
    def cut_off(self) -> None:
        """End the connection now, with what is queued."""

    @abstractmethod
    async def hang_up(self, reason: str) -> None:
        """End the connection after what is queued."""

    @abstractmethod
    async def finish(self) -> None:
        """Shutdown: wait until everything is written, for a client that does not read a second only."""

    def say(self, text: bytes) -> None:
        """One packet outside of any room; who asks without end and reads no answers is cut off."""
        if self.waiting() > CUT_OFF:
            self.cut_off()
        elif not (self.raw and self.idle() and self.raw.write(frame(b"4" + text))):
            self.enqueue([text])

    def send(self, pkt: Any) -> None:
        """The same for a packet of python-socketio's."""
        self.say(pkt.encode().encode())


class EngineLink(Link):
    """A client of Engine.IO's: long-polling, upgraded or not, or a WebSocket without a raw side."""

    def __init__(self, socket: AsyncSocket, address: str) -> None:
        super().__init__(socket.sid, address)
        self.lock = asyncio.Lock()  # long-polling clients can send several requests at once
        self._socket = socket
        self._ending: asyncio.Task[None] | None = None
        self._enqueued = 0  # bytes given to Engine.IO's queue since it was last empty

    @property
    def on_websocket(self) -> bool:
        """On a WebSocket, from the start or upgraded; not in between."""
        return bool(self._socket.upgraded)

    def idle(self) -> bool:
        # Its writer's sends are counted by the raw side.
        return self._socket.upgraded and not self._socket.queue._unfinished_tasks

    def waiting(self) -> int:
        if not self._socket.queue._unfinished_tasks:
            self._enqueued = 0
        return self._enqueued + (self.raw.buffered if self.raw else 0)

    def enqueue(self, texts: Iterable[bytes]) -> None:
        if self._socket.closed:
            return
        for text in texts:
            self._enqueued += len(text)
            self._socket.queue.put_nowait(eio_packet.Packet(eio_packet.MESSAGE, text.decode()))

    def cut_off(self) -> None:
        if self.raw is not None and self._socket.upgraded:
            self.raw.abort()
        elif self._ending is None:
            self._ending = asyncio.ensure_future(self.hang_up("slow"))

    async def hang_up(self, reason: str) -> None:
        await self._socket.close(wait=False, reason=reason)
        self._socket.queue.put_nowait(None)  # ends the writer, which closes the WebSocket: some clients would not

    async def finish(self) -> None:
        if self.raw is None:
            await self.hang_up("draining")  # answers the poll that is open
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._socket.queue.join()
