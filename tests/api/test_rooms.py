"""Rooms and members over REST: who sees what, and what it looks like."""

import httpx
import pytest
import pytest_asyncio

from backend.chat.events import AccessEnded, Event
from tests.api.rooms import Person, register

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ada(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Ada")


@pytest_asyncio.fixture
async def bob(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Bob")


async def names(person: Person, path: str) -> list[str]:
    return [room["name"] for room in (await person.api("GET", path))["items"]]


async def test_create_and_look(ada: Person, bob: Person) -> None:
    room = await ada.api("POST", "rooms", {"name": " Tea ", "kind": "private", "member_ids": [bob.id]}, status=201)
    assert room == {
        "slug": room["slug"],
        "name": "Tea",
        "kind": "private",
        "created_at": room["created_at"],
        "member_count": 2,
        "last_seq": 1,
        "role": "owner",
        "last_read_seq": 0,
        "unread_count": 0,
        "mention_count": 0,
        "last_message": room["last_message"],
        "peer": None,
    }
    assert (room["last_message"]["kind"], room["last_message"]["sender"]["name"]) == ("created", "Ada")
    assert await ada.api("GET", "rooms") == {"items": [room]}
    assert await bob.api("GET", f"rooms/{room['slug']}") == {**room, "role": "member"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "Tea", "kind": "direct"}, "kind"),
        ({"name": "Tea", "member_ids": [2**40]}, "member_ids"),
        ({"name": "Tea", "member_ids": list(range(1, 102))}, "member_ids"),
        ({"name": "Tea", "slug": "mine"}, "slug"),
    ],
)
async def test_create_names_the_bad_field(ada: Person, body: dict[str, object], field: str) -> None:
    error = await ada.api("POST", "rooms", body, status=422)
    assert error["code"] == "invalid"
    assert list(error["fields"]) == [field]
    assert await ada.api("GET", "rooms") == {"items": []}


async def test_find_join_and_leave_a_public_room(ada: Person, bob: Person, announced: list[Event]) -> None:
    slug = await ada.make_room(name="Green tea")
    await ada.make_room(name="Private tea", kind="private")
    assert await names(bob, "rooms/public?q=TEA") == ["Green tea"]
    assert (await bob.api("GET", "rooms/public"))["items"][0]["role"] is None
    assert await names(bob, "rooms") == []
    joined = await bob.api("POST", f"rooms/{slug}/join")
    assert (joined["role"], joined["member_count"], joined["last_message"]["kind"]) == ("member", 2, "joined")
    assert await bob.api("POST", f"rooms/{slug}/join") == joined
    assert await names(bob, "rooms") == ["Green tea"]
    announced.clear()
    assert await bob.api("POST", f"rooms/{slug}/leave", status=204) is None
    assert [event.user_id for event in announced if isinstance(event, AccessEnded)] == [bob.id]
    assert await names(bob, "rooms") == []


async def test_public_rooms_come_in_pages(ada: Person) -> None:
    slugs = [await ada.make_room(name=f"Room {number}") for number in range(3)]
    first = await ada.api("GET", "rooms/public?limit=2")
    assert ([room["slug"] for room in first["items"]], first["has_more"]) == ([slugs[2], slugs[1]], True)
    second = await ada.api("GET", f"rooms/public?limit=2&before={slugs[1]}")
    assert ([room["slug"] for room in second["items"]], second["has_more"]) == ([slugs[0]], False)
    for query in ("limit=0", "limit=101", "q=%00", f"q={'x' * 81}"):
        assert (await ada.api("GET", f"rooms/public?{query}", status=422))["code"] == "invalid"


async def test_direct(ada: Person, bob: Person) -> None:
    room = await ada.api("POST", "rooms/direct", {"user_id": bob.id}, status=201)
    assert (room["kind"], room["peer"]) == ("direct", {"id": bob.id, "name": "Bob", "avatar": None})
    again = await bob.api("POST", "rooms/direct", {"user_id": ada.id})
    assert (again["slug"], again["peer"]["name"]) == (room["slug"], "Ada")
    for nobody in (ada.id, 10**9):
        assert list((await ada.api("POST", "rooms/direct", {"user_id": nobody}, status=422))["fields"]) == ["user_id"]


async def test_rename_and_delete(ada: Person, bob: Person) -> None:
    slug = await ada.make_room(member_ids=[bob.id])
    room = await ada.api("PATCH", f"rooms/{slug}", {"name": "Coffee"})
    assert (room["slug"], room["name"], room["last_message"]["message"]) == (slug, "Coffee", "Coffee")
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert (await bob.api(method, f"rooms/{slug}", body, status=403))["code"] == "forbidden"
    assert await ada.api("DELETE", f"rooms/{slug}", status=204) is None
    assert (await ada.api("GET", f"rooms/{slug}", status=404))["code"] == "not_found"


async def test_strangers_and_unknown_rooms(ada: Person, bob: Person) -> None:
    slug = await ada.make_room(kind="private")
    places = [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/join", None),
        ("POST", "/leave", None),
        ("POST", "/read", {"seq": 1}),
        ("GET", "/members", None),
        ("POST", "/members", {"user_id": bob.id}),
        ("PATCH", f"/members/{ada.id}", {"role": "member"}),
        ("DELETE", f"/members/{ada.id}", None),
        ("PUT", f"/members/{ada.id}/mute", {"minutes": 1}),
        ("DELETE", f"/members/{ada.id}/mute", None),
        ("POST", "/owner", {"user_id": bob.id}),
        ("GET", "/bans", None),
        ("PUT", f"/bans/{ada.id}", None),
        ("DELETE", f"/bans/{ada.id}", None),
        ("POST", "/invites", {}),
        ("GET", "/invites", None),
        ("DELETE", "/invites/1", None),
        ("GET", "/messages", None),
        ("GET", "/pins", None),
        ("GET", "/reads", None),
        ("GET", "/changes", None),
        ("POST", "/messages", {"message": "hi"}),
        ("PATCH", "/messages/1", {"message": "hi"}),
        ("DELETE", "/messages/1", None),
        ("PUT", "/messages/1/pin", None),
        ("DELETE", "/messages/1/pin", None),
    ]
    for method, path, body in places:
        assert (await bob.api(method, f"rooms/{slug}{path}", body, status=403))["code"] == "forbidden", path
        for unknown in ("no-such-room", "x" * 300, "a%00b", "ä"):
            error = await bob.api(method, f"rooms/{unknown}{path}", body, status=404)
            assert error["code"] == "not_found", path
    assert (await ada.api("GET", f"rooms/{slug}"))["member_count"] == 1


async def test_read(ada: Person, bob: Person) -> None:
    slug = await ada.make_room(member_ids=[bob.id])
    for number in range(3):
        await ada.api("POST", f"rooms/{slug}/messages", {"message": str(number)}, status=201)
    assert (await bob.api("GET", f"rooms/{slug}"))["unread_count"] == 3
    assert await bob.api("POST", f"rooms/{slug}/read", {"seq": 3}) == {"user_id": bob.id, "seq": 3}
    assert await bob.api("POST", f"rooms/{slug}/read", {"seq": 2}) == {"user_id": bob.id, "seq": 3}
    room = await bob.api("GET", f"rooms/{slug}")
    assert (room["last_read_seq"], room["unread_count"]) == (3, 1)
    await ada.api("POST", f"rooms/{slug}/messages", {"message": "Bob!", "mention_ids": [bob.id]}, status=201)
    assert [room["mention_count"] for room in (await bob.api("GET", "rooms"))["items"]] == [1]
    pointers = [{"user_id": ada.id, "seq": 5}, {"user_id": bob.id, "seq": 3}]
    assert await ada.api("GET", f"rooms/{slug}/reads") == {"items": pointers}
    for seq in (-1, "x", 2**70, None):
        await bob.api("POST", f"rooms/{slug}/read", {"seq": seq}, status=422)


async def test_members(ada: Person, bob: Person, rest: httpx.AsyncClient) -> None:
    cy = await register(rest, "Cy")
    slug = await ada.make_room(kind="private")
    added = await ada.api("POST", f"rooms/{slug}/members", {"user_id": bob.id}, status=201)
    assert added == {
        "id": bob.id,
        "name": "Bob",
        "avatar": None,
        "role": "member",
        "joined_at": added["joined_at"],
        "muted_until": None,
        "last_seen": None,
    }
    assert await ada.api("POST", f"rooms/{slug}/members", {"user_id": bob.id}) == added
    changed = await ada.api("PATCH", f"rooms/{slug}/members/{bob.id}", {"role": "admin"})
    assert changed == {**added, "role": "admin"}
    await bob.api("POST", f"rooms/{slug}/members", {"user_id": cy.id}, status=201)
    page = await bob.api("GET", f"rooms/{slug}/members?limit=2")
    assert ([member["name"] for member in page["items"]], page["has_more"]) == (["Ada", "Bob"], True)
    rest_of_them = await bob.api("GET", f"rooms/{slug}/members?after={bob.id}")
    assert ([member["name"] for member in rest_of_them["items"]], rest_of_them["has_more"]) == (["Cy"], False)
    await bob.api("DELETE", f"rooms/{slug}/members/{ada.id}", status=403)
    assert await bob.api("DELETE", f"rooms/{slug}/members/{cy.id}", status=204) is None
    await cy.api("GET", f"rooms/{slug}/members", status=403)
    await ada.api("PATCH", f"rooms/{slug}/members/{ada.id}", {"role": "member"}, status=409)
    await ada.api("PATCH", f"rooms/{slug}/members/{bob.id}", {"role": "king"}, status=422)
