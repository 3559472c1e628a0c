"""From an exception or a foreign answer to the catalogue's JSON: nothing else leaves under /api."""

import logging
import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

from backend import metrics
from backend.chat.errors import CATALOGUE, ChatError, Code, as_chat_error, internal, invalid

logger = logging.getLogger(__name__)

BY_STATUS = {row.status: code for code, row in CATALOGUE.items()}


def error_response(error: ChatError, *, status: int | None = None) -> HttpResponse:
    """The error as JSON; `status` only where HTTP has one that the catalogue lacks (405)."""
    metrics.refusals.labels(error.code).inc()
    status = status or error.row.status
    body = orjson.dumps(error.payload())
    headers = {"Content-Length": str(len(body))}
    response = HttpResponse(body, status=status, content_type="application/json", headers=headers)
    if error.retry_after is not None:
        response["Retry-After"] = str(math.ceil(error.retry_after))
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Token"
    return response


def on_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to whatever an operation raised; a fault of ours is logged and told to nobody else."""
    chat_error = as_chat_error(error) or _from_http(error)
    if chat_error is None:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
        chat_error = internal()
    return error_response(chat_error)


def _from_http(error: Exception) -> ChatError | None:
    match error:
        case NinjaValidationError():
            return invalid(**{_field(item["loc"]): item["msg"] for item in error.errors})
        case HttpError(__cause__=ChatError() as cause):
            return cause
        case HttpError():
            return _from_status(error.status_code)
        case Http404():
            return ChatError(Code.NOT_FOUND)
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return ChatError(Code.TOO_LARGE, "The body is too large.")
        case MultiPartParserError():
            return ChatError(Code.INVALID, "The body is not valid multipart/form-data.")
    return None


def _field(loc: tuple[str | int, ...]) -> str:
    """`("body", "payload", "name")` -> `name`: the name of ninja's parameter is no business of the client."""
    parts = loc[2:] if loc[0] == "body" else loc[1:]
    return ".".join(map(str, parts)) or "body"


def _from_status(status: int) -> ChatError:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return ChatError(Code.INVALID, "This method is not allowed here.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ChatError(BY_STATUS.get(status, Code.INTERNAL))
    return ChatError(BY_STATUS.get(status, Code.INVALID))


@async_only_middleware
def json_errors(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    """Outermost: turns what Django or a middleware refused under /api by an HTML page into the catalogue's JSON."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        if not (request.path == "/api" or request.path.startswith("/api/")):
            return response
        if response.status_code >= HTTPStatus.BAD_REQUEST and response["Content-Type"] != "application/json":
            error = _from_status(response.status_code)
            allow = response.get("Allow")
            response = error_response(error, status=HTTPStatus.METHOD_NOT_ALLOWED if allow else None)
            if allow:
                response["Allow"] = allow
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware
