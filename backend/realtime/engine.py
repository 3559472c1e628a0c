"""Engine.IO over a raw WebSocket, the transport of nearly every client.

python-engineio keeps two tasks and three timers a connection, and makes two more tasks a packet. Here a connection is
one waiting coroutine, and one clock pings them all. Long-polling and its upgrades stay with the library.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Protocol

import orjson
from engineio import packet as eio_packet
from starlette.types import Receive, Scope, Send

from .fifo import Fifo
from .link import Link
from .packets import CUT_OFF
from .websocket import BINARY, EXTENSION, RawSocket, frame

logger = logging.getLogger(__name__)

PING_EVERY = 25.0  # seconds
PONG_WITHIN = 20.0  # seconds
TICK = 1.0
CLOSE, PING, PONG, MESSAGE = b"1", b"2", b"3", b"4"
IGNORED = frozenset({PING, b"5"})  # what a client may say, and needs no answer
PROTOCOL_ERROR = 1002


class RawLink(Link):
    """Everything is written at once: there is no ordinary path that it could overtake."""

    raw: RawSocket

    def __init__(self, raw: RawSocket, address: str) -> None:
        super().__init__(secrets.token_urlsafe(15), address, raw)
        self.direct = raw
        self.packets = Fifo()  # all but events: connects take their time
        self.alive = True  # has answered the last ping

    def idle(self) -> bool:
        return True

    def waiting(self) -> int:
        return self.raw.buffered

    def enqueue(self, texts: Iterable[bytes]) -> None:
        for text in texts:
            self.raw.write(frame(MESSAGE + text))

    def emit(self, pkt: eio_packet.Packet) -> None:
        """A packet of python-engineio's, which may be binary."""
        encoded = pkt.encode()
        if self.waiting() > CUT_OFF:
            self.cut_off()
        else:
            self.raw.write(frame(encoded, BINARY) if isinstance(encoded, bytes) else frame(encoded.encode()))

    def cut_off(self) -> None:
        self.raw.abort()

    async def hang_up(self, reason: str) -> None:
        self.raw.write(frame(CLOSE))
        self.raw.close()

    async def finish(self) -> None:
        pass


class Pulse:
    """Who has to be pinged, and whose pong is due: pure bookkeeping, `beat` gets the clock."""

    def __init__(self) -> None:
        self._to_ping: deque[tuple[float, RawLink]] = deque()
        self._to_check: deque[tuple[float, RawLink]] = deque()

    def watch(self, link: RawLink, now: float) -> None:
        self._to_ping.append((now + PING_EVERY, link))

    def beat(self, now: float) -> None:
        """Ping whose time has come; whoever has not answered in time is gone."""
        while self._to_check and self._to_check[0][0] <= now:
            _, link = self._to_check.popleft()
            if link.raw.closed:
                continue
            if link.alive:
                self._to_ping.append((now + PING_EVERY - PONG_WITHIN, link))
            else:
                logger.debug("No pong: %s is gone.", link.sid)
                link.raw.abort()
        while self._to_ping and self._to_ping[0][0] <= now:
            _, link = self._to_ping.popleft()
            if link.raw.closed:
                continue
            if not link.joined:
                link.raw.abort()  # who shows no token in all this time only takes up room
                continue
            link.alive = False
            link.raw.write(frame(PING))
            self._to_check.append((now + PONG_WITHIN, link))


class SocketIO(Protocol):
    """The Socket.IO server, as far as a transport knows it."""

    def opened(self, link: Link) -> None: ...

    def closed(self, link: Link) -> None: ...

    def take_event(self, link: Link, text: bytes) -> bool:
        """An event of a room that the client is in; False: take it as any packet."""

    async def take_packet(self, link: Link, text: str) -> None: ...


class WebSocketEngine:
    """The ASGI app of one server's raw WebSockets."""

    def __init__(self, server: SocketIO, *, max_payload: int) -> None:
        self._server = server
        self._open = {
            "upgrades": [],
            "pingInterval": int(PING_EVERY * 1000),
            "pingTimeout": int(PONG_WITHIN * 1000),
            "maxPayload": max_payload,
        }
        self._pulse = Pulse()
        self._clock: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        link = RawLink(scope["extensions"][EXTENSION], (scope.get("client") or ("",))[0])
        scope.clear()  # nobody asks again, and it would stay as long as the connection
        link.raw.on_text = partial(self._take, link)
        self._server.opened(link)
        link.raw.write(frame(b"0" + orjson.dumps({"sid": link.sid, **self._open})))
        self._pulse.watch(link, asyncio.get_running_loop().time())
        self._clock = self._clock or asyncio.create_task(self._tick())
        try:
            while (message := await receive())["type"] == "websocket.receive":
                if (text := message.get("text")) is not None:  # sent before this loop waited
                    self._take(link, text.encode())
        finally:
            link.raw.on_text = None
            self._server.closed(link)

    def stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def _take(self, link: RawLink, text: bytes) -> bool:
        kind = text[:1]
        if kind == MESSAGE:
            if not (link.packets.idle and self._server.take_event(link, text)):
                self._submit(link, text)
        elif kind == PONG:
            link.alive = True
        elif kind == CLOSE:
            link.raw.close()
        elif kind not in IGNORED:
            link.raw.close(PROTOCOL_ERROR)
        return True

    def _submit(self, link: RawLink, text: bytes) -> None:
        try:
            packet = text[1:].decode()
        except UnicodeDecodeError:
            link.raw.close(PROTOCOL_ERROR)
            return
        link.raw.submit(link.packets, partial(self._server.take_packet, link, packet), len(text))

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK)
            try:
                self._pulse.beat(loop.time())
            except Exception:
                logger.exception("A ping failed.")
