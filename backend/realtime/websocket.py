"""uvicorn's WebSocket protocol with a raw side, offered to the app as `scope["extensions"]["chat.raw"]`.

Server-to-client frames are not masked, so the bytes of a frame are the same for every receiver: encode once, write to
each transport. Texts can be taken as they arrive, past ASGI's queue and its tasks. Where this class is not in use, or
whenever something is in front, the ordinary ASGI path is taken.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

logger = logging.getLogger("backend.websocket")

EXTENSION = "chat.raw"
RESTART = 1012  # the close code of a server that goes, and comes back
CLOSE_PATIENCE = 1.0  # seconds a client has at shutdown to answer the close frame

# What has to happen before a shutdown closes the sockets. Awaited by each of them, so it must bear that.
before_shutdown: list[Callable[[], Coroutine[Any, Any, None]]] = []


def text_frame(text: bytes) -> bytes:
    """One unmasked, uncompressed WebSocket text frame (RFC 6455, section 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text


class RawSocket:
    """The raw side of one connection."""

    __slots__ = ("_protocol", "on_text")

    def __init__(self, protocol: "ChatWebSocketProtocol") -> None:
        self._protocol = protocol
        # Gets each text first; answers whether it took it.
        self.on_text: Callable[[bytes], bool] | None = None

    def write(self, frames: bytes) -> bool:
        """Write encoded frames at once. False: not possible now, go the ordinary way."""
        protocol = self._protocol
        if (
            protocol.sends_under_way
            or not protocol.handshake_complete
            or protocol.disconnected
            or protocol.close_sent
            or protocol.transport.is_closing()
        ):
            return False
        protocol.transport.write(frames)
        return True

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._protocol.transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Take no more from the peer for now."""
        self._protocol.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._protocol.transport.is_closing() and not self._protocol.read_paused:
            self._protocol.transport.resume_reading()

    def abort(self) -> None:
        """End the connection now; what is buffered is thrown away."""
        self._protocol.transport.abort()


class ChatWebSocketProtocol(WebSocketsSansIOProtocol):
    sends_under_way = 0
    app_waits = False
    _raw: RawSocket | None = None
    _shutdown: asyncio.Task[None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lost = asyncio.Event()
        # Two lines for every socket, one with its query, are too many; errors still come.
        self.logger = self.conn.logger = logger

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self._raw = RawSocket(self)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self._raw

    def start_keepalive(self) -> None:
        # Engine.IO has its own ping; a second timer a connection would only cost.
        if not self.scope["path"].startswith("/socket.io"):
            super().start_keepalive()

    def send_receive_event_to_app(self) -> None:
        on_text = self._raw and self._raw.on_text
        # The app waits for more: whatever it was given before, it has dealt with.
        dealt_with = self.app_waits and self.queue.empty()
        if on_text and dealt_with and self.curr_msg_data_type == "text" and not self.close_sent:
            text = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
            if on_text(bytes(text)):
                self.frames = []
                return
        super().send_receive_event_to_app()

    async def receive(self) -> Any:
        self.app_waits = True
        try:
            return await super().receive()
        finally:
            self.app_waits = False

    async def send(self, message: Any) -> None:
        # A send that waits for the peer must not be overtaken by a raw frame.
        self.sends_under_way += 1
        try:
            await super().send(message)
        finally:
            self.sends_under_way -= 1

    def shutdown(self) -> None:
        """uvicorn would close at once: whatever the client asked for is answered first."""
        if not self.handshake_complete:
            super().shutdown()
        elif self._shutdown is None:
            self._shutdown = self.loop.create_task(self._drain_and_shutdown())

    async def _drain_and_shutdown(self) -> None:
        try:
            for drain in before_shutdown:
                await drain()
            self._begin_close()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_PATIENCE):
                    await self._lost.wait()
        finally:
            super().shutdown()

    def _begin_close(self) -> None:
        """uvicorn would hang up right behind its close frame. To a client that is still talking, that is a reset:
        it can lose the last acks and why the connection ended. The answer to the close frame ends it properly."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": RESTART})
        self.conn.send_close(RESTART)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(CLOSE_PATIENCE, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost.set()


class ChatHttpProtocol(HttpToolsProtocol):
    """HTTP with the same first step of a shutdown: it lets the long polls of Socket.IO clients go."""

    def shutdown(self) -> None:
        for drain in before_shutdown:
            task = self.loop.create_task(drain())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        super().shutdown()
