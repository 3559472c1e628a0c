"""A client that stops reading: cut off before it costs much, harmless to the others, and whole again afterwards."""

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clients import LIVE, LiveClient, RestClient
from tests.company import Company, Enter
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer
from tests.wire import Closed

pytestmark = pytest.mark.asyncio

TEXT = "😀" * 4_000  # 16 KB as UTF-8
TALKERS = 4
LINES = 120  # of each talker: 8 MB together, far more than kernel and server hold for one client
PAGE = 20  # messages: 320 KB
PAGES = 60  # 19 MB
STALLED = 4
LONGER = 3  # times: noise, and the work for four more until they are cut off
MB_A_CLIENT = 5  # 1 MiB, and what it takes to make the answer after which the client is over that


@pytest.fixture(params=LIVE, ids=lambda door: door.door)
def door(request: pytest.FixtureRequest) -> type[LiveClient]:
    found: type[LiveClient] = request.param
    return found


class Memory:
    """The memory of a server, from now on."""

    def __init__(self, server: ChatServer) -> None:
        self._process = Path(f"/proc/{server.pid}")
        (self._process / "clear_refs").write_text("5")  # the peak starts anew
        self._before = self._read("VmRSS")

    def growth(self) -> float:
        """MB at most over what it was."""
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> float:
        [line] = [line for line in (self._process / "status").read_text().splitlines() if line.startswith(name)]
        return int(line.split()[1]) / 1_024


class Chatter(NamedTuple):
    said: list[dict[str, Any]]  # in the order of the room
    wait: float  # seconds from a message to its ack, in the median


async def chatter(talkers: list[LiveClient]) -> Chatter:
    """Everybody talks at once."""
    said: list[dict[str, Any]] = []
    waits: list[float] = []

    async def talk(talker: LiveClient) -> None:
        for _ in range(LINES):
            began = time.perf_counter()
            said.append(await talker.send_message(TEXT))
            waits.append(time.perf_counter() - began)

    await asyncio.gather(*map(talk, talkers))
    return Chatter(sorted(said, key=lambda message: message["seq"]), statistics.median(waits))


def heard(client: LiveClient) -> list[dict[str, Any]]:
    return [event.payload for event in client.events.all if event.name == "message"]


async def wait_until_cut_off(person: Person, slug: str, times: int) -> None:
    line = f"Cut off user {person.id} in {slug}"
    done = lambda: person.server.log.read_text().count(line) == times  # noqa: E731
    await asyncio.to_thread(wait_until, done, what=f"{times} times {line!r}", seconds=10)


async def assert_recovers(door: type[LiveClient], company: Company, enter: Enter, since: int) -> None:
    """Who comes back stays, and has everything after its position, or is told that it starts anew."""
    back = await enter(door, company.bob, since)
    rest = await enter(RestClient, company.alice)
    last = await rest.send_message("Are you back?")
    assert await back.wait_for("message") == last
    got = [*back.sync["messages"], last]
    if not back.sync["recovered"]:
        while got[0]["seq"] > since + 1:
            got = (await rest.history(before=got[0]["seq"], limit=100))["items"] + got
    assert [message["seq"] for message in got if message["seq"] > since] == list(range(since + 1, last["seq"] + 1))


async def test_who_stops_reading_is_cut_off(
    door: type[LiveClient], server: ChatServer, company: Company, enter: Enter
) -> None:
    talkers = [await enter(LIVE[number % 2], company.alice) for number in range(TALKERS)]
    readers = [await enter(live, company.bob) for live in LIVE]
    before = await chatter(talkers)  # once without: the server has the memory that such a room takes
    memory = Memory(server)
    stalled = [await enter(door, company.bob) for _ in range(STALLED)]
    for client in stalled:
        client.pause_reading()
    said, wait = await chatter(talkers)
    assert wait < LONGER * before.wait, "the others do not wait for them"
    await wait_until_cut_off(company.bob, company.slug, STALLED)
    assert memory.growth() < MB_A_CLIENT * STALLED
    for reader in readers:
        await reader.wait_for("message", lambda message: message["id"] == said[-1]["id"])
        assert heard(reader)[-len(said) :] == said

    for client in stalled:
        client.resume_reading()
    for client in stalled:
        await client.wait_closed()
        got = heard(client)
        assert got == said[: len(got)], "nothing is left out before the end"
        assert len(got) < len(said)
    await assert_recovers(door, company, enter, got[-1]["seq"] if got else client.sync["seq"])


async def test_who_asks_without_reading_is_cut_off(
    door: type[LiveClient], server: ChatServer, company: Company, enter: Enter
) -> None:
    alice = await enter(RestClient, company.alice)
    for _ in range(PAGE):
        await alice.send_message(TEXT)
    stalled = [await enter(door, company.bob) for _ in range(STALLED)]

    def ask(pages: int) -> list[asyncio.Task[Any]]:
        return [asyncio.create_task(client.history(limit=PAGE)) for client in stalled for _ in range(pages)]

    for _ in range(PAGES // 2):  # while they read, two at a time: the server has the memory that answers take
        await asyncio.gather(*ask(2))
    memory = Memory(server)
    for client in stalled:
        client.pause_reading()
    asked = ask(PAGES)
    await wait_until_cut_off(company.bob, company.slug, STALLED)
    assert memory.growth() < MB_A_CLIENT * STALLED
    for client in stalled:
        client.resume_reading()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for client in stalled:
        await client.wait_closed()
    assert isinstance(answers[-1], Closed)


async def test_who_missed_a_lot_is_not_slow(door: type[LiveClient], company: Company, enter: Enter) -> None:
    talkers = [await enter(live, company.alice) for live in LIVE for _ in range(TALKERS // 2)]
    since = talkers[0].sync["seq"]
    await chatter(talkers)
    await assert_recovers(door, company, enter, since)
