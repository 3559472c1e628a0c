"""The plain WebSocket door: JSON frames with a `type`, for whoever has no Socket.IO client."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from pydantic import TypeAdapter

from backend import metrics
from backend.accounts.tokens import Identity
from backend.chat import batched
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.inputs import Seq

from .commands import Ack, refusal, reply
from .connections import CODES, Connection
from .packets import Packets
from .refusals import in_time, told
from .server import PACKET_BYTES
from .websocket import EXTENSION, RawSocket
from .worker import hub

logger = logging.getLogger(__name__)

REASON_BYTES = 123  # what a WebSocket close frame can carry
Ref = str | int | float | None
_since = TypeAdapter(Seq)


class WebSocketConnection(Connection):
    def __init__(
        self, consumer: "ChatConsumer", identity: Identity, slug: str, raw: RawSocket | None, *, checked_at: int
    ) -> None:
        super().__init__(identity, slug, checked_at=checked_at)
        self._consumer = consumer
        self._raw = self.direct = raw
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def raw(self) -> RawSocket | None:
        return self._raw

    def open(self) -> None:
        pass  # `sync` says it

    def idle(self) -> bool:
        return self._writer is None

    def waiting(self) -> int:
        return self._outbox_bytes + (self._raw.buffered if self._raw else 0)

    def cut_off(self) -> None:
        if self._raw is not None:
            self._raw.abort()
            return
        self._outbox.clear()
        if self._writer is not None:
            self._writer.cancel()
        self.close("slow")

    def frames(self, packets: Packets) -> bytes:
        return packets.websocket_frames

    def texts(self, packets: Packets) -> Sequence[bytes]:
        return packets.websocket

    def enqueue(self, texts: Sequence[bytes]) -> None:
        self._outbox.extend(texts)
        self._outbox_bytes += sum(map(len, texts))
        self.direct = None
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._write())

    def close(self, code: str) -> None:
        self._closing = asyncio.ensure_future(self._close(CODES[code], code))

    async def _close(self, code: int, reason: str) -> None:
        if self._writer is not None:
            await self._writer
        await self._consumer.hang_up(code, reason)

    async def _write(self) -> None:
        try:
            while self._outbox:
                text = self._outbox.popleft()
                self._outbox_bytes -= len(text)
                await self._consumer.send(text_data=text.decode())
        except Exception:
            self._outbox.clear()  # the socket is gone; the consumer hears it as a disconnect
        finally:
            self._writer = None
            self.direct = self._raw


class ChatConsumer(AsyncWebsocketConsumer):
    """One connection to `/ws/chat/<slug>/` or `/ws/inbox/`; `scope["credential"]` is set by the middleware."""

    channel_layer_alias = ""  # none of its own: revocation.py listens for the whole worker

    def __init__(self) -> None:
        super().__init__()
        self.connection: WebSocketConnection | None = None
        self.closed = False

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch takes every frame through the one thread that all of Django's ORM would share.
        match message["type"]:
            case "websocket.connect":
                await self.connect()
            case "websocket.receive":
                await self.websocket_receive(message)
            case "websocket.disconnect":
                await self.websocket_disconnect(message)

    async def connect(self) -> None:
        # Accept first: only an open WebSocket can tell a browser the code and the reason of a refusal.
        await self.accept(self.scope.get("subprotocol"))
        try:
            async with in_time():
                await self._enter()
        except Exception as error:
            await self._refuse(told(error))

    async def _enter(self) -> None:
        slug = self.scope["url_route"]["kwargs"].get("slug")
        identity, access = await batched.admit(
            address=(self.scope.get("client") or ("",))[0], credential=self.scope["credential"], slug=slug or None
        )
        if slug is None:
            raise ChatError(Code.NOT_FOUND, "Rooms are at /ws/chat/<slug>/, the inbox at /ws/inbox/.")
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        since = _since.validate_python(query["since"][0]) if "since" in query else None
        raw = self.scope.get("extensions", {}).get(EXTENSION)
        connection = self.connection = WebSocketConnection(
            self, identity, slug, raw, checked_at=self.scope["checked_at"]
        )
        hub.register(connection)
        if access is None:
            await hub.inboxes.enter(connection)
        else:
            await hub.enter(connection, access.room, since)
        if raw is not None:
            raw.on_text = self._take_raw

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        connection = self.connection
        if connection is None or connection.ended:
            return
        try:
            if text_data is None:
                raise invalid(payload="Binary frames are not accepted: send JSON text, upload files over REST.")
            self._take(connection, text_data.encode())
        except ChatError as error:
            self._answer(connection, _ref_of_refused(text_data or ""), refusal(error))
        await connection.commands.room()

    def _take_raw(self, text: bytes) -> bool:
        """The same for a frame straight from the socket; False: let it come the ordinary way, to be refused there."""
        connection = self.connection
        if connection is None or connection.ended:
            return False
        try:
            self._take(connection, text)
        except ChatError:
            return False
        return True

    def _take(self, connection: WebSocketConnection, text: bytes) -> None:
        if len(text) > PACKET_BYTES:
            raise ChatError(Code.TOO_LARGE, f"A frame holds {PACKET_BYTES // 1024} KiB at most.")
        frame = _parse(text)
        ref = _checked_ref(frame.pop("ref", None))
        name = frame.pop("type", "message")

        async def run() -> None:
            self._answer(connection, ref, await reply(connection, name, frame))

        connection.submit(run, len(text))

    def _answer(self, connection: WebSocketConnection, ref: Ref, ack: Ack) -> None:
        """The reply to a frame with a `ref`; a refusal is told without one, too."""
        if ref is not None or not ack.ok:
            connection.say(b'{"type":"ack","ref":%b,%b' % (orjson.dumps(ref), ack.json[1:]))

    async def disconnect(self, code: int) -> None:
        if self.connection is not None:
            self.connection.ended = self.connection.ended or "gone"
            hub.leave(self.connection)

    async def hang_up(self, code: int, reason: str) -> None:
        """Close once; a socket that is gone already is no error."""
        if self.closed:
            return
        self.closed = True
        try:
            await self.close(code, reason)
        except Exception:
            logger.debug("The socket was gone before it could be closed.", exc_info=True)

    async def _refuse(self, error: ChatError) -> None:
        if self.connection is not None:
            self.connection.ended = "refused"
            hub.leave(self.connection)
        metrics.refusals.labels(error.code).inc()
        await self.hang_up(error.row.close, _reason(error))


def _reason(error: ChatError) -> str:
    """The error object as a close reason, as much of it as fits: without its fields, or only its code."""
    payload = error.payload()
    shorter = {key: value for key, value in payload.items() if key != "fields"}
    fitting = (text for part in (payload, shorter) if len(text := orjson.dumps(part)) <= REASON_BYTES)
    return next(fitting, orjson.dumps({"code": error.code.value})).decode()


def _parse(text: bytes) -> dict[str, Any]:
    try:
        frame = orjson.loads(text)
    except ValueError as error:
        raise invalid(payload="This is not JSON.") from error
    if not isinstance(frame, dict):
        raise invalid(payload="A frame is one JSON object.")
    return frame


def _checked_ref(ref: object) -> Ref:
    if ref is None or isinstance(ref, str | int | float):
        return ref
    raise invalid(ref="A ref is a text or a number.")


def _ref_of_refused(text: str) -> Ref:
    """The ref of a frame that is too large, or that only `json` reads (half a character in it): its sender waits."""
    try:
        frame = json.loads(text)
        ref = _checked_ref(frame.get("ref") if isinstance(frame, dict) else None)
        orjson.dumps(ref)
    except (ValueError, TypeError, RecursionError, ChatError):
        return None
    return ref
