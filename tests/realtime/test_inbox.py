"""The inbox: what happens in all of a person's rooms, over one connection."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from tests.clients import LIVE, LiveClient, Refused, SocketIOClient, WebSocketClient
from tests.company import Company, Enter
from tests.inboxes import ACTIVITY, INBOX, INBOXES, InboxClient, SocketIOInbox, WebSocketInbox
from tests.people import PASSWORD, Person
from tests.servers import ChatServer
from tests.wire import EngineIO, Packet

pytestmark = pytest.mark.asyncio

REVOKED_WITHIN = 2.0  # seconds
BURST = 60  # messages
Inboxes: TypeAlias = dict[str, InboxClient]


@pytest.fixture(params=INBOXES, ids=lambda door: door.door)
def door(request: pytest.FixtureRequest) -> type[InboxClient]:
    found: type[InboxClient] = request.param
    return found


@pytest_asyncio.fixture
async def bobs(company: Company) -> AsyncIterator[list[InboxClient]]:
    """Bob's inbox through both doors."""
    async with AsyncExitStack() as stack:
        inboxes = [await door.look(company.bob) for door in INBOXES]
        for inbox in inboxes:
            stack.push_async_callback(inbox.close)
        yield inboxes


def fetch(person: Person) -> dict[str, dict[str, Any]]:
    return {room["slug"]: room for room in person.api("GET", "rooms").json()["items"]}


def done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def sent(company: Company) -> None:
    done(company.alice.api("POST", f"rooms/{company.slug}/messages", json={"message": "hi"}))


def mentioned(company: Company) -> None:
    body = {"message": "Bob!", "mention_ids": [company.bob.id]}
    done(company.alice.api("POST", f"rooms/{company.slug}/messages", json=body))


def deleted_message(company: Company) -> None:
    message = done(company.alice.api("POST", f"rooms/{company.slug}/messages", json={"message": "hi"}))
    done(company.alice.api("DELETE", f"rooms/{company.slug}/messages/{message['id']}"))


def read(company: Company) -> None:
    message = done(company.alice.api("POST", f"rooms/{company.slug}/messages", json={"message": "hi"}))
    done(company.bob.api("POST", f"rooms/{company.slug}/read", json={"seq": message["seq"]}))


def wrote(company: Company) -> None:
    done(company.alice.api("POST", f"rooms/{company.slug}/messages", json={"message": "hi"}))
    done(company.bob.api("POST", f"rooms/{company.slug}/messages", json={"message": "ho"}))


def renamed(company: Company) -> None:
    done(company.alice.api("PATCH", f"rooms/{company.slug}", json={"name": "Coffee"}))


def made(company: Company) -> None:
    company.alice.make_room("New", kind="private", member_ids=[company.bob.id])


def made_by_oneself(company: Company) -> None:
    company.bob.make_room("Mine")


def added(company: Company) -> None:
    slug = company.alice.make_room("Later", kind="private")
    done(company.alice.api("POST", f"rooms/{slug}/messages", json={"message": "before"}))
    done(company.alice.api("POST", f"rooms/{slug}/members", json={"user_id": company.bob.id}))


def joined(company: Company) -> None:
    done(company.bob.api("POST", f"rooms/{company.alice.make_room('Open')}/join"))


def opened_direct(company: Company) -> None:
    stranger = Person.register(company.bob.server, "Stranger")
    done(stranger.api("POST", "rooms/direct", json={"user_id": company.bob.id}))


def removed(company: Company) -> None:
    done(company.alice.api("DELETE", f"rooms/{company.slug}/members/{company.bob.id}"))


def left(company: Company) -> None:
    done(company.bob.api("POST", f"rooms/{company.slug}/leave"))


def left_and_came_back(company: Company) -> None:
    left(company)
    done(company.alice.api("POST", f"rooms/{company.slug}/members", json={"user_id": company.bob.id}))


def deleted(company: Company) -> None:
    done(company.alice.api("DELETE", f"rooms/{company.slug}"))


CHANGES: list[Callable[[Company], None]] = [
    sent,
    mentioned,
    deleted_message,
    read,
    wrote,
    renamed,
    made,
    made_by_oneself,
    added,
    joined,
    opened_direct,
    removed,
    left,
    left_and_came_back,
    deleted,
]
LIVE_FIELDS = ("name", "kind", *ACTIVITY)


def live(rooms: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What an inbox keeps up to date of its rooms."""
    return {slug: {field: room[field] for field in LIVE_FIELDS} for slug, room in rooms.items()}


async def test_it_begins_with_my_rooms(bobs: list[InboxClient], company: Company) -> None:
    items = company.bob.api("GET", "rooms").json()["items"]
    assert [inbox.sync for inbox in bobs] == [{"rooms": items}] * 2
    assert company.slug in bobs[0].rooms


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
async def test_what_is_told_makes_the_state_fetched_afterwards(
    bobs: list[InboxClient], company: Company, change: Callable[[Company], None]
) -> None:
    before = live(bobs[0].rooms)
    await asyncio.to_thread(change, company)
    after = live(fetch(company.bob))
    assert after != before
    for inbox in bobs:
        await inbox.follow(lambda rooms: live(rooms) == after)


async def test_an_added_room_comes_as_it_is_fetched(bobs: list[InboxClient], company: Company) -> None:
    slug = company.alice.make_room("New", member_ids=[company.bob.id])
    for inbox in bobs:
        assert (await inbox.wait_for("room_added"))["room"] == company.bob.api("GET", f"rooms/{slug}").json()


async def test_the_end_of_the_other_ones_account_is_told(company: Company) -> None:
    dot = Person.register(company.bob.server, "Dot")
    slug = done(dot.api("POST", "rooms/direct", json={"user_id": company.bob.id}))["slug"]
    async with AsyncExitStack() as stack:
        inboxes = [await door.look(company.bob) for door in INBOXES]
        for inbox in inboxes:
            stack.push_async_callback(inbox.close)
        done(dot.api("DELETE", "users/me", json={"password": PASSWORD, "messages": "keep"}))
        room = done(company.bob.api("GET", f"rooms/{slug}"))
        assert room["peer"]["name"] == "Deleted user"
        for inbox in inboxes:
            await inbox.follow(lambda rooms: rooms[slug] == room)


async def test_a_burst_is_told_once_a_second(bobs: list[InboxClient], company: Company, enter: Enter) -> None:
    alice = await enter(WebSocketClient, company.alice)
    started = time.monotonic()
    for number in range(BURST):
        last = await alice.send_message(f"Line {number}")
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["last_seq"] == last["seq"])
        told = [event for event in inbox.events.all if event.payload.get("slug") == company.slug]
        assert len(told) <= 2 + (time.monotonic() - started)
        assert inbox.rooms[company.slug]["unread_count"] == BURST
        assert inbox.rooms[company.slug]["last_message"] == last


async def test_rooms_of_others_are_not_told(bobs: list[InboxClient], company: Company) -> None:
    secret = company.alice.make_room("Secret", kind="private")
    done(company.alice.api("POST", f"rooms/{secret}/messages", json={"message": "psst"}))
    sent(company)
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["unread_count"] == 1)
        told = {event.payload["slug"] for event in inbox.events.all if event.name == "room_activity"}
        assert company.slug in told
        assert told | inbox.rooms.keys() <= fetch(company.bob).keys()


async def test_one_connection_carries_inbox_and_rooms(company: Company, server: ChatServer) -> None:
    async with await EngineIO.open(server.url) as engine:
        inbox = await SocketIOInbox.open(server.url, INBOX, company.bob.token, engine=engine)
        room = await SocketIOClient.open(server.url, company.slug, company.bob.token, engine=engine)
        said = await room.send_message("Here")
        assert await room.wait_for("message") == said
        activity = await inbox.wait_for("room_activity", lambda told: told["last_seq"] == said["seq"])
        assert (activity["last_message"], activity["unread_count"]) == (said, 0)
        await inbox.leave()
        assert (await room.send_message("Still here"))["seq"] == said["seq"] + 1


async def test_a_second_one_on_the_same_connection_is_a_conflict(company: Company) -> None:
    async with await SocketIOInbox.look(company.bob) as inbox:
        await inbox.engine.send(Packet(0, "/", None, {"token": company.bob.token}))
        answer = await inbox.engine.packets.take(lambda packet: packet.kind == 4)
        assert answer.data["message"] == "conflict"
        sent(company)
        await inbox.wait_for("room_activity")


@pytest.mark.parametrize("event", ["message", "connect", "disconnect", "inbox", "nothing", "read"])
async def test_commands_are_invalid(door: type[InboxClient], company: Company, event: str) -> None:
    async with await door.look(company.bob) as inbox:
        ack = await inbox.emit(event, {"message": "hi", "seq": 1})
        assert (ack["ok"], ack["error"]["code"]) == (False, "invalid")
        sent(company)
        await inbox.wait_for("room_activity")


@pytest.mark.parametrize("frame", ["", "x", "[]", "null", "{", b"\x00", "[" * 20_000])
async def test_frames_that_make_no_sense_are_invalid(company: Company, frame: str | bytes) -> None:
    async with await WebSocketInbox.look(company.bob) as inbox:
        await inbox.wire.send(frame)
        ack = await inbox.wait_for("ack")
        assert (ack["ok"], ack["error"]["code"]) == (False, "invalid")
        sent(company)
        await inbox.wait_for("room_activity")


async def test_a_wrong_token_is_refused(door: type[InboxClient], company: Company) -> None:
    stranger = Person(server=company.bob.server, id=0, name="", email="", token="0" * 64)
    with pytest.raises(Refused) as refused:
        await door.look(stranger)
    assert refused.value.code == "unauthorized"


async def test_too_many_connects_are_refused(door: type[InboxClient]) -> None:
    with ChatServer(RATE_CONNECT="2/hour") as server:
        bob = Person.register(server, "Bob")
        for _ in range(2):
            async with await door.look(bob):
                pass
        with pytest.raises(Refused) as refused:
            await door.look(bob)
        assert refused.value.code == "rate_limited"
        assert refused.value.error["retry_after"] > 0


async def test_logging_out_ends_it(door: type[InboxClient], company: Company, server: ChatServer) -> None:
    carol = Person.register(server, "Carol")
    async with await door.look(carol) as inbox:
        done(carol.api("POST", "auth/logout"))
        assert (await inbox.wait_for("bye", seconds=REVOKED_WITHIN))["code"] == "revoked"
        assert (await inbox.wait_closed()).code == (0 if isinstance(inbox, SocketIOClient) else 4401)


async def test_a_stop_is_told(door: type[InboxClient]) -> None:
    with ChatServer() as server:
        bob = Person.register(server, "Bob")
        async with await door.look(bob) as inbox:
            server.terminate()
            assert await inbox.wait_for("bye") == {"code": "draining", "retry_after": 1}
            assert (await inbox.wait_closed()).code == 1012


@pytest.mark.parametrize("room_door", LIVE, ids=lambda door: door.door)
async def test_reading_in_the_room_moves_the_inbox(
    bobs: list[InboxClient], room_door: type[LiveClient], company: Company, enter: Enter
) -> None:
    for _ in range(3):
        sent(company)
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["unread_count"] == 3)
    bob = await enter(room_door, company.bob)
    await bob.call("read", seq=3)
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["unread_count"] == 1)
