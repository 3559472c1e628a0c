"""Search over REST: its form, its refusals, and that nothing of other rooms comes through."""

import httpx
import pytest
from pytest_django import Settings

from tests.api.rooms import register

pytestmark = pytest.mark.asyncio


async def test_search(rest: httpx.AsyncClient) -> None:
    ada, bob = await register(rest, "Ada"), await register(rest, "Bob")
    shared = await ada.make_room(member_ids=[bob.id])
    own = await ada.make_room(kind="private")
    said = [
        await ada.api("POST", f"rooms/{slug}/messages", {"message": text}, status=201)
        for slug, text in ((shared, "Green <tea>"), (own, "Black tea"), (shared, "Teatime"))
    ]
    assert await ada.api("GET", "search?q=tea&limit=2") == {
        "items": [
            {"message": said[2], "snippet": "<mark>Teatime</mark>"},
            {"message": said[1], "snippet": "Black <mark>tea</mark>"},
        ],
        "has_more": True,
    }
    assert await ada.api("GET", f"search?q=tea&limit=2&before={said[1]['id']}") == {
        "items": [{"message": said[0], "snippet": "Green &lt;<mark>tea</mark>&gt;"}],
        "has_more": False,
    }
    assert [item["message"]["room"] for item in (await bob.api("GET", "search?q=tea"))["items"]] == [shared] * 2
    assert [item["message"] for item in (await ada.api("GET", f"search?q=tea&room={own}"))["items"]] == [said[1]]
    assert (await bob.api("GET", f"search?q=tea&room={own}", status=403))["code"] == "forbidden"
    await ada.api("DELETE", f"rooms/{shared}/members/{bob.id}", status=204)
    assert (await bob.api("GET", "search?q=tea"))["items"] == []
    assert (await bob.api("GET", f"search?q=tea&room={shared}", status=403))["code"] == "forbidden"


async def test_bad_input(rest: httpx.AsyncClient) -> None:
    ada = await register(rest, "Ada")
    for field, queries in {
        "q": ["", "q=", "q=%20", "q=a%00b", f"q={'x' * 201}", "q=%25", "q=%FF%FE", "q=%F0%9F%91%8D"],
        "room": ["q=tea&room=", "q=tea&room=a%00b", f"q=tea&room={'x' * 61}"],
        "before": ["q=tea&before=0", "q=tea&before=x", f"q=tea&before={2**63}"],
        "limit": ["q=tea&limit=0", "q=tea&limit=51", "q=tea&limit=x"],
    }.items():
        for query in queries:
            error = await ada.api("GET", f"search?{query}", status=422)
            assert (error["code"], list(error["fields"])) == ("invalid", [field]), query
    for slug in ("no-such-room", "ä"):
        assert (await ada.api("GET", f"search?q=tea&room={slug}", status=404))["code"] == "not_found"
    for q in ("%ED%A0%80x", "a" * 200, "tea%20%F0%9F%91%8D", "%E5%A4%A9%E6%B0%94"):
        assert (await ada.api("GET", f"search?q={q}"))["items"] == []
    assert (await rest.get("/api/search?q=tea")).status_code == 401


@pytest.mark.usefixtures("fresh_limits")
async def test_searches_have_a_rate_of_their_own(rest: httpx.AsyncClient, settings: Settings) -> None:
    settings.RATE_SEARCH = "2/day"
    ada, bob = await register(rest, "Ada"), await register(rest, "Bob")
    for _ in range(2):
        await ada.api("GET", "search?q=tea")
    assert (await ada.api("GET", "search?q=tea", status=429))["retry_after"]
    await ada.make_room()
    await bob.api("GET", "search?q=tea")


@pytest.mark.usefixtures("fresh_limits")
async def test_looks_for_people_and_rooms_are_counted_together(rest: httpx.AsyncClient, settings: Settings) -> None:
    settings.RATE_SEARCH = "2/day"
    ada = await register(rest, "Ada")
    for path in ("users?q=a", "rooms/public?q=a"):
        await ada.api("GET", path)
    for path in ("users?q=a", "users", "rooms/public?q=a"):
        assert (await ada.api("GET", path, status=429))["retry_after"]
    await ada.api("GET", "rooms/public")
    await ada.api("GET", "search?q=tea")
