"""Static files, without a build step: assets of the installed packages, avatars, and the demo page."""

from django.conf import settings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.middlewares import SECURITY_HEADERS

DEMO_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Files(StaticFiles):
    """Static files with security headers; `cache` is the Cache-Control of every answer."""

    def __init__(self, *, cache: str, policy: str = "default-src 'none'", **where: object) -> None:
        super().__init__(**where)  # type: ignore[arg-type]
        self.config_checked = True  # a folder that is not there yet is an empty one
        self._headers = {**SECURITY_HEADERS, "Cache-Control": cache, "Content-Security-Policy": policy}

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        return response


async def refusal(_: Request, error: HTTPException) -> Response:
    """What is not there, or not to be written, in two words."""
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", **(error.headers or {})}
    return PlainTextResponse(error.detail, error.status_code, headers)


static_files = Files(packages=[("django.contrib.admin", "static"), ("ninja", "static")], cache="public, max-age=86400")
# A new avatar has a new name, so an old one never changes.
avatars = Files(directory=settings.MEDIA_ROOT / "avatars", check_dir=False, cache="public, max-age=31536000, immutable")
demo_page = Files(directory=settings.BASE_DIR / "frontend_demo", html=True, cache="no-cache", policy=DEMO_POLICY)
