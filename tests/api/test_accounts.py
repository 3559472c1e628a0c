"""Accounts over REST, from signing up to logging out everywhere."""

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from PIL import Image
from pytest_django import Settings

from backend import images
from backend.accounts.models import User
from backend.chat.events import AccessEnded, Event
from tests.pictures import bomb, picture

pytestmark = pytest.mark.asyncio

PASSWORD = "engine-1843"


async def register(rest: httpx.AsyncClient, name: str = "Ada") -> dict[str, Any]:
    account = {"email": f"{name.lower()}@example.org", "name": name, "password": PASSWORD}
    answer = await rest.post("/api/auth/register", json=account)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def signed(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Token {session['token']}"}


async def log_in(rest: httpx.AsyncClient, password: str = PASSWORD, **headers: str) -> httpx.Response:
    account = {"email": "ada@example.org", "password": password}
    return await rest.post("/api/auth/login", json=account, headers=headers)


async def test_register_then_log_in(rest: httpx.AsyncClient) -> None:
    session = await register(rest)
    assert session.keys() == {"token", "expiry", "user"}
    assert session["expiry"].endswith("Z")
    assert session["user"] == {
        "id": session["user"]["id"],
        "name": "Ada",
        "avatar": None,
        "email": "ada@example.org",
    }
    answer = await log_in(rest)
    assert answer.status_code == 200
    assert answer.json()["user"] == session["user"]
    assert answer.json()["token"] != session["token"]


async def test_register_answers_with_the_bad_fields(rest: httpx.AsyncClient) -> None:
    await register(rest)
    answer = await rest.post("/api/auth/register", json={"email": "ADA@example.org", "name": "A", "password": "1"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert answer.json()["fields"].keys() == {"email", "password"}


async def test_wrong_email_and_wrong_password_answer_alike(rest: httpx.AsyncClient) -> None:
    wrong_email = await log_in(rest)
    await register(rest)
    wrong_password = await log_in(rest, password="wrong")
    assert wrong_email.status_code == wrong_password.status_code == 401
    assert wrong_email.json() == {"code": "unauthorized", "message": "Wrong email or password."}
    assert wrong_email.json() == wrong_password.json()


async def test_spaces_around_a_password_count(rest: httpx.AsyncClient) -> None:
    account = {"email": "ada@example.org", "name": "Ada", "password": f" {PASSWORD} "}
    assert (await rest.post("/api/auth/register", json=account)).status_code == 201
    assert (await log_in(rest)).status_code == 401
    assert (await log_in(rest, password=f" {PASSWORD} ")).status_code == 200


@pytest.mark.parametrize("scheme", ["Token", "token", "Bearer", "bearer", "Token "])
async def test_token_comes_as_token_or_bearer(rest: httpx.AsyncClient, scheme: str) -> None:
    session = await register(rest)
    answer = await rest.get("/api/users/me", headers={"Authorization": f"{scheme} {session['token']}"})
    assert answer.status_code == 200
    assert answer.json() == session["user"]


@pytest.mark.parametrize("header", [None, "", "Token", "Token ", "Token wrong", "Basic YTpi", "Token \u00e9\u00e9"])
async def test_every_other_authorization_is_unauthorized(rest: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    for method, path in [
        ("GET", "/api/users/me"),
        ("POST", "/api/auth/logout"),
        ("GET", "/api/users"),
        ("GET", "/api/users/1"),
    ]:
        answer = await rest.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Token"


async def test_log_out_ends_this_token_and_says_so(rest: httpx.AsyncClient, announced: list[Event]) -> None:
    first, second = await register(rest), (await log_in(rest)).json()
    answer = await rest.post("/api/auth/logout", headers=signed(first))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await rest.get("/api/users/me", headers=signed(first))).status_code == 401
    assert (await rest.get("/api/users/me", headers=signed(second))).status_code == 200
    [event] = announced
    assert isinstance(event, AccessEnded)
    assert event.user_id == first["user"]["id"]
    assert event.room_id is None
    assert event.digest


async def test_log_out_everywhere_ends_all_my_tokens(rest: httpx.AsyncClient, announced: list[Event]) -> None:
    first, second, other = await register(rest), (await log_in(rest)).json(), await register(rest, "Bob")
    answer = await rest.post("/api/auth/logoutall", headers=signed(first))
    assert (answer.status_code, answer.content) == (204, b"")
    for session in (first, second):
        assert (await rest.get("/api/users/me", headers=signed(session))).status_code == 401
    assert (await rest.get("/api/users/me", headers=signed(other))).status_code == 200
    assert announced == [AccessEnded(user_id=first["user"]["id"])]


async def test_deactivation_ends_access_at_once(rest: httpx.AsyncClient) -> None:
    session = await register(rest)
    await User.objects.aupdate(is_active=False)
    assert (await rest.get("/api/users/me", headers=signed(session))).status_code == 401
    assert (await log_in(rest)).status_code == 401


async def test_profile_changes(rest: httpx.AsyncClient) -> None:
    headers = signed(await register(rest))
    changed = await rest.patch("/api/users/me", json={"name": " Countess "}, headers=headers)
    assert changed.json()["name"] == "Countess"
    assert (await rest.patch("/api/users/me", json={}, headers=headers)).json() == changed.json()
    for bad in ('""', '" "', f'"{"n" * 81}"', r'"\u0000"', r'"\ud800"', "5", "[]"):
        typed = {**headers, "Content-Type": "application/json"}
        answer = await rest.patch("/api/users/me", content=f'{{"name": {bad}}}', headers=typed)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), bad
    unknown = await rest.patch("/api/users/me", json={"is_staff": True}, headers=headers)
    assert unknown.json()["fields"].keys() == {"is_staff"}


async def test_others_never_see_an_email(rest: httpx.AsyncClient) -> None:
    ada, bob = await register(rest), await register(rest, "Bob")
    one = await rest.get(f"/api/users/{ada['user']['id']}", headers=signed(bob))
    assert one.json() == {"id": ada["user"]["id"], "name": "Ada", "avatar": None}
    found = await rest.get("/api/users", params={"q": "AD"}, headers=signed(bob))
    assert found.json() == {"items": [one.json()]}
    by_email = await rest.get("/api/users", params={"q": "example.org"}, headers=signed(bob))
    assert by_email.json() == {"items": []}
    assert len((await rest.get("/api/users", headers=signed(bob))).json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/users/999999", 404),
        ("/api/users/0", 422),
        ("/api/users/-1", 422),
        ("/api/users/abc", 422),
        (f"/api/users/{2**63}", 422),
        ("/api/users?q=%00", 422),
        ("/api/users?q=" + "a" * 81, 422),
    ],
)
async def test_bad_person_or_search(rest: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await rest.get(path, headers=signed(await register(rest)))
    assert answer.status_code == status
    assert answer.json()["code"] == {404: "not_found", 422: "invalid"}[status]


async def test_avatar_comes_and_goes(rest: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    headers = signed(await register(rest))
    files = {"avatar": ("../../x.php", picture(size=(300, 200)), "image/png")}
    answer = await rest.put("/api/users/me/avatar", files=files, headers=headers)
    assert answer.status_code == 200, answer.text
    address = answer.json()["avatar"]
    stored = tmp_path / address.removeprefix("/media/")
    with Image.open(stored) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
    assert (await rest.get("/api/users/me", headers=headers)).json()["avatar"] == address
    assert (await rest.delete("/api/users/me/avatar", headers=headers)).status_code == 204
    assert (await rest.get("/api/users/me", headers=headers)).json()["avatar"] is None
    assert not stored.exists()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"files": {"avatar": ("a.png", bomb())}}, 413),
        ({"files": {"avatar": ("a.png", b"x" * 1024 * 1024 + b"y")}}, 413),
        ({"files": {"avatar": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")}}, 422),
        ({"files": {"avatar": ("a.png", b"")}}, 422),
        ({"files": {"other": ("a.png", b"x")}}, 422),
        ({"files": {}, "data": {"avatar": "text"}}, 422),
        ({"json": {"avatar": "text"}}, 422),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 422),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 422),
    ],
    ids=["bomb", "too long", "svg", "empty", "other field", "no file", "json", "no boundary", "no parts"],
)
async def test_bad_avatar(rest: httpx.AsyncClient, settings: Settings, request_: dict[str, Any], status: int) -> None:
    settings.MAX_UPLOAD_MB = 1
    rest.headers.update(signed(await register(rest)))
    answer = await rest.put("/api/users/me/avatar", **request_)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == {413: "too_large", 422: "invalid"}[status]


@pytest.mark.usefixtures("fresh_limits")
async def test_avatars_count_as_uploads(rest: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> None:
    settings.RATE_UPLOADS, settings.MEDIA_ROOT = "2/day", tmp_path
    rest.headers.update(signed(await register(rest)))
    files = {"avatar": ("a.png", picture())}
    answers = [await rest.put("/api/users/me/avatar", files=files) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "rate_limited"


async def test_pictures_do_not_keep_anybody_from_logging_in(
    rest: httpx.AsyncClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    headers = signed(await register(rest))
    running, gate, open_image = threading.Semaphore(0), threading.Event(), images.open_image

    def slow(file: IO[bytes]) -> Image.Image:
        running.release()
        assert gate.wait(30)
        return open_image(file)

    monkeypatch.setattr(images, "open_image", slow)
    avatar = partial(rest.put, "/api/users/me/avatar", files={"avatar": ("a.png", picture())}, headers=headers)
    attachment = partial(rest.post, "/api/attachments", files={"file": ("a.png", picture())}, headers=headers)
    uploads = [asyncio.create_task(upload()) for upload in (avatar, attachment) * 4]
    try:
        for _ in range(2):
            assert await asyncio.to_thread(running.acquire, timeout=10)
        assert (await asyncio.wait_for(log_in(rest), 10)).status_code == 200
        assert not any(upload.done() for upload in uploads)
    finally:
        gate.set()
        answers = await asyncio.gather(*uploads)
    assert [answer.status_code for answer in answers] == [200, 201] * 4


@pytest.mark.usefixtures("fresh_limits")
class TestLoginRate:
    async def test_too_many_tries_for_an_email(self, rest: httpx.AsyncClient, settings: Settings) -> None:
        settings.RATE_LOGIN = "3/day"
        await register(rest)
        for _ in range(3):
            assert (await log_in(rest, password="wrong")).status_code == 401
        answer = await log_in(rest)
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert 0 < answer.json()["retry_after"] <= int(answer.headers["Retry-After"]) <= 86_400
        other = {"email": "bob@example.org", "password": PASSWORD}
        assert (await rest.post("/api/auth/login", json=other)).status_code == 401

    async def test_too_many_tries_from_an_address_whatever_it_claims(
        self, rest: httpx.AsyncClient, settings: Settings
    ) -> None:
        settings.RATE_LOGIN = "1/day"
        codes = []
        for number in range(11):
            account = {"email": f"{number}@example.org", "password": PASSWORD}
            claim = {"X-Forwarded-For": f"198.51.100.{number}"}
            codes.append((await rest.post("/api/auth/login", json=account, headers=claim)).status_code)
        assert codes == [401] * 10 + [429]
        account = {"email": "new@example.org", "name": "New", "password": PASSWORD}
        assert (await rest.post("/api/auth/register", json=account)).status_code == 429
