"""Many chatters in many rooms while something breaks, and the quiet afterwards in which everybody has to catch up."""

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from tests.chaos.chatter import Chatter
from tests.chaos.history import History, Log, read_logs
from tests.clients import LiveClient, SocketIOClient, WebSocketClient
from tests.people import Person
from tests.servers import ChatServer, PostgresServer

DOORS: tuple[type[LiveClient], ...] = (SocketIOClient, WebSocketClient)
NAMES = ("ana", "ben", "cem", "dea", "eli", "fay")
ROOMS = 20
PEOPLE_A_ROOM = 3
SECONDS = 15.0
RATE = 4.0  # messages a second from each person who talks
CUT_EVERY = 5.0  # seconds between the losses of connection of one in four
QUIET_SECONDS = 15.0  # until everybody has everything again


def make_room(server: ChatServer, people: int) -> tuple[str, list[Person]]:
    """A new room with so many new people in it."""
    mark = secrets.token_hex(3)
    members = [Person.register(server, f"{name}-{mark}") for name in NAMES[:people]]
    slug = members[0].make_room(f"Room {mark}", member_ids=[person.id for person in members[1:]])
    return slug, members


def make_chatters(history: History, servers: Sequence[ChatServer]) -> list[Chatter]:
    """Everybody of all rooms. One in a room edits, another likes; in every second room only one talks:
    where nobody else does, no later message shows a worker that it missed one."""
    chatters = []
    for number in range(ROOMS):
        slug, people = make_room(servers[number % len(servers)], PEOPLE_A_ROOM)
        talkative = people if number % 2 else people[:1]
        for index, person in enumerate(people):
            chatter = Chatter(history, person, slug, DOORS[(number + index) % 2], servers)
            chatter.rate = RATE if person in talkative else 0
            chatter.edits = index == 0
            chatter.likes_of = talkative[-1].id if index == 1 else None
            chatters.append(chatter)
    return chatters


@contextlib.asynccontextmanager
async def present(chatters: Sequence[Chatter]) -> AsyncIterator[None]:
    """Inside the block the chatters are there; what failed in one of them is raised at the end."""
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            await asyncio.gather(*(chatter.start() for chatter in chatters))
        yield
    finally:
        outcomes = await asyncio.gather(*(chatter.stop() for chatter in chatters), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def settle(chatters: Sequence[Chatter], postgres: PostgresServer) -> dict[str, Log]:
    """Wait until all is answered and everybody is where the database is, `QUIET_SECONDS` at most; gives the logs."""
    url, slugs = postgres.url("chat"), sorted({chatter.slug for chatter in chatters})
    with contextlib.suppress(TimeoutError):  # the checker says what is missing
        async with asyncio.timeout(QUIET_SECONDS):
            await asyncio.gather(*(chatter.until(chatter.settled) for chatter in chatters))
            logs = await asyncio.to_thread(read_logs, url, slugs)
            await asyncio.gather(*(chatter.reach(logs[chatter.slug].last_seq) for chatter in chatters))
    return await asyncio.to_thread(read_logs, url, slugs)


async def storm(
    servers: Sequence[ChatServer], postgres: PostgresServer, fault: Callable[[], Awaitable[None]]
) -> tuple[History, dict[str, Log]]:
    """The whole story: everybody talks, the fault happens meanwhile, then there is quiet."""
    history = History()
    chatters = await asyncio.to_thread(make_chatters, history, servers)
    async with present(chatters):
        talks = [
            chatter.talk(seconds=SECONDS, cut_every=CUT_EVERY if number % 4 == 0 else None)
            for number, chatter in enumerate(random.sample(chatters, len(chatters)))
        ]
        await asyncio.gather(fault(), *talks)
        logs = await settle(chatters, postgres)
    return history, logs
