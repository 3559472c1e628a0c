"""Handing over, bans, mutes, invite links and blocks over REST: what they look like, and bad input for each field."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.api.rooms import Person, register

pytestmark = pytest.mark.asyncio

FOREIGN = 10**9  # an id of nobody and nothing
BAD_IDS: tuple[object, ...] = (0, -1, "x", "1.5", 2**63, "%00")


@pytest_asyncio.fixture
async def ada(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Ada")


@pytest_asyncio.fixture
async def bob(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Bob")


@pytest_asyncio.fixture
async def cy(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Cy")


@pytest_asyncio.fixture
async def room(ada: Person, bob: Person) -> str:
    """The path of a private room that Ada owns and Bob is a member of."""
    return f"rooms/{await ada.make_room(kind='private', member_ids=[bob.id])}"


def brief(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "avatar": None}


async def roles(person: Person, room: str) -> dict[str, str]:
    return {member["name"]: member["role"] for member in (await person.api("GET", f"{room}/members"))["items"]}


async def test_hand_over(ada: Person, bob: Person, room: str) -> None:
    heir = await ada.api("POST", f"{room}/owner", {"user_id": bob.id})
    about = {"role": "owner", "joined_at": heir["joined_at"], "muted_until": None, "last_seen": None}
    assert heir == brief(bob) | about
    assert await roles(ada, room) == {"Ada": "admin", "Bob": "owner"}
    assert (await ada.api("POST", f"{room}/owner", {"user_id": ada.id}, status=403))["code"] == "forbidden"


async def test_hand_over_names_the_bad_field(ada: Person, cy: Person, room: str) -> None:
    for value in (*BAD_IDS, None, [], ada.id, cy.id, FOREIGN):
        error = await ada.api("POST", f"{room}/owner", {"user_id": value}, status=422)
        assert (error["code"], list(error["fields"])) == ("invalid", ["user_id"]), value
    assert list((await ada.api("POST", f"{room}/owner", {}, status=422))["fields"]) == ["user_id"]
    error = await ada.api("POST", f"{room}/owner", {"user_id": cy.id, "role": "owner"}, status=422)
    assert list(error["fields"]) == ["role"]
    assert await roles(ada, room) == {"Ada": "owner", "Bob": "member"}


async def test_the_last_one_to_leave_closes_the_room(ada: Person, bob: Person, room: str) -> None:
    await ada.api("POST", f"{room}/leave", status=204)
    assert await roles(bob, room) == {"Bob": "owner"}
    await bob.api("POST", f"{room}/leave", status=204)
    assert (await bob.api("GET", room, status=404))["code"] == "not_found"
    assert (await bob.api("GET", "rooms"))["items"] == []


async def test_ban_list_and_unban(ada: Person, bob: Person, cy: Person, room: str) -> None:
    ban = await ada.api("PUT", f"{room}/bans/{bob.id}")
    assert ban == {"user": brief(bob), "by": brief(ada), "created_at": ban["created_at"]}
    assert await ada.api("PUT", f"{room}/bans/{bob.id}") == ban
    await ada.api("PUT", f"{room}/bans/{cy.id}")
    first = await ada.api("GET", f"{room}/bans?limit=1")
    assert ([item["user"] for item in first["items"]], first["has_more"]) == ([brief(cy)], True)
    assert await ada.api("GET", f"{room}/bans?before={cy.id}") == {"items": [ban], "has_more": False}
    assert (await ada.api("POST", f"{room}/members", {"user_id": bob.id}, status=409))["code"] == "conflict"
    for _ in range(2):
        assert await ada.api("DELETE", f"{room}/bans/{bob.id}", status=204) is None
    assert [item["user"] for item in (await ada.api("GET", f"{room}/bans"))["items"]] == [brief(cy)]
    await ada.api("POST", f"{room}/members", {"user_id": bob.id}, status=201)


async def test_ban_bad_input(ada: Person, room: str) -> None:
    for bad in BAD_IDS:
        for method in ("PUT", "DELETE"):
            assert (await ada.api(method, f"{room}/bans/{bad}", status=422))["fields"].keys() == {"user_id"}
    await ada.api("PUT", f"{room}/bans/{FOREIGN}", status=404)
    await ada.api("DELETE", f"{room}/bans/{FOREIGN}", status=204)
    for query, field in (("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("before=x", "before")):
        assert (await ada.api("GET", f"{room}/bans?{query}", status=422))["fields"].keys() == {field}
    assert await ada.api("GET", f"{room}/bans?before={FOREIGN}") == {"items": [], "has_more": False}


async def test_mute_and_unmute(ada: Person, bob: Person, room: str) -> None:
    muted = await ada.api("PUT", f"{room}/members/{bob.id}/mute", {"minutes": 5})
    assert muted["muted_until"] > muted["joined_at"]
    assert muted in (await bob.api("GET", f"{room}/members"))["items"]
    error = await bob.api("POST", f"{room}/messages", {"message": "hi"}, status=403)
    assert (error["code"], error["message"]) == (
        "forbidden",
        f"You are muted in this room until {muted['muted_until'][:16].replace('T', ' ')} UTC.",
    )
    for _ in range(2):
        assert await ada.api("DELETE", f"{room}/members/{bob.id}/mute", status=204) is None
    await bob.api("POST", f"{room}/messages", {"message": "hi"}, status=201)
    assert {**muted, "muted_until": None} in (await bob.api("GET", f"{room}/members"))["items"]


async def test_mute_bad_input(ada: Person, bob: Person, cy: Person, room: str) -> None:
    bad_minutes: tuple[object, ...] = (0, -5, 43_201, 2**70, 1.5, "long", None, [])
    for minutes in bad_minutes:
        error = await ada.api("PUT", f"{room}/members/{bob.id}/mute", {"minutes": minutes}, status=422)
        assert list(error["fields"]) == ["minutes"], minutes
    for body, field in (({}, "minutes"), ({"minutes": 5, "seconds": 1}, "seconds")):
        error = await ada.api("PUT", f"{room}/members/{bob.id}/mute", body, status=422)
        assert list(error["fields"]) == [field]
    for bad in BAD_IDS:
        errors = [
            await ada.api("PUT", f"{room}/members/{bad}/mute", {"minutes": 5}, status=422),
            await ada.api("DELETE", f"{room}/members/{bad}/mute", status=422),
        ]
        assert [list(error["fields"]) for error in errors] == [["user_id"]] * 2, bad
    for nobody in (cy.id, FOREIGN):
        await ada.api("PUT", f"{room}/members/{nobody}/mute", {"minutes": 5}, status=404)
        await ada.api("DELETE", f"{room}/members/{nobody}/mute", status=404)


async def test_invite_accept_and_revoke(ada: Person, bob: Person, cy: Person, room: str) -> None:
    invite = await ada.api("POST", f"{room}/invites", {}, status=201)
    assert invite == {
        "id": invite["id"],
        "code": invite["code"],
        "url": f"/#/invite/{invite['code']}",
        "created_at": invite["created_at"],
        "expires_at": invite["expires_at"],
        "max_uses": None,
        "uses": 0,
        "created_by": brief(ada),
    }
    slug = room.removeprefix("rooms/")
    assert await cy.api("GET", f"invites/{invite['code']}") == {
        "room": {"slug": slug, "name": "Tea", "kind": "private", "member_count": 2},
        "expires_at": invite["expires_at"],
    }
    entered = await cy.api("POST", f"invites/{invite['code']}/accept")
    assert entered == await cy.api("GET", room)
    assert (entered["role"], entered["last_message"]["kind"]) == ("member", "joined")
    assert await cy.api("POST", f"invites/{invite['code']}/accept") == entered
    assert await ada.api("GET", f"{room}/invites") == {"items": [{**invite, "uses": 1}]}
    assert await ada.api("DELETE", f"{room}/invites/{invite['id']}", status=204) is None
    await ada.api("DELETE", f"{room}/invites/{invite['id']}", status=404)
    assert await ada.api("GET", f"{room}/invites") == {"items": []}
    for method, path in (("GET", ""), ("POST", "/accept")):
        assert (await cy.api(method, f"invites/{invite['code']}{path}", status=404))["code"] == "not_found"


async def test_the_banned_are_told_by_an_invite(ada: Person, cy: Person, room: str) -> None:
    invite = await ada.api("POST", f"{room}/invites", {"expires_in_hours": 8760, "max_uses": 1000}, status=201)
    assert invite["max_uses"] == 1000
    await ada.api("PUT", f"{room}/bans/{cy.id}")
    for method, path in (("GET", ""), ("POST", "/accept")):
        assert (await cy.api(method, f"invites/{invite['code']}{path}", status=403))["code"] == "forbidden"


async def test_invite_bad_input(ada: Person, room: str) -> None:
    bad: dict[str, tuple[object, ...]] = {
        "expires_in_hours": (0, -1, 8761, 2**70, "long", None, 1.5, []),
        "max_uses": (0, -1, 1001, 2**70, "many", 1.5, []),
        "code": ("mine",),
    }
    for field, values in bad.items():
        for value in values:
            error = await ada.api("POST", f"{room}/invites", {field: value}, status=422)
            assert list(error["fields"]) == [field], value
    assert await ada.api("GET", f"{room}/invites") == {"items": []}
    for bad_id in BAD_IDS:
        assert list((await ada.api("DELETE", f"{room}/invites/{bad_id}", status=422))["fields"]) == ["invite_id"]
    await ada.api("DELETE", f"{room}/invites/{FOREIGN}", status=404)
    for code in ("x", "x" * 1_000, "a%00b", "ä", "%20", "a.b"):
        for method, path in (("GET", ""), ("POST", "/accept")):
            assert (await ada.api(method, f"invites/{code}{path}", status=404))["code"] == "not_found", code


async def test_block_list_and_unblock(ada: Person, bob: Person, cy: Person) -> None:
    assert await ada.api("GET", "users/me/blocks") == {"items": []}
    for person in (bob, cy, bob):
        assert await ada.api("PUT", f"users/me/blocks/{person.id}", status=204) is None
    assert await ada.api("GET", "users/me/blocks") == {"items": [brief(cy), brief(bob)]}
    assert await bob.api("GET", "users/me/blocks") == {"items": []}
    error = await bob.api("POST", "rooms/direct", {"user_id": ada.id}, status=403)
    assert error["code"] == "forbidden"
    for _ in range(2):
        assert await ada.api("DELETE", f"users/me/blocks/{bob.id}", status=204) is None
    await bob.api("POST", "rooms/direct", {"user_id": ada.id}, status=201)


async def test_block_bad_input(ada: Person) -> None:
    for bad in (*BAD_IDS, ada.id):
        assert list((await ada.api("PUT", f"users/me/blocks/{bad}", status=422))["fields"]) == ["user_id"]
    for bad in BAD_IDS:
        assert list((await ada.api("DELETE", f"users/me/blocks/{bad}", status=422))["fields"]) == ["user_id"]
    await ada.api("PUT", f"users/me/blocks/{FOREIGN}", status=404)
    await ada.api("DELETE", f"users/me/blocks/{FOREIGN}", status=204)
