"""A graceful stop: what was taken is answered, everybody is told, and nobody can hold the process up."""

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from backend.__main__ import GRACE
from tests.clients import LIVE, LiveClient
from tests.company import Company, Enter
from tests.polling import Poller
from tests.servers import ChatServer
from tests.wire import Closed, Packet

pytestmark = pytest.mark.asyncio

IN_FLIGHT = 200  # messages at a time, over four connections
ENOUGH = 300  # messages acked before the stop
LARGE = "😀" * 4_000  # 16 KB as UTF-8
STALLED_LINES = 220  # 3.5 MB: what the kernel takes for a client, and a part of what the server does


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server of its own, for each test to stop."""
    with ChatServer() as server:
        yield server
        assert "Traceback" not in server.log.read_text(), server.log_end()


@pytest.fixture(params=LIVE, ids=lambda door: door.door)
def door(request: pytest.FixtureRequest) -> type[LiveClient]:
    found: type[LiveClient] = request.param
    return found


async def wait_until_ended(server: ChatServer) -> None:
    """Wait for the process to end by itself, long before its grace period would end it."""
    assert server.process is not None
    await asyncio.to_thread(server.process.wait, GRACE / 3)


async def assert_told(client: LiveClient) -> None:
    assert await client.wait_for("bye") == {"code": "draining", "retry_after": 1}
    assert (await client.wait_closed()).code == 1012


def stored(server: ChatServer) -> dict[str, int]:
    """The id of each message with a `client_id`, straight from the database; each is there once."""
    with closing(sqlite3.connect(server.folder / "chat.sqlite3")) as database:
        rows = database.execute("SELECT client_id, id FROM chat_message WHERE client_id IS NOT NULL").fetchall()
    assert len(dict(rows)) == len(rows)
    return dict(rows)


async def test_messages_in_flight_are_answered(
    door: type[LiveClient], server: ChatServer, company: Company, enter: Enter
) -> None:
    talkers = [await enter(door, person) for person in (company.alice, company.bob) for _ in range(2)]
    acked: dict[str, int] = {}  # client_id: id
    unanswered: set[str] = set()
    enough = asyncio.Event()

    async def talk(number: int, talker: LiveClient) -> None:
        """Talk without a pause until the server ends it."""
        for line in itertools.count():
            client_id = f"{number}-{line}"
            try:
                ack = await talker.emit("message", {"message": "In flight", "client_id": client_id})
            except Closed:
                unanswered.add(client_id)
                return
            if ack["ok"]:
                acked[client_id] = ack["data"]["id"]
            else:
                assert ack["error"]["code"] == "unavailable"
            if len(acked) >= ENOUGH:
                enough.set()

    talks = [asyncio.create_task(talk(number, talkers[number % len(talkers)])) for number in range(IN_FLIGHT)]
    await enough.wait()
    server.terminate()
    await asyncio.gather(*talks, *map(assert_told, talkers))
    await wait_until_ended(server)

    rows = stored(server)
    assert acked.items() <= rows.items()
    assert rows.keys() <= acked.keys() | unanswered
    assert unanswered, "there was something in flight"


async def test_nobody_holds_the_process_up(
    door: type[LiveClient], server: ChatServer, company: Company, enter: Enter
) -> None:
    bob = await enter(door, company.bob)
    stalled = await enter(door, company.alice)
    stalled.pause_reading()
    poller = Poller(server)
    poller.say(Packet(0, f"/{company.alice.make_room('Another')}", None, {"token": company.alice.token}))
    # The last thing to be told in that room: the next poll is open when the stop comes, not just about to be.
    await asyncio.to_thread(poller.hear, "presence")
    polling = asyncio.create_task(asyncio.to_thread(poller.hear, "bye"))
    for _ in range(STALLED_LINES):
        await bob.send_message(LARGE)
    server.terminate()
    await assert_told(bob)
    assert (await polling)[-1].data == ["bye", {"code": "draining", "retry_after": 1}]
    await wait_until_ended(server)
    stalled.abort()
