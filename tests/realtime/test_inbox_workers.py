"""The inbox at one worker shows what happens at another one, or where no worker was told of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.clients import LIVE, LiveClient, SocketIOClient
from tests.company import Company, Enter
from tests.inboxes import INBOXES, InboxClient, WebSocketInbox
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer, Cluster

pytestmark = pytest.mark.asyncio

REVOKED_WITHIN = 2.0  # seconds, the promise
FOUND_WITHIN = 5.0  # seconds after it was stored, when nothing tells
SILENT = """
from backend.chat.inputs import SendIn
from backend.chat.models import ChatRoom
from backend.chat.services import members, reads, rooms, sending
slug, alice, bob = {slug!r}, {alice}, {bob}
{doing}
"""
SEND = "sending.send_message(slug=slug, user_id=alice, body=SendIn(message='Psst'))"


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    """Everybody talks to the first worker; the inboxes are at the second."""
    return Company.gather(two_workers.workers[0])


@pytest.fixture
def second(two_workers: Cluster) -> ChatServer:
    return two_workers.workers[1]


@pytest_asyncio.fixture
async def bobs(company: Company, second: ChatServer) -> AsyncIterator[list[InboxClient]]:
    async with AsyncExitStack() as stack:
        inboxes = [await door.look(company.bob, second) for door in INBOXES]
        for inbox in inboxes:
            stack.push_async_callback(inbox.close)
        yield inboxes


@pytest.mark.parametrize("door", LIVE, ids=lambda door: door.door)
async def test_messages_and_reading(
    bobs: list[InboxClient], door: type[LiveClient], company: Company, enter: Enter
) -> None:
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    said = await alice.send_message("Hello")
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["last_message"] == said, seconds=FOUND_WITHIN)
        assert inbox.rooms[company.slug]["unread_count"] == 1
    await bob.call("read", seq=said["seq"])
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["unread_count"] == 0, seconds=FOUND_WITHIN)


async def test_coming_and_going(bobs: list[InboxClient], company: Company) -> None:
    slug = company.alice.make_room("New", kind="private", member_ids=[company.bob.id])
    for inbox in bobs:
        await inbox.follow(lambda rooms: slug in rooms)
    company.alice.api("POST", f"rooms/{slug}/messages", json={"message": "Welcome"})
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[slug]["unread_count"] == 1)
    company.alice.api("DELETE", f"rooms/{slug}/members/{company.bob.id}")
    company.alice.api("DELETE", f"rooms/{company.slug}")
    for inbox in bobs:
        await inbox.follow(lambda rooms: not rooms.keys() & {slug, company.slug})


async def test_logging_out_ends_it(company: Company, second: ChatServer) -> None:
    carol = Person.register(company.alice.server, "Carol")
    inboxes = [await door.look(carol, second) for door in INBOXES]
    carol.api("POST", "auth/logout")
    for inbox in inboxes:
        assert (await inbox.wait_for("bye", seconds=REVOKED_WITHIN))["code"] == "revoked"
        assert (await inbox.wait_closed()).code == (0 if isinstance(inbox, SocketIOClient) else 4401)
        await inbox.close()


@pytest.mark.parametrize(
    "doing",
    [
        SEND,
        "reads.mark_reads([reads.Read(slug, bob, 2)])",
        "rooms.create_room(owner_id=alice, name='Hidden', kind='private', member_ids=[bob])",
        "members.remove_member(slug=slug, user_id=alice, member_id=bob)",
        "rooms.rename_room(slug=slug, user_id=alice, name='Coffee')",
        "rooms.delete_room(slug=slug, user_id=alice)",
    ],
)
async def test_what_nothing_tells_is_found(
    bobs: list[InboxClient], company: Company, two_workers: Cluster, doing: str
) -> None:
    said = company.alice.api("POST", f"rooms/{company.slug}/messages", json={"message": "Hello"}).json()
    for inbox in bobs:
        await inbox.follow(lambda rooms: rooms[company.slug]["last_seq"] == said["seq"])
    code = SILENT.format(slug=company.slug, alice=company.alice.id, bob=company.bob.id, doing=doing)
    outsider = ChatServer(**{**two_workers.environment, "REDIS_URL": ""})  # it has no way to tell the workers
    try:
        await asyncio.to_thread(outsider.manage, "shell", "--command", code)
    finally:
        outsider.close()
    stored = time.monotonic()
    after = {room["slug"]: room for room in company.bob.api("GET", "rooms").json()["items"]}
    fields = ("name", "last_seq", "unread_count")

    def same(rooms: dict[str, dict[str, object]]) -> bool:
        return {slug: [room[field] for field in fields] for slug, room in rooms.items()} == {
            slug: [room[field] for field in fields] for slug, room in after.items()
        }

    for inbox in bobs:
        await inbox.follow(same, seconds=FOUND_WITHIN)
    assert time.monotonic() - stored < FOUND_WITHIN


async def test_a_worker_listens_to_the_rooms_of_its_inboxes_only(two_workers: Cluster, second: ChatServer) -> None:
    carol = Person.register(second, "Carol")
    slugs = [carol.make_room(f"Room {number}") for number in range(3)]
    redis = two_workers.redis.client

    def channels() -> int:
        return len(redis.pubsub_channels("*:room:*")) + len(redis.pubsub_channels("*:person:*"))

    await asyncio.to_thread(wait_until, lambda: channels() == 0, what="nobody is connected", seconds=10)
    async with await WebSocketInbox.look(carol, second) as inbox:
        assert inbox.rooms.keys() == set(slugs)
        assert channels() == len(slugs) + 1
        carol.api("DELETE", f"rooms/{slugs[0]}")
        await inbox.wait_for("room_removed")
        await asyncio.to_thread(wait_until, lambda: channels() == len(slugs), what="one room less", seconds=5)
    await asyncio.to_thread(wait_until, lambda: channels() == 0, what="the inbox is closed", seconds=5)
