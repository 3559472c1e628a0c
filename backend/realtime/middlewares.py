"""Who opens a plain WebSocket: a Knox token (header or subprotocol), or a Django session from an allowed origin."""

from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from django.conf import settings

from backend.accounts.tokens import identity_of

from .worker import hub

SUBPROTOCOL = "knox"


class KnoxAuthMiddleware:
    """Sets `scope["credential"]`: a token (empty: there is none), or the identity of a Django session.

    The consumer has it checked, together with all that come at the same moment. A token passes the sessions by: it is
    not ambient, so any origin may use one; a cookie counts only from an allowed origin.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._with_session = AuthMiddlewareStack(SessionIdentity(app))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        token, subprotocol = _token(scope)
        scope = {**scope, "credential": token or "", "subprotocol": subprotocol, "checked_at": hub.revocations}
        by_session = token is None and _allowed_origin(scope)
        return await (self._with_session if by_session else self._app)(scope, receive, send)


class SessionIdentity:
    """Turns the logged-in user of a Django session into the identity."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        user = scope["user"]
        if user.is_authenticated and user.is_active:
            scope["credential"] = identity_of(user)
        return await self._app(scope, receive, send)


def _token(scope: dict[str, Any]) -> tuple[str | None, str | None]:
    """(token, subprotocol to answer with): from `Authorization: Token ...` or the subprotocols `knox, <token>`."""
    header = _header(scope, b"authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return (token.strip() if scheme.lower() in {"token", "bearer"} else ""), None
    subprotocols = scope.get("subprotocols") or []
    if SUBPROTOCOL in subprotocols:
        others = [item for item in subprotocols if item != SUBPROTOCOL]
        return (others[0] if others else ""), SUBPROTOCOL
    return None, None


def _allowed_origin(scope: dict[str, Any]) -> bool:
    """Same host, or listed in ALLOWED_ORIGINS. Without an Origin no browser asks, and no cookie is trusted."""
    origin = _header(scope, b"origin")
    if origin is None:
        return False
    return origin in settings.ALLOWED_ORIGINS or urlsplit(origin).netloc == _header(scope, b"host")


def _header(scope: dict[str, Any], name: bytes) -> str | None:
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if values else None
