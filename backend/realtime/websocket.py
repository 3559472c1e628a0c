"""uvicorn's WebSocket protocol with a raw side, offered to the app as `scope["extensions"]["chat.raw"]`.

Server-to-client frames are not masked, so the bytes of a frame are the same for every receiver: encode once, write to
each transport. Texts can be taken as they arrive, past ASGI's queue and its tasks. Where this class is not in use, or
whenever something is in front, the ordinary ASGI path is taken.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.speedups import apply_mask

from .fifo import Fifo, Job, MessageQueue

logger = logging.getLogger("backend.websocket")

EXTENSION = "chat.raw"
TEXT, BINARY = 0x81, 0x82  # the first byte of a whole message in one frame
LAST_WORDS = 10.0  # seconds that a client has at other times, for what was said before, too
MUCH = 128 * 1024  # bytes that a peer may have asked for and not been answered: from there on it is not read
PONGS = 64 * 1024  # bytes that may wait for a peer that pings
RESTART = 1012  # the close code of a server that goes, and comes back
CLOSE_PATIENCE = 1.0  # seconds a client has at shutdown to answer the close frame

# What has to happen before a shutdown closes the sockets. Awaited by each of them, so it must bear that.
before_shutdown: list[Callable[[], Coroutine[Any, Any, None]]] = []


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """One unmasked, uncompressed WebSocket frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((kind, size)) + payload
    if size < 65_536:
        return b"%c\x7e%b%b" % (kind, size.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (kind, size.to_bytes(8, "big"), payload)


def payload_of(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the payload of the frame that starts there begins and ends; None: its head is not all here."""
    size = len(data)
    if size < start + 2:
        return None
    length = data[start + 1] & 0x7F
    begin = start + 2
    if length >= 126:
        begin += 2 if length == 126 else 8
        if size < begin:
            return None
        length = int.from_bytes(data[start + 2 : begin], "big")
    if data[start + 1] & 0x80:
        begin += 4  # the mask
    return begin, begin + length


class RawSocket:
    """The raw side of one connection."""

    __slots__ = ("_holders", "_protocol", "_taken", "_transport", "on_text", "ready")

    def __init__(self, protocol: "ChatWebSocketProtocol") -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self.ready = False  # the protocol says so while a frame may be written past it
        self._holders: frozenset[object] = frozenset()
        self._taken = 0  # bytes of jobs that are not done
        # Gets each text first; answers whether it took it.
        self.on_text: Callable[[bytes], bool] | None = None

    def write(self, frames: bytes) -> bool:
        """Write encoded frames at once. False: not possible now, go the ordinary way."""
        transport = self._transport
        if not self.ready or transport.is_closing():
            return False
        transport.write(frames)
        return True

    def offer(self, frames: bytes, limit: int) -> bool:
        """The same unless the peer has more than `limit` bytes to take: for what goes to thousands at once."""
        transport = self._transport
        if not self.ready or transport.get_write_buffer_size() > limit or transport.is_closing():
            return False
        transport.write(frames)
        return True

    @property
    def closed(self) -> bool:
        return self._protocol.disconnected or self._transport.is_closing()

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake; the app hears of it as a disconnect."""
        self._protocol.begin_close(code)

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._transport.get_write_buffer_size()

    @property
    def held(self) -> bool:
        """Nothing more is taken from the peer for now."""
        return bool(self._holders)

    def submit(self, queue: Fifo, job: Job, size: int) -> None:
        """Put what the peer wants into one of its queues; while one is full, or all hold much, it is not read."""

        async def run() -> None:
            try:
                await job()
            finally:
                self._taken -= size
                if self._taken <= MUCH:
                    self._let_go(self)

        self._taken += size
        queue.put(run)
        if self._taken > MUCH:
            self._hold(self)
        if queue.full:
            self._hold(queue)
            queue.when_room(partial(self._let_go, queue))

    def _hold(self, holder: object) -> None:
        self._holders |= {holder}
        self._transport.pause_reading()

    def _let_go(self, holder: object) -> None:
        if holder in self._holders:
            self._holders -= {holder}
            if not self._holders:
                self._protocol.go_on()

    def abort(self) -> None:
        """End the connection now; what is buffered is thrown away."""
        self._transport.abort()


class ChatWebSocketProtocol(WebSocketsSansIOProtocol):
    _sends_under_way = 0
    app_waits = False
    _raw: RawSocket | None = None
    _begun: bytes = b""  # a frame of which more is to come
    _shutdown: asyncio.Task[None] | None = None
    _lost: asyncio.Event | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = MessageQueue()  # type: ignore[assignment]
        # Two lines for every socket, one with its query, are too many; errors still come.
        self.logger = self.conn.logger = logger

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self._raw = RawSocket(self)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self._raw

    def data_received(self, data: bytes) -> None:
        """Whole text frames go straight to whoever takes texts: `websockets` needs ten times as long for one."""
        if not self.handshake_initiated:
            super().data_received(data)
            return
        if self.conn.parser_exc is not None:
            return  # it is being closed for what came before
        data, self._begun = self._begun + data, b""
        start = 0
        while not (self._raw and self._raw.held) and (place := payload_of(data, start)):
            begin, end = place
            if end > len(data) and end - begin <= self.config.ws_max_size:
                break  # the rest is to come
            if not self._take(data, start, begin, end):
                super().data_received(data[start:end])
                if self.conn.parser_exc is not None:
                    return
            start = end
        self._begun = data[start:]

    def go_on(self) -> None:
        """Read again, and first what was read already."""
        if not self.transport.is_closing() and not self.read_paused:
            self.transport.resume_reading()
        if self._begun:
            self.loop.call_soon(self.data_received, b"")

    def handle_ping(self) -> None:
        # A pong for each ping of a peer that reads none would pile up here.
        if self.transport.get_write_buffer_size() > PONGS:
            self.transport.abort()
        else:
            super().handle_ping()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        # A transport that closes waits for ever until the peer has taken the last byte.
        self.loop.call_later(CLOSE_PATIENCE, self.transport.abort)

    def _take(self, data: bytes, start: int, begin: int, end: int) -> bool:
        on_text = self._raw and self._raw.on_text
        if (
            not on_text
            or data[start] != TEXT
            or end > len(data)
            or not data[start + 1] & 0x80
            or self.conn.current_size is not None  # in the middle of a message in several frames
            or self.close_sent
            or not (self.app_waits and self.queue.empty())
        ):
            return False
        return on_text(apply_mask(data[begin:end], data[begin - 4 : begin]))

    def start_keepalive(self) -> None:
        # Engine.IO has its own ping; a second timer a connection would only cost.
        if not self.scope["path"].startswith("/socket.io"):
            super().start_keepalive()

    async def receive(self) -> Any:
        self.app_waits = True
        try:
            return await super().receive()
        finally:
            self.app_waits = False
            if self._raw and self._raw.held:
                self.transport.pause_reading()  # uvicorn has just resumed it

    async def send(self, message: Any) -> None:
        # A send that waits for the peer must not be overtaken by a raw frame.
        self._sends_under_way += 1
        if self._raw:
            self._raw.ready = False
        try:
            await super().send(message)
            if message["type"] == "websocket.accept":
                del self.request, self.response  # all their headers would stay as long as the connection
        finally:
            self._sends_under_way -= 1
            if self._raw:
                self._raw.ready = self.handshake_complete and not self.close_sent and not self._sends_under_way

    def shutdown(self) -> None:
        """uvicorn would close at once: whatever the client asked for is answered first."""
        if not self.handshake_complete:
            super().shutdown()
        elif self._shutdown is None:
            self._shutdown = self.loop.create_task(self._drain_and_shutdown())

    async def _drain_and_shutdown(self) -> None:
        self._lost = asyncio.Event()
        try:
            for drain in before_shutdown:
                await drain()
            self.begin_close(RESTART)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_PATIENCE):
                    await self._lost.wait()
        finally:
            super().shutdown()
            if not self._lost.is_set():
                self.transport.abort()  # it does not take the rest

    def begin_close(self, code: int) -> None:
        """Say goodbye, then wait for the answer. uvicorn would hang up right behind its close frame: to a client that
        is still talking that is a reset, it can lose the last acks and why the connection ended."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self._raw:
            self._raw.ready = False
        self.close_timer = self.loop.call_later(LAST_WORDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._lost:
            self._lost.set()


class ChatHttpProtocol(HttpToolsProtocol):
    """HTTP with the same first step of a shutdown: it lets the long polls of Socket.IO clients go."""

    def shutdown(self) -> None:
        for drain in before_shutdown:
            task = self.loop.create_task(drain())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        super().shutdown()
