"""Files for everybody, without a build step: assets of the installed packages, avatars, and the demo page."""

import re
from http import HTTPStatus

from django.conf import settings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend import storage
from backend.accounts.models import AVATAR_FOLDER
from backend.middlewares import SECURITY_HEADERS
from backend.threads import Full, in_file_thread

STRICT_POLICY = "default-src 'none'"
DEMO_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
AVATAR = re.compile(r"[0-9a-f]{32}\.webp")
AVATAR_HEADERS = {
    **SECURITY_HEADERS,
    "Cache-Control": "public, max-age=31536000, immutable",  # a new one has a new name
    "Content-Security-Policy": STRICT_POLICY,
}


class Files(StaticFiles):
    """Static files with security headers; `cache` is the Cache-Control of every answer."""

    def __init__(self, *, cache: str, policy: str = STRICT_POLICY, **where: object) -> None:
        super().__init__(**where)  # type: ignore[arg-type]
        self._headers = {**SECURITY_HEADERS, "Cache-Control": cache, "Content-Security-Policy": policy}

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        return response


async def avatar(request: Request) -> Response:
    """An avatar out of the storage, whichever that is: small enough to be read whole."""
    name = request.path_params["name"]
    if not AVATAR.fullmatch(name):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    try:
        content = await in_file_thread(_read, f"{AVATAR_FOLDER}/{name}")
    except FileNotFoundError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND) from error
    except Full as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE) from error
    return Response(content, media_type="image/webp", headers=AVATAR_HEADERS)


def _read(name: str) -> bytes:
    return b"".join(storage.read(name))


async def refusal(_: Request, error: HTTPException) -> Response:
    """What is not there, or not to be written, in two words."""
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", **(error.headers or {})}
    return PlainTextResponse(error.detail, error.status_code, headers)


static_files = Files(packages=[("django.contrib.admin", "static"), ("ninja", "static")], cache="public, max-age=86400")
demo_page = Files(directory=settings.BASE_DIR / "frontend_demo", html=True, cache="no-cache", policy=DEMO_POLICY)
