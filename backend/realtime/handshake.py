"""In front of the Socket.IO server: what Engine.IO cannot take is refused before it stumbles over it."""

import base64
import binascii
from urllib.parse import parse_qs

import orjson
from django.conf import settings
from socketio import ASGIApp
from starlette.types import Message, Receive, Scope, Send

from backend import metrics
from backend.chat.errors import ChatError, Code

from .websocket import EXTENSION

STATUS = 400  # Engine.IO's own answer to a bad handshake
PACKETS = frozenset("12345")  # close, ping, pong, message, upgrade: what a client may say
SEPARATOR = "\x1e"  # between the packets of a POST


class SocketIOHandshake:
    """Handshakes that cannot work get an answer that says why; a frame that is no packet ends its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        error = None if "sid" in query else _problem(query)
        if scope["type"] == "websocket":
            receive = _checked(receive)
            if "sid" in query:
                self._app.engineio_server.found_raw(query["sid"][0], scope)
        elif scope["method"] == "POST" and error is None:
            body = await _read(receive)
            receive = _replay(body)
            if not _are_packets(body):
                error = ChatError(Code.INVALID, "The body must be Engine.IO packets.")
        if error is not None:
            await _refuse(scope, send, error)
            return
        if scope["type"] == "websocket" and "sid" not in query and EXTENSION in scope["extensions"]:
            await self._app.engineio_server.websockets(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "websocket" and "sid" in query:
                self._end_upgrade(query["sid"][0])

    def _end_upgrade(self, sid: str) -> None:
        """Polling goes on after an upgrade that was cut half-way: Engine.IO would hold its packets back for ever."""
        socket = self._app.engineio_server.eio.sockets.get(sid)
        if socket is not None:
            socket.upgrading = False


def _checked(receive: Receive) -> Receive:
    async def checked() -> Message:
        message = await receive()
        text = message.get("text")
        if message["type"] == "websocket.receive" and text is not None and text[:1] not in PACKETS:
            return {"type": "websocket.disconnect", "code": 1002}
        return message

    return checked


async def _read(receive: Receive) -> bytes:
    """The whole body: its size is bounded by what stands in front."""
    body = b""
    while True:
        message = await receive()
        chunk: bytes = message.get("body", b"")
        body += chunk
        if not message.get("more_body"):
            return body


def _replay(body: bytes) -> Receive:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _are_packets(body: bytes) -> bool:
    try:
        for text in body.decode().split(SEPARATOR):
            if text[:1] == "b":
                base64.b64decode(text[1:])
            elif text[:1] not in PACKETS:
                return False
    except (UnicodeDecodeError, binascii.Error):
        return False
    return True


def _problem(query: dict[str, list[str]]) -> ChatError | None:
    if query.get("EIO") != ["4"]:
        return ChatError(Code.INVALID, "This server speaks Engine.IO 4: use a Socket.IO client of version 3 or newer.")
    transport = query.get("transport", ["polling"])[0]
    if transport not in {"polling", "websocket"}:
        return ChatError(Code.INVALID, "The transport must be `polling` or `websocket`.")
    if transport == "polling" and settings.WORKERS > 1:
        return ChatError(
            Code.INVALID,
            "HTTP long-polling cannot work here: several workers share this port. "
            'Connect with `transports: ["websocket"]`.',
        )
    return None


async def _refuse(scope: Scope, send: Send, error: ChatError) -> None:
    metrics.refusals.labels(error.code).inc()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": f"{kind}.start", "status": STATUS, "headers": headers})
    await send({"type": f"{kind}.body", "body": orjson.dumps(error.payload())})
