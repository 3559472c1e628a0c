"""A link: one Engine.IO connection, with the rooms (namespaces) that it carries."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engineio import packet as eio_packet
from engineio.async_socket import AsyncSocket

from .websocket import RawSocket, text_frame

if TYPE_CHECKING:
    from .namespaces import SocketIOConnection


class Link:
    """`rooms` holds None for a room whose connect is under way. `address` is the client's IP address."""

    def __init__(self, sid: str, socket: AsyncSocket, address: str) -> None:
        self.sid = sid
        self.address = address
        self.raw: RawSocket | None = None
        self.rooms: dict[str, SocketIOConnection | None] = {}
        self._socket = socket
        self._enqueued = 0  # bytes given to Engine.IO's queue since it was last empty

    @property
    def on_websocket(self) -> bool:
        """On a WebSocket, from the start or upgraded; not in between."""
        return bool(self._socket.upgraded)

    def idle(self) -> bool:
        """On a WebSocket with nothing in Engine.IO's queue, counting what its writer has taken but not written yet."""
        return self._socket.upgraded and not self._socket.queue._unfinished_tasks

    def waiting(self) -> int:
        """Bytes (at least) in Engine.IO's queue."""
        if not self._socket.queue._unfinished_tasks:
            self._enqueued = 0
        return self._enqueued

    def enqueue(self, texts: Iterable[bytes]) -> None:
        """Socket.IO packets into Engine.IO's queue; a connection that is gone takes none."""
        if self._socket.closed:
            return
        for text in texts:
            self._enqueued += len(text)
            self._socket.queue.put_nowait(eio_packet.Packet(eio_packet.MESSAGE, text.decode()))

    def send(self, pkt: Any) -> None:
        """One packet of python-socketio's, raw if nothing is in front of it."""
        text = pkt.encode().encode()
        if not (self.raw and self.idle() and self.raw.write(text_frame(b"4" + text))):
            self.enqueue([text])

    async def hang_up(self, reason: str) -> None:
        """End the connection after what is queued."""
        await self._socket.close(wait=False, reason=reason)
        self._socket.queue.put_nowait(None)  # ends the writer, which closes the WebSocket: some clients would not

    async def flush(self) -> None:
        """Wait until the queue is written."""
        if not self._socket.closed:
            await self._socket.queue.join()
