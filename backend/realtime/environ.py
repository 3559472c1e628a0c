"""An ASGI scope in the WSGI form that Engine.IO wants.

The library's own translation makes a new class for every request, a quarter of what a connect costs.
"""

from typing import Any

from starlette.types import Receive, Scope, Send


class Body:
    """A request body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, length: int | None = None) -> bytes:
        part, self._body = (self._body, b"") if length is None else (self._body[:length], self._body[length:])
        return part


async def translate_request(scope: Scope, receive: Receive, send: Send) -> dict[str, Any]:
    """The WSGI environ. The body is here in one piece: handshake.py has read it."""
    message = await receive()
    environ: dict[str, Any] = {
        "wsgi.input": Body(message.get("body", b"")),
        "REQUEST_METHOD": scope.get("method", "GET"),
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key == "CONTENT_LENGTH":
            environ[key] = value.decode("latin-1")
        elif key != "COOKIE":  # no part of the protocol, and long
            environ[f"HTTP_{key}"] = value.decode("latin-1")
    return environ
