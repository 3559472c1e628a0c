"""One busy room over every path at once: raw frames, the ordinary path, polling, and from one to another under load."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.clients import LIVE, Client, LiveClient, RestClient, SocketIOClient, WebSocketClient
from tests.company import Company, Enter
from tests.polling import PollingClient
from tests.servers import ChatServer, Cluster, PlainChatServer

pytestmark = pytest.mark.asyncio

UPGRADES = 4  # on each server, while everybody talks
LINES = 60  # of each talker at least, and after the last upgrade some more


@pytest.fixture(scope="module")
def plain(two_workers: Cluster) -> Iterator[ChatServer]:
    """A third worker, started through uvicorn's own command."""
    with PlainChatServer(**two_workers.environment) as server:
        yield server
        server.stop()
        assert "Traceback" not in server.log.read_text(), server.log_end()


@pytest.fixture
def servers(two_workers: Cluster, plain: ChatServer) -> list[ChatServer]:
    return [*two_workers.workers, plain]


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    return Company.gather(two_workers.workers[0])


@pytest_asyncio.fixture
async def pollers(servers: list[ChatServer], company: Company) -> AsyncIterator[list[PollingClient]]:
    """On each server one that goes on polling, and those who will upgrade."""
    clients = [
        await PollingClient.open(server.url, company.slug, company.bob.token)
        for server in servers
        for _ in range(1 + UPGRADES)
    ]
    yield clients
    for client in clients:
        await client.close()


def heard(client: LiveClient | PollingClient) -> list[dict[str, Any]]:
    return [event.payload for event in client.events.all if event.name == "message"]


async def test_everybody_sees_everything_once_and_in_order(
    servers: list[ChatServer], company: Company, enter: Enter, pollers: list[PollingClient]
) -> None:
    on_sockets = [await enter(live, company.bob.at(server)) for server in servers for live in LIVE]
    doors: list[type[Client]] = [SocketIOClient, WebSocketClient, RestClient]
    talkers = [await enter(door, company.alice.at(server)) for door, server in zip(doors, servers, strict=True)]
    listeners: list[LiveClient | PollingClient] = [*on_sockets, *pollers]
    listeners += [talker for talker in talkers if isinstance(talker, LiveClient)]
    said: list[dict[str, Any]] = []
    upgraded = asyncio.Event()

    async def talk(talker: Client) -> None:
        after = 0  # lines since the last upgrade
        for line in itertools.count():
            said.append(await talker.send_message(f"{talker.door} {line}"))
            after += upgraded.is_set()
            if line >= LINES and after >= LINES // 4:
                return

    async def hears_more(poller: PollingClient) -> None:
        last = max((message["seq"] for message in said), default=0)
        await poller.events.take(lambda event: event.name == "message" and event.payload["seq"] > last)

    async def upgrade_all() -> None:
        for number, poller in enumerate(pollers):
            await hears_more(poller)
            if number % (1 + UPGRADES):
                await poller.upgrade()
                await hears_more(poller)
        upgraded.set()

    async with asyncio.TaskGroup() as tasks:
        for talker in talkers:
            tasks.create_task(talk(talker))
        tasks.create_task(upgrade_all())

    said.sort(key=lambda message: message["seq"])
    for listener in listeners:
        await listener.events.take(lambda event: event == ("message", said[-1]))
        missing = [message for message in said if message["seq"] > listener.sync["seq"]]
        assert heard(listener) == missing
        assert len(missing) >= len(talkers) * LINES
