"""Django's middlewares, so that only the admin pays for them.

They are synchronous: under ASGI each costs every request one or two hops to a thread.
"""

from asyncio import Semaphore
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import async_only_middleware
from django.utils.deprecation import MiddlewareMixin

ADMIN_AT_ONCE, ADMIN_WAITING = 4, 50  # requests, in each worker
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@async_only_middleware
def essentials(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    """For every request: refuses a host that is not ours, adds the length and the headers that restrain browsers."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost
        response = await get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if isinstance(response, HttpResponse):  # and no stream
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


def _is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin")


@async_only_middleware
def few_in_the_admin(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    """Each request of the admin has a thread and a database connection of its own: over `ADMIN_AT_ONCE` they wait."""
    places = Semaphore(ADMIN_AT_ONCE)
    inside = 0

    async def in_turn(request: HttpRequest) -> HttpResponseBase:
        async with places:
            try:
                return await get_response(request)
            finally:  # when the client hangs up the thread goes on: the place is free after what runs in it
                await sync_to_async(bool)()

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        nonlocal inside
        if not _is_admin(request):
            return await get_response(request)
        if inside >= ADMIN_AT_ONCE + ADMIN_WAITING:
            return HttpResponse("The admin has too much to do: try again.", status=503, headers={"Retry-After": "2"})
        inside += 1
        try:
            return await in_turn(request)
        finally:
            inside -= 1

    return middleware


class _AdminOnly(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if _is_admin(request) else self.get_response(request)


class AdminSession(_AdminOnly, SessionMiddleware):
    pass


class AdminCommon(_AdminOnly, CommonMiddleware):
    pass


class AdminCsrf(_AdminOnly, CsrfViewMiddleware):
    async def process_view(self, request: HttpRequest, *view: Any) -> Any:  # type: ignore[override]
        return await sync_to_async(super().process_view)(request, *view) if _is_admin(request) else None


class AdminAuthentication(_AdminOnly, AuthenticationMiddleware):
    pass


class AdminMessages(_AdminOnly, MessageMiddleware):
    pass
