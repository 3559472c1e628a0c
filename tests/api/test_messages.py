"""Messages over REST: writing once, reading in pages, catching up."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from tests.api.rooms import Person, register

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ada(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Ada")


async def post(person: Person, slug: str, text: str, *, status: int = 201, **body: Any) -> dict[str, Any]:
    path = f"rooms/{slug}/messages"
    message: dict[str, Any] = await person.api("POST", path, {"message": text, **body}, status=status)
    return message


async def test_post(ada: Person) -> None:
    slug = await ada.make_room()
    message = await post(ada, slug, "  héllo 🎉 ", client_id="1")
    assert message == {
        "id": message["id"],
        "room": slug,
        "seq": 2,
        "updated_seq": 2,
        "kind": "text",
        "sender": {"id": ada.id, "name": "Ada", "avatar": None},
        "message": "héllo 🎉",
        "client_id": "1",
        "reply_to": None,
        "quote": None,
        "mention_ids": [],
        "reactions": [],
        "attachments": [],
        "created_at": message["created_at"],
        "edited_at": None,
        "deleted_at": None,
        "pinned_at": None,
    }
    assert await post(ada, slug, "héllo 🎉", client_id="1", status=200) == message
    assert (await post(ada, slug, "else", client_id="1", status=409))["code"] == "conflict"
    assert (await post(ada, slug, "hi", reply_to=message["id"]))["reply_to"] == message["id"]


async def test_100_retries_at_once_are_one_message(ada: Person) -> None:
    slug = await ada.make_room()
    headers = {"Authorization": f"Token {ada.token}"}
    body = {"message": "hi", "client_id": "1"}
    tries = [ada.rest.post(f"/api/rooms/{slug}/messages", json=body, headers=headers) for _ in range(100)]
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert (await ada.api("GET", f"rooms/{slug}"))["last_seq"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": " \n "}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"message": 1}, "message"),
        ({"message": "hi", "client_id": ""}, "client_id"),
        ({"message": "hi", "client_id": "x" * 65}, "client_id"),
        ({"message": "hi", "reply_to": 10**9}, "reply_to"),
        ({"message": "hi", "reply_to": 2**70}, "reply_to"),
        ({"message": "hi", "attachment_ids": [1]}, "attachment_ids"),
        ({"message": "hi", "mesage": "ho"}, "mesage"),
    ],
)
async def test_post_names_the_bad_field(ada: Person, body: dict[str, Any], field: str) -> None:
    slug = await ada.make_room()
    error = await ada.api("POST", f"rooms/{slug}/messages", body, status=422)
    assert error["code"] == "invalid"
    assert list(error["fields"]) == [field]
    assert (await ada.api("GET", f"rooms/{slug}"))["last_seq"] == 1


async def test_the_longest_message(ada: Person) -> None:
    slug = await ada.make_room()
    text = "🎉" * 4000
    assert (await post(ada, slug, text))["message"] == text


async def test_history_by_page(ada: Person) -> None:
    slug = await ada.make_room()
    for number in range(2, 8):
        await post(ada, slug, str(number))

    async def page(query: str) -> tuple[list[int], bool]:
        answer = await ada.api("GET", f"rooms/{slug}/messages?{query}")
        return [message["seq"] for message in answer["items"]], answer["has_more"]

    assert await page("") == ([1, 2, 3, 4, 5, 6, 7], False)
    assert await page("limit=3") == ([5, 6, 7], True)
    assert await page("limit=3&before=5") == ([2, 3, 4], True)
    assert await page("limit=3&before=2") == ([1], False)
    assert await page("limit=3&after=0") == ([1, 2, 3], True)
    assert await page("limit=3&after=4") == ([5, 6, 7], False)
    assert await page("after=7") == ([], False)
    assert await page("limit=4&around=4") == ([2, 3, 4, 5], True)
    around = await ada.api("GET", f"rooms/{slug}/messages?around=4&limit=4")
    assert (around["has_more"], around["has_newer"]) == (True, True)
    for query in (
        "before=3&after=1",
        "around=3&after=1",
        "before=3&around=1",
        "around=-1",
        "around=x",
        "around=",
        "limit=0",
        "limit=101",
        "before=-1",
        "before=x",
        f"after={2**70}",
    ):
        error = await ada.api("GET", f"rooms/{slug}/messages?{query}", status=422)
        assert error["code"] == "invalid"


async def test_edit_and_delete(ada: Person, rest: httpx.AsyncClient) -> None:
    bob = await register(rest, "Bob")
    slug = await ada.make_room(member_ids=[bob.id])
    message = await post(bob, slug, "hi")
    path = f"rooms/{slug}/messages/{message['id']}"
    edited = await bob.api("PATCH", path, {"message": "ho"})
    assert (edited["message"], edited["seq"], edited["updated_seq"]) == ("ho", 2, 3)
    assert edited["edited_at"]
    assert (await ada.api("PATCH", path, {"message": "mine"}, status=403))["code"] == "forbidden"
    tombstone = await ada.api("DELETE", path)
    assert (tombstone["message"], tombstone["seq"], tombstone["updated_seq"]) == ("", 2, 4)
    assert tombstone["deleted_at"]
    assert (await ada.api("GET", f"rooms/{slug}/messages"))["items"][1] == tombstone
    for method, body in (("PATCH", {"message": "again"}), ("DELETE", None)):
        assert (await bob.api(method, path, body, status=404))["code"] == "not_found"
    await bob.api("DELETE", f"rooms/{slug}/messages/{2**70}", status=422)


async def test_reactions_are_put_and_taken_back_once(ada: Person) -> None:
    slug = await ada.make_room()
    message = await post(ada, slug, "cake")
    path = f"rooms/{slug}/messages/{message['id']}/reactions/🎉"
    for _ in range(2):
        reacted = await ada.api("PUT", path)
        assert reacted["reactions"] == [{"emoji": "🎉", "count": 1, "user_ids": [ada.id]}]
        assert reacted["updated_seq"] == 3, "the second time changes nothing"
    for _ in range(2):
        taken_back = await ada.api("DELETE", path)
        assert (taken_back["reactions"], taken_back["updated_seq"]) == ([], 4)
    assert (await ada.api("PUT", f"rooms/{slug}/messages/999999/reactions/🎉", status=404))["code"] == "not_found"
    for emoji in (f"{quote('🎉')}🎉", "ok", "%20", "%00", "🏽", "x" * 33):
        error = await ada.api("PUT", f"rooms/{slug}/messages/{message['id']}/reactions/{emoji}", status=422)
        assert (error["code"], list(error["fields"])) == ("invalid", ["emoji"])
    heart = f"rooms/{slug}/messages/{message['id']}/reactions/"
    assert (await ada.api("PUT", f"{heart}{quote('❤')}"))["reactions"][0]["emoji"] == "❤️"
    assert (await ada.api("DELETE", f"{heart}{quote('❤️')}"))["reactions"] == []


async def test_pins(ada: Person, rest: httpx.AsyncClient) -> None:
    bob = await register(rest, "Bob")
    slug = await ada.make_room(member_ids=[bob.id])
    message = await post(bob, slug, "rules")
    path = f"rooms/{slug}/messages/{message['id']}/pin"
    for _ in range(2):
        pinned = await ada.api("PUT", path)
        assert pinned == {**message, "updated_seq": 3, "pinned_at": pinned["pinned_at"]}
    assert await bob.api("GET", f"rooms/{slug}/pins") == {"items": [pinned]}
    for method in ("PUT", "DELETE"):
        assert (await bob.api(method, path, status=403))["code"] == "forbidden"
        await ada.api(method, f"rooms/{slug}/messages/999999/pin", status=404)
        await ada.api(method, f"rooms/{slug}/messages/{2**70}/pin", status=422)
    for _ in range(2):
        assert await ada.api("DELETE", path) == {**message, "updated_seq": 4}
    assert await ada.api("GET", f"rooms/{slug}/pins") == {"items": []}


async def test_changes_bring_a_client_to_now(ada: Person) -> None:
    slug = await ada.make_room()
    first, second = await post(ada, slug, "first"), await post(ada, slug, "second")
    start = await ada.api("GET", f"rooms/{slug}/changes")
    assert (start["seq"], start["recovered"], start["has_more"]) == (3, False, False)
    assert start["messages"][1:] == [first, second]
    edited = await ada.api("PATCH", f"rooms/{slug}/messages/{first['id']}", {"message": "edited"})
    third = await post(ada, slug, "third")
    missed = await ada.api("GET", f"rooms/{slug}/changes?since=3")
    assert (missed["seq"], missed["recovered"], missed["messages"]) == (5, True, [edited, third])
    assert (await ada.api("GET", f"rooms/{slug}/changes?since=5"))["messages"] == []
    ahead = await ada.api("GET", f"rooms/{slug}/changes?since=6")
    assert (ahead["recovered"], ahead["seq"], len(ahead["messages"])) == (False, 5, 4)
    await ada.api("GET", f"rooms/{slug}/changes?since=-1", status=422)
