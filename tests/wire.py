"""The wire by hand: WebSocket frames, and Engine.IO 4 with Socket.IO packets on top of them."""

import asyncio
import json
import re
import socket
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.inbox import SECONDS, Inbox


class Closed(Exception):
    """The connection ended. WebSocket: close code and reason; a Socket.IO namespace left alone: code 0."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Wire:
    """A WebSocket whose text frames go to `heard` (what that returns is sent back), and its end to `ended`."""

    def __init__(
        self, socket: ClientConnection, heard: Callable[[str], str | None], ended: Callable[[Closed], None]
    ) -> None:
        self.socket = socket
        self._heard = heard
        self._ended = ended
        self._reader = asyncio.create_task(self._read())

    @staticmethod
    async def connect(url: str, path: str, **options: Any) -> ClientConnection:
        address = url.replace("http", "ws", 1) + path
        plain: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None, "max_size": None}
        return await connect(address, open_timeout=SECONDS, close_timeout=SECONDS, **plain, **options)

    async def send(self, frame: str | bytes) -> None:
        """`Closed` if the connection has ended."""
        try:
            async with asyncio.timeout(SECONDS):
                await self.socket.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def close(self) -> None:
        await self.socket.close()
        await self._reader

    def abort(self) -> None:
        self.socket.transport.abort()

    def pause_reading(self) -> None:
        self._let_kernel_buffer(65_536)  # it would go on taking megabytes in our name
        self.socket.transport.pause_reading()

    def resume_reading(self) -> None:
        self._let_kernel_buffer(1_000_000)
        self.socket.transport.resume_reading()

    def _let_kernel_buffer(self, size: int) -> None:
        self.socket.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.socket.recv()
                assert isinstance(frame, str), f"a binary frame: {frame[:100]!r}"
                if answer := self._heard(frame):
                    await self.socket.send(answer)
        except ConnectionClosed as error:
            self._ended(_closed(error))
        except Exception as error:
            self._ended(Closed(0, f"The server's words made no sense: {error!r}"))
            self.abort()


def _closed(error: ConnectionClosed) -> Closed:
    return Closed(error.rcvd.code, error.rcvd.reason) if error.rcvd else Closed(1006)


class Packet(NamedTuple):
    """A Socket.IO packet: 0 CONNECT, 1 DISCONNECT, 2 EVENT, 3 ACK, 4 CONNECT_ERROR."""

    kind: int
    namespace: str
    id: int | None
    data: Any

    @classmethod
    def parse(cls, text: str) -> Self:
        match = re.fullmatch(r"(\d)(?:(/[^,]*),)?(\d*)(.*)", text, re.DOTALL)
        assert match is not None, text
        kind, namespace, id, data = match.groups()
        return cls(int(kind), namespace or "/", int(id) if id else None, json.loads(data) if data else None)

    def __str__(self) -> str:
        namespace = "" if self.namespace == "/" else f"{self.namespace},"
        data = "" if self.data is None else json.dumps(self.data)
        return f"{self.kind}{namespace}{'' if self.id is None else self.id}{data}"


class Namespace(Protocol):
    """Whoever listens to one namespace of a connection."""

    def heard(self, packet: Packet) -> None: ...

    def end(self, closed: Closed) -> None: ...


class EngineIO:
    """An Engine.IO 4 connection over WebSocket; `packets` has the Socket.IO packets that came, of any namespace."""

    wire: Wire

    def __init__(self) -> None:
        self.packets: Inbox[Packet] = Inbox()
        self.clients: dict[str, Namespace] = {}
        self.closed: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._opened: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, url: str) -> Self:
        engine = cls()
        socket = await Wire.connect(url, "/socket.io/?EIO=4&transport=websocket")
        engine.wire = Wire(socket, engine._heard, engine._end)
        async with asyncio.timeout(SECONDS):
            await engine._opened
        return engine

    async def send(self, packet: Packet | str) -> None:
        """Send a packet, or whatever text, as a message."""
        await self.wire.send(f"4{packet}")

    async def wait_closed(self) -> Closed:
        async with asyncio.timeout(SECONDS):
            return await asyncio.shield(self.closed)

    async def connect(self, namespace: str, auth: Any) -> Packet:
        """Ask into a namespace; the answer is a CONNECT or a CONNECT_ERROR."""
        await self.send(Packet(0, namespace, None, auth))
        return await self.packets.take(lambda packet: packet.namespace == namespace and packet.kind in {0, 4})

    async def close(self) -> None:
        await self.wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def _heard(self, text: str) -> str | None:
        match text[:1]:
            case "0":
                self._opened.set_result(json.loads(text[1:]))
            case "2":
                return "3"
            case "4":
                packet = Packet.parse(text[1:])
                self.packets.put(packet)
                if client := self.clients.get(packet.namespace):
                    client.heard(packet)
        return None

    def _end(self, closed: Closed) -> None:
        self.packets.end(closed)
        self.closed.set_result(closed)
        if not self._opened.done():
            self._opened.set_exception(closed)
        for client in self.clients.values():
            client.end(closed)
