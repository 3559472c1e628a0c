"""In front of the Socket.IO server: handshakes that cannot work get an answer that says why."""

from urllib.parse import parse_qs

import orjson
from django.conf import settings
from socketio import ASGIApp
from starlette.types import Receive, Scope, Send

from backend.chat.errors import ChatError, Code

STATUS = 400  # Engine.IO's own answer to a bad handshake


class SocketIOHandshake:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        error = None if "sid" in query else _problem(query)
        if error is None:
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, send, error)


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
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": f"{kind}.start", "status": STATUS, "headers": headers})
    await send({"type": f"{kind}.body", "body": orjson.dumps(error.payload())})
