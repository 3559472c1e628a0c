"""What people do in a room, through every door, against a real server."""

import asyncio
import json
from typing import Any

import pytest

from tests.clients import LIVE, Client, LiveClient, RestClient, SocketIOClient, WebSocketClient
from tests.company import Company, Enter

pytestmark = pytest.mark.asyncio


def exact(value: Any) -> str:
    """JSON that differs when anything does, also the order of the fields."""
    return json.dumps(value)


async def heard_until(client: LiveClient, last: dict[str, Any]) -> list[tuple[str, Any]]:
    """(event, payload) of what a client has heard people do, up to a message that was sent to end the test."""
    await client.wait_for("message", lambda message: message["id"] == last["id"])
    events = [(event.name, event.payload) for event in client.events.all if event.name not in {"sync", "presence"}]
    return events[: events.index(("message", last))]


async def test_hello_is_the_same_json_everywhere(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    hearers = [await enter(live, person) for live in LIVE for person in (company.alice, company.bob)]
    sent = await alice.send_message("  Hello, wörld \u2028 😀 ", client_id=company.slug)
    assert (sent["message"], sent["client_id"], sent["room"]) == ("Hello, wörld \u2028 😀", company.slug, company.slug)
    assert sent["sender"] == {"id": company.alice.id, "name": "Alice", "avatar": None}
    for hearer in hearers:
        assert exact(await hearer.wait_for("message")) == exact(sent)
    for other in (RestClient, SocketIOClient, WebSocketClient):
        late = await enter(other, company.bob)
        assert exact(late.sync["messages"][-1]) == exact(sent)
        assert exact((await late.history())["items"][-1]) == exact(sent)


async def test_everybody_sees_one_order(door: type[Client], company: Company, enter: Enter) -> None:
    writers = [await enter(door, person) for person in (company.alice, company.bob)]
    hearers = [await enter(live, person) for live in LIVE for person in (company.alice, company.bob)]
    start = hearers[0].sync["seq"]

    async def write(writer: Client, name: str) -> None:
        for number in range(15):
            await writer.send_message(f"{name} {number}")

    await asyncio.gather(*(write(writer, name) for writer, name in zip(writers, "AB", strict=True)))
    expected = (await writers[0].history(after=start))["items"]
    assert [message["seq"] for message in expected] == list(range(start + 1, start + 31))
    for name in "AB":
        texts = [message["message"] for message in expected if message["message"].startswith(name)]
        assert texts == [f"{name} {number}" for number in range(15)]
    for hearer in hearers:
        assert [await hearer.wait_for("message") for _ in expected] == expected


async def test_a_retry_is_the_same_message_and_heard_once(door: type[Client], company: Company, enter: Enter) -> None:
    doors = [await enter(each, company.alice) for each in (door, RestClient, SocketIOClient, WebSocketClient)]
    bobs = [await enter(live, company.bob) for live in LIVE]
    answers = [await alice.send_message("Once", client_id=company.slug) for alice in doors]
    assert {exact(answer) for answer in answers} == {exact(answers[0])}
    last = await doors[0].send_message("The end")
    for bob in bobs:
        assert await heard_until(bob, last) == [("message", answers[0])]


async def test_a_client_id_belongs_to_its_sender(door: type[Client], company: Company, enter: Enter) -> None:
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    first = await alice.send_message("Mine", client_id=company.slug)
    second = await bob.send_message("Mine too", client_id=company.slug)
    assert first["id"] != second["id"]


async def test_history_pages_meet_without_hole_or_overlap(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    sent = [await alice.send_message(f"Line {number}") for number in range(25)]
    newest = await alice.history(limit=10)
    assert newest == {"items": sent[15:], "has_more": True, "has_newer": False}
    before = await alice.history(limit=10, before=sent[15]["seq"])
    assert before == {"items": sent[5:15], "has_more": True, "has_newer": False}
    after = await alice.history(limit=10, after=sent[9]["seq"])
    assert after == {"items": sent[10:20], "has_more": True, "has_newer": True}
    rest = await alice.history(after=sent[14]["seq"])
    assert rest == {"items": sent[15:], "has_more": False, "has_newer": False}
    nothing = await alice.history(after=sent[-1]["seq"])
    assert nothing == {"items": [], "has_more": False, "has_newer": False}
    beginning = await alice.history(before=sent[0]["seq"])
    assert [line["kind"] for line in beginning["items"]] == ["created", "joined"][: len(beginning["items"])]
    assert not beginning["has_more"]


async def test_history_around_a_message(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    sent = [await alice.send_message(f"Line {number}") for number in range(12)]
    middle = await alice.history(limit=5, around=sent[6]["seq"])
    assert middle == {"items": sent[4:9], "has_more": True, "has_newer": True}
    end = await alice.history(limit=4, around=sent[-1]["seq"])
    assert end == {"items": sent[-3:], "has_more": True, "has_newer": False}
    assert await alice.history(limit=1, around=sent[6]["seq"]) == {**middle, "items": [sent[6]]}
    beginning = await alice.history(limit=100, around=0)
    assert beginning["items"][-12:] == sent
    assert (beginning["items"][0]["seq"], beginning["has_more"], beginning["has_newer"]) == (1, False, False)
    beyond = await alice.history(limit=4, around=sent[-1]["seq"] + 1_000)
    assert beyond == {"items": sent[-2:], "has_more": True, "has_newer": False}


async def test_a_pin_reaches_everybody(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    hearers = [await enter(live, person) for live in LIVE for person in (company.alice, company.bob)]
    first, second = [await alice.send_message(text) for text in ("Rules", "Menu")]
    pinned = await alice.call("pin", id=first["id"])
    assert pinned == {**first, "updated_seq": second["seq"] + 1, "pinned_at": pinned["pinned_at"]}
    assert pinned["pinned_at"]
    assert await alice.call("pin", id=first["id"]) == pinned, "again changes nothing"
    newer = await alice.call("pin", id=second["id"])
    assert company.bob.api("GET", f"rooms/{company.slug}/pins").json() == {"items": [newer, pinned]}
    unpinned = await alice.call("unpin", id=first["id"])
    assert (unpinned["pinned_at"], unpinned["updated_seq"]) == (None, newer["updated_seq"] + 1)
    assert await alice.call("unpin", id=first["id"]) == unpinned, "again changes nothing"
    for hearer in hearers:
        for changed in (pinned, newer, unpinned):
            assert exact(await hearer.wait_for("message_updated")) == exact(changed)
    assert company.bob.api("GET", f"rooms/{company.slug}/pins").json() == {"items": [newer]}
    assert (await alice.history(limit=2))["items"] == [unpinned, newer]


async def test_who_comes_back_gets_what_was_missed(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(WebSocketClient, company.alice)
    position = (await alice.send_message("Before"))["updated_seq"]
    missed = [await alice.send_message(text) for text in ("One", "Two", "Three")]
    edited = await alice.call("edit", id=missed[0]["id"], message="One, edited")
    bob = await enter(door, company.bob, position)
    assert bob.sync["recovered"]
    assert bob.sync["messages"] == [missed[1], missed[2], edited]
    assert bob.sync["seq"] == edited["updated_seq"]
    ahead = await enter(door, company.bob, 1_000_000)
    assert not ahead.sync["recovered"]
    assert ahead.sync["messages"][-3:] == [edited, missed[1], missed[2]]


async def test_typing_reaches_the_others_only(live_door: type[LiveClient], company: Company, enter: Enter) -> None:
    alice = await enter(live_door, company.alice)
    bobs = [await enter(live, company.bob) for live in LIVE]
    assert await alice.typing() == {"user_id": company.alice.id, "typing": True}
    await alice.tell("typing", {"typing": False})
    last = await alice.send_message("The end")
    notices = [("typing", {"user_id": company.alice.id, "typing": typing}) for typing in (True, False)]
    for bob in bobs:
        assert await heard_until(bob, last) == notices
    assert await heard_until(alice, last) == []


async def test_typing_is_over_when_one_goes(live_door: type[LiveClient], company: Company, enter: Enter) -> None:
    alice = await enter(live_door, company.alice)
    bobs = [await enter(live, company.bob) for live in LIVE]
    await alice.typing()
    for bob in bobs:
        await bob.wait_for("typing", lambda notice: notice["typing"])
    alice.abort()
    for bob in bobs:
        assert await bob.wait_for("typing") == {"user_id": company.alice.id, "typing": False}


async def test_a_changed_message_reaches_everybody(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    bobs = [await enter(live, company.bob) for live in LIVE]
    sent = await alice.send_message("Helo")
    edited = await alice.call("edit", id=sent["id"], message="Hello")
    changes = {"message": "Hello", "updated_seq": sent["seq"] + 1, "edited_at": edited["edited_at"]}
    assert edited == {**sent, **changes}
    assert edited["edited_at"]
    deleted = await alice.call("delete", id=sent["id"])
    assert (deleted["message"], deleted["seq"]) == ("", sent["seq"])
    assert deleted["deleted_at"]
    for bob in bobs:
        assert await bob.wait_for("message") == sent
        assert exact(await bob.wait_for("message_updated")) == exact(edited)
        assert exact(await bob.wait_for("message_updated")) == exact(deleted)
    assert (await alice.history(limit=1))["items"] == [deleted]


async def test_a_reaction_reaches_everybody(door: type[Client], company: Company, enter: Enter) -> None:
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    hearers = [await enter(live, person) for live in LIVE for person in (company.alice, company.bob)]
    sent = await alice.send_message("Cake?")
    liked = await bob.call("react", id=sent["id"], emoji="👍")
    assert liked["reactions"] == [{"emoji": "👍", "count": 1, "user_ids": [company.bob.id]}]
    assert await bob.call("react", id=sent["id"], emoji="👍") == liked, "again changes nothing"
    both = await alice.call("react", id=sent["id"], emoji="👍")
    assert both["reactions"] == [{"emoji": "👍", "count": 2, "user_ids": [company.bob.id, company.alice.id]}]
    left = await bob.call("unreact", id=sent["id"], emoji="👍")
    assert left["reactions"] == [{"emoji": "👍", "count": 1, "user_ids": [company.alice.id]}]
    assert await bob.call("unreact", id=sent["id"], emoji="👍") == left, "again changes nothing"
    for hearer in hearers:
        for changed in (liked, both, left):
            assert exact(await hearer.wait_for("message_updated")) == exact(changed)
    assert (await alice.history(limit=1))["items"] == [left]


async def test_reading_moves_forward_only(door: type[Client], company: Company, enter: Enter) -> None:
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    first, second = [await alice.send_message(text) for text in ("One", "Two")]
    expected = {"user_id": company.bob.id, "seq": second["seq"]}
    assert await bob.call("read", seq=second["seq"]) == expected
    assert await bob.call("read", seq=first["seq"]) == expected
    assert await bob.call("read", seq=second["seq"] + 1_000) == expected
