"""The one ASGI app, `uvicorn backend.asgi:application`: composes all doors, owns startup and shutdown."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # sets Django up: what follows needs its models

import socketio
from django.conf import settings
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from backend.api.body_limit import BodyLimit
from backend.chat import batched
from backend.files import avatar, demo_page, refusal, static_files
from backend.realtime import worker
from backend.realtime.handshake import SocketIOHandshake
from backend.realtime.routing import websocket_application

socketio_application = SocketIOHandshake(socketio.ASGIApp(worker.sio, socketio_path=None))


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    await worker.start()
    yield
    await batched.drain()
    await worker.stop()


# The lifespan and everything that is a file.
files = Starlette(
    routes=[
        Mount("/static", static_files),
        Route("/media/avatars/{name}", avatar),
        Mount("/", demo_page),
    ],
    exception_handlers={HTTPException: refusal},  # type: ignore[dict-item]  # it is only given what it is for
    lifespan=lifespan,
)

DOORS: dict[str, Any] = {
    "socket.io": socketio_application,
    "api": django_application,
    "admin": django_application,
    "healthz": django_application,
    "readyz": django_application,
    "metrics": django_application,
}


def door(scope: Scope) -> str:
    """The first part of the path; a target that is no path (`OPTIONS *`) is no door's name."""
    return str(scope["path"]).removeprefix("/").partition("/")[0]


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    await DOORS.get(door(scope), files)(scope, receive, send)


http_application = CORSMiddleware(
    BodyLimit(http),
    allow_origins=settings.ALLOWED_ORIGINS,
    allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    allow_headers=["Authorization", "Content-Type", "If-None-Match", "If-Range", "Range"],
    expose_headers=["Retry-After", "Content-Disposition", "Content-Range", "ETag"],
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "http":
            await http_application(scope, receive, send)
        case "websocket" if door(scope) == "socket.io":
            await socketio_application(scope, receive, send)
        case "websocket":
            await websocket_application(scope, receive, send)
        case "lifespan":
            await files(scope, receive, send)
