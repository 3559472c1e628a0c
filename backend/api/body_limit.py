"""Refuses too large bodies before they fill memory or disk: Django stores a body whole before it looks at it."""

from django.conf import settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import error_response
from backend.chat.errors import ChatError, Code

MULTIPART_OVERHEAD = 16 * 1024  # bytes around the file itself


class BodyLimit:
    """ASGI middleware: answers 413 by the Content-Length, or as soon as the counted bytes exceed the limit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = _limit(headers.get(b"content-type", b""))
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            await _refuse(limit, send)
            return
        body = _CountedBody(receive, send, limit)
        await self.app(scope, body.receive, body.send)
        if body.exceeded:
            await body.refuse()


class _CountedBody:
    """Counts what comes in; over the limit the app sees a client that left, and its answer is dropped."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send = receive, send
        self._limit = limit
        self._read = 0
        self._answered = False
        self.exceeded = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self.exceeded or self._answered:
            self._answered = True
            await self._send(message)

    async def refuse(self) -> None:
        if not self._answered:
            await _refuse(self._limit, self._send)


def _limit(content_type: bytes) -> int:
    """Bytes; only files may be long."""
    if content_type.lower().startswith(b"multipart/form-data"):
        return int(settings.MAX_UPLOAD_MB * 1024 * 1024) + MULTIPART_OVERHEAD
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def _refuse(limit: int, send: Send) -> None:
    error = ChatError(Code.TOO_LARGE, f"The body is larger than {limit:,} bytes.")
    response = error_response(error)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
