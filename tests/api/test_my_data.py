"""My data over REST: taken along, and deleted for good."""

import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat.models import Message
from tests.api.rooms import PASSWORD, Person, register

pytestmark = pytest.mark.asyncio

GOODBYE = {"password": PASSWORD, "messages": "keep"}


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest_asyncio.fixture
async def ada(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Ada")


async def export(person: Person) -> httpx.Response:
    return await person.rest.get("/api/users/me/export", headers={"Authorization": f"Token {person.token}"})


async def test_export(ada: Person) -> None:
    answer = await export(ada)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chat-export.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "profile.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


@pytest.mark.usefixtures("fresh_limits")
async def test_exports_are_limited(ada: Person, settings: Settings) -> None:
    settings.RATE_EXPORTS = "2/day"
    assert [(await export(ada)).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("messages", ["keep", "delete"])
async def test_delete_me(rest: httpx.AsyncClient, ada: Person, messages: str) -> None:
    bob = await register(rest, "Bob")
    slug = await ada.make_room(member_ids=[bob.id])
    said = await ada.api("POST", f"rooms/{slug}/messages", {"message": "hi"}, status=201)
    assert await ada.api("DELETE", "users/me", {**GOODBYE, "messages": messages}, status=204) is None
    await ada.api("GET", "users/me", status=401)
    account = {"email": "ada@example.org", "password": PASSWORD}
    assert (await rest.post("/api/auth/login", json=account)).status_code == 401
    await bob.api("GET", f"users/{ada.id}", status=404)
    history = (await bob.api("GET", f"rooms/{slug}/messages"))["items"]
    [text] = [item for item in history if item["id"] == said["id"]]
    assert (text["sender"]["name"], text["message"]) == ("Deleted user", {"keep": "hi", "delete": ""}[messages])
    assert (await bob.api("GET", f"rooms/{slug}"))["role"] == "owner"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"password", "messages"}),
        ({"password": PASSWORD}, {"messages"}),
        ({"messages": "keep"}, {"password"}),
        ({**GOODBYE, "password": ""}, {"password"}),
        ({**GOODBYE, "password": "wrong"}, {"password"}),
        ({**GOODBYE, "password": "\x00"}, {"password"}),
        ({**GOODBYE, "password": "x" * 257}, {"password"}),
        ({**GOODBYE, "password": None}, {"password"}),
        ({**GOODBYE, "messages": "burn"}, {"messages"}),
        ({**GOODBYE, "messages": None}, {"messages"}),
        ({**GOODBYE, "sure": True}, {"sure"}),
        (None, None),
        ([], None),
    ],
)
async def test_not_without_the_password_and_a_choice(ada: Person, body: Any, fields: set[str] | None) -> None:
    error = await ada.api("DELETE", "users/me", body, status=422)
    assert error["code"] == "invalid"
    if fields:
        assert error["fields"].keys() == fields
    assert (await ada.api("GET", "users/me"))["name"] == "Ada"


@pytest.mark.usefixtures("fresh_limits")
async def test_guessing_the_password_counts_as_logging_in(
    rest: httpx.AsyncClient, ada: Person, settings: Settings
) -> None:
    settings.RATE_LOGIN = "3/day"
    for _ in range(3):
        await ada.api("DELETE", "users/me", {**GOODBYE, "password": "wrong"}, status=422)
    await ada.api("DELETE", "users/me", GOODBYE, status=429)
    account = {"email": "ada@example.org", "password": PASSWORD}
    assert (await rest.post("/api/auth/login", json=account)).status_code == 429
    assert await User.objects.filter(pk=ada.id, is_active=True).aexists()


async def test_many_messages_go(ada: Person) -> None:
    """More than one step, each in a thread of its own."""
    slug = await ada.make_room()
    for number in range(60):
        await ada.api("POST", f"rooms/{slug}/messages", {"message": str(number)}, status=201)
    bob = await register(ada.rest, "Bob")
    await bob.api("POST", f"rooms/{slug}/join")
    await ada.api("DELETE", "users/me", {**GOODBYE, "messages": "delete"}, status=204)
    assert await Message.objects.filter(sender=ada.id, kind="text", deleted_at=None).acount() == 0
    assert await Message.objects.exclude(deleted_at=None).acount() == 60
