"""The REST API: one router a topic, JSON in and out, every error from the catalogue."""

from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Swagger
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from backend.api import accounts, attachments, blocks, invites, members, messages, moderation, pins, rooms, search
from backend.api.errors import error_response, on_exception
from backend.chat.errors import ChatError, Code

DESCRIPTION = """Accounts, rooms and messages. What happens in a room goes live over Socket.IO and WebSocket.

Register or log in, press **Authorize** and enter `Token <token>`.
Every error is `{code, message, fields?, retry_after?}`; the code tells what to do."""


class JsonParser(Parser):
    """Refuses what is not JSON, also text that JSON allows and a database can't store (lone surrogates)."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if request.content_type and request.content_type != "application/json":
            raise ChatError(Code.INVALID, "Send JSON, with Content-Type: application/json.")
        try:
            body: dict[str, Any] = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise ChatError(Code.INVALID, f"The body is not valid JSON: {error}") from error
        return body


class JsonRenderer(BaseRenderer):
    """Times look as they do on the sockets: `2026-11-22T23:42:00.123456Z`."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


api = NinjaAPI(
    title="chat_api",
    version="1",
    description=DESCRIPTION,
    docs=Swagger(settings={"persistAuthorization": True}),
    docs_url="/docs",
    openapi_url="/openapi.json",
    renderer=JsonRenderer(),
    parser=JsonParser(),
)
for kind in (Exception, HttpError, Http404, ValidationError):
    # ninja's annotation admits exception classes, but it only ever passes exceptions.
    api.add_exception_handler(kind, on_exception)  # type: ignore[arg-type]

for topic in (accounts, rooms, members, messages, pins, moderation, invites, blocks, attachments, search):
    api.add_router("", topic.router)


@csrf_exempt
async def unknown_path(request: HttpRequest) -> HttpResponse:
    """Every address under /api that no operation has."""
    return error_response(ChatError(Code.NOT_FOUND))
