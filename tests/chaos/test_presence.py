"""Who is here, over three workers and both kinds of socket: a killed worker leaves no ghosts, a restart is not seen."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from tests.chaos.load import make_room
from tests.clients import LIVE, LiveClient
from tests.inboxes import WebSocketInbox
from tests.people import Person
from tests.servers import ChatServer, Cluster
from tests.wire import Closed

GHOSTS_GO_WITHIN = 45.0  # seconds, the promise
GRACE = 5.0  # seconds somebody may be away without being told as gone
TICK = 1.0  # seconds in which comings and goings are told together, and some more


class Watcher:
    """What one client was told about who is here."""

    def __init__(self, client: LiveClient) -> None:
        self.client = client
        self.here: set[int] = set()
        self.left: set[int] = set()
        self.online = 0

    async def follow(self, until: Any, *, seconds: float) -> None:
        """Take what is told until it is as wanted; TimeoutError if it does not become so."""
        deadline = time.monotonic() + seconds
        while not until(self):
            self.apply(await self.client.wait_for("presence", seconds=deadline - time.monotonic()))

    async def rest(self, seconds: float) -> None:
        """Take what is told for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.apply(await self.client.wait_for("presence", seconds=left))
            except TimeoutError:
                return

    def apply(self, told: dict[str, Any]) -> None:
        self.left |= {*told["left"]}
        self.here = (self.here | {*told["joined"]}) - {*told["left"]}
        self.online = told["online"]


async def enter(stack: AsyncExitStack, door: type[LiveClient], person: Person, server: ChatServer, slug: str) -> Any:
    client = await door.open(server.url, slug, person.token)
    stack.push_async_callback(client.close)
    return client


async def come_back(stack: AsyncExitStack, gone: LiveClient, person: Person, server: ChatServer, slug: str) -> Any:
    """As clients do when they are told that their worker stops."""
    try:
        while True:
            await gone.events.take()
    except Closed:
        return await enter(stack, type(gone), person, server, slug)


def test_people_of_all_workers_are_here_and_a_killed_ones_go(chat: Cluster) -> None:
    async def story() -> None:
        slug, people = await asyncio.to_thread(make_room, chat.workers[0], 5)
        ids = [person.id for person in people]
        doomed = chat.workers[2]
        async with AsyncExitStack() as stack:
            watchers = [
                Watcher(await enter(stack, LIVE[number], people[number], chat.workers[number], slug))
                for number in range(2)
            ]
            for number in (2, 3):
                await enter(stack, LIVE[number % 2], people[number], doomed, slug)
            for number, watcher in enumerate(watchers):
                others = {*ids[:4]} - {ids[number]}
                await watcher.follow(lambda seen: seen.here >= others and seen.online == 4, seconds=10)  # noqa: B023
            await asyncio.to_thread(doomed.kill9)
            killed = time.monotonic()
            for watcher in watchers:
                left = killed + GHOSTS_GO_WITHIN - time.monotonic()
                await watcher.follow(lambda seen: seen.left == {*ids[2:4]}, seconds=left)
                assert watcher.online == 2
            print(f"ghosts were gone after {time.monotonic() - killed:.1f} s")

    asyncio.run(story())


def test_a_rolling_restart_shows_nobody_as_gone(chat: Cluster) -> None:
    async def story() -> None:
        slug, people = await asyncio.to_thread(make_room, chat.workers[0], 4)
        first, *others = people
        async with AsyncExitStack() as stack:
            watcher = Watcher(await enter(stack, LIVE[0], first, chat.workers[0], slug))
            clients = [
                await enter(stack, LIVE[number % 2], person, chat.workers[1], slug)
                for number, person in enumerate(others)
            ]
            everybody = {person.id for person in others}
            await watcher.follow(lambda seen: seen.here >= everybody, seconds=10)
            for stopping, staying in ((1, 2), (2, 1)):
                chat.workers[stopping].terminate()
                clients = list(
                    await asyncio.gather(
                        *(
                            come_back(stack, client, person, chat.workers[staying], slug)
                            for client, person in zip(clients, others, strict=True)
                        )
                    )
                )
                await asyncio.to_thread(chat.workers[stopping].restart)
            # The one who watches moves too: whom it is told of at once is who is here.
            chat.workers[0].terminate()
            moved = Watcher(await come_back(stack, watcher.client, first, chat.workers[1], slug))
            await moved.follow(lambda seen: seen.here >= everybody, seconds=2)
            await asyncio.to_thread(chat.workers[0].restart)
            await moved.rest(GRACE + TICK)
            assert watcher.left | moved.left == set()
            assert moved.here >= everybody

    asyncio.run(story())


def test_who_comes_while_the_workers_are_deaf_is_seen_when_they_hear_again(chat: Cluster) -> None:
    async def story() -> None:
        slug, [ana, ben] = await asyncio.to_thread(make_room, chat.workers[0], 2)
        async with AsyncExitStack() as stack:
            watcher = Watcher(await enter(stack, LIVE[1], ana, chat.workers[0], slug))
            await watcher.follow(lambda seen: ana.id in seen.here, seconds=5)
            await asyncio.to_thread(chat.redis.client.client_kill_filter, _type="pubsub")
            await enter(stack, LIVE[1], ben, chat.workers[1], slug)
            await watcher.follow(lambda seen: ben.id in seen.here, seconds=5)

    asyncio.run(story())


def test_an_inbox_is_right_while_redis_is_away(chat: Cluster) -> None:
    async def story() -> None:
        slug, [ana, ben] = await asyncio.to_thread(make_room, chat.workers[0], 2)
        async with await WebSocketInbox.look(ben, chat.workers[1]) as inbox:
            await asyncio.to_thread(chat.redis.stop)
            said = await asyncio.to_thread(ana.api, "POST", f"rooms/{slug}/messages", json={"message": "Hello"})
            stored = time.monotonic()
            await inbox.follow(lambda rooms: rooms[slug]["unread_count"] == 1, seconds=5)
            assert inbox.rooms[slug]["last_message"] == said.json()
            new = await asyncio.to_thread(ana.make_room, "New", member_ids=[ben.id])
            await inbox.follow(lambda rooms: new in rooms, seconds=5)
            print(f"both were told within {time.monotonic() - stored:.1f} s")
            await asyncio.to_thread(chat.redis.start)

    asyncio.run(story())
