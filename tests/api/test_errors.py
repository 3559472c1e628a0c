"""Nothing leaves under /api but the catalogue's JSON, with and without DEBUG."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from django.db import OperationalError
from pytest_django import Settings

from backend.accounts import services
from tests.api.rooms import register

pytestmark = pytest.mark.asyncio

LOGIN = "/api/auth/login"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=[False, True], ids=["production", "debug"], autouse=True)
def debug(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.DEBUG = request.param


def check(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["message"]
    assert body.keys() <= {"code", "message", "fields", "retry_after"}
    return body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/auth/login/", "/api/users/1/x", "/api/%00%ff"])
async def test_unknown_path(rest: httpx.AsyncClient, method: str, path: str) -> None:
    check(await rest.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", LOGIN, {"POST"}), ("POST", "/api/users/me", {"GET", "PATCH", "DELETE"}), ("OPTIONS", LOGIN, {"POST"})],
)
async def test_wrong_method(rest: httpx.AsyncClient, method: str, path: str, allow: set[str]) -> None:
    answer = await rest.request(method, path)
    check(answer, 405, "invalid")
    assert set(answer.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"NaN", b"[" * 5_000, b'{"email": "\\ud800"}', b"{}"]
)
async def test_malformed_body(rest: httpx.AsyncClient, content: bytes) -> None:
    check(await rest.post(LOGIN, content=content, headers=JSON), 422, "invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"])
async def test_wrong_content_type(rest: httpx.AsyncClient, kind: str) -> None:
    body = check(await rest.post(LOGIN, content=b"{}", headers={"Content-Type": kind}), 422, "invalid")
    assert "application/json" in body["message"]


async def test_fields_are_named(rest: httpx.AsyncClient) -> None:
    answer = await rest.post(LOGIN, json={"email": 5, "extra": 1})
    assert check(answer, 422, "invalid")["fields"].keys() == {"email", "password", "extra"}


async def test_what_is_wrong_is_said_in_plain_words(rest: httpx.AsyncClient) -> None:
    ada = await register(rest, "ada")
    slug = await ada.make_room()
    refused = [
        await ada.api("POST", f"rooms/{slug}/messages", {"message": "a\0"}, status=422),
        await ada.api("PUT", f"rooms/{slug}/messages/1/reactions/x", status=422),
        await ada.api("GET", "search?q=", status=422),
    ]
    assert [error["message"] for error in refused] == [
        "NUL characters can't be stored.",
        "Send exactly one emoji.",
        "String should have at least 1 character",
    ]


async def test_body_over_the_limit_by_its_length(rest: httpx.AsyncClient, settings: Settings) -> None:
    content = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    check(await rest.post(LOGIN, content=content, headers=JSON), 413, "too_large")


async def test_body_over_the_limit_without_a_length_is_not_read_to_its_end(
    rest: httpx.AsyncClient, settings: Settings
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    check(await rest.post(LOGIN, content=endless(), headers=JSON), 413, "too_large")
    assert sent <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 2 * 65_536


async def test_body_at_the_limit_is_read(rest: httpx.AsyncClient, settings: Settings) -> None:
    content = b"{}".ljust(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    check(await rest.post(LOGIN, content=content, headers=JSON), 422, "invalid")


async def test_unknown_host(rest: httpx.AsyncClient, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    check(await rest.get("/api/users/me", headers={"Host": "evil.example.org"}), 422, "invalid")


async def test_fault_of_ours_is_logged_and_not_told(
    rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(services, "log_in", broken)
    answer = await rest.post(LOGIN, json={"email": "a@example.org", "password": "x"})
    check(answer, 500, "internal")
    assert "secret" not in answer.text
    [record] = [record for record in caplog.records if record.name == "backend.api.errors"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the secret inside"


async def test_lost_database_is_unavailable(rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(**_: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(services, "log_in", lost)
    answer = await rest.post(LOGIN, json={"email": "a@example.org", "password": "x"})
    body = check(answer, 503, "unavailable")
    assert "closed" not in body["message"]
    assert answer.headers["Retry-After"] == "2"
