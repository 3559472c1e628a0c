"""P1 to P5 while things break: 60 people in 20 rooms talk on, and the checker finds no breach in what they saw."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence

from tests.chaos.checker import check, check_graceful
from tests.chaos.history import History, Log, Summary
from tests.chaos.load import SECONDS, storm
from tests.chaos.proxy import SwallowingProxy
from tests.servers import ChatServer, Cluster

LATE_SECONDS = 5.0  # after storing it, a message has to be with everybody who is connected (P5)


async def weather(
    chat: Cluster, fault: Callable[[], Awaitable[None]], servers: Sequence[ChatServer] = ()
) -> tuple[History, dict[str, Log]]:
    """A storm without findings; prints its numbers."""
    history, logs = await storm(servers or chat.workers, chat.postgres, fault)
    summary = Summary.of(history)
    print(summary)
    assert check(history, logs) == []
    assert summary.worst_delay < LATE_SECONDS
    return history, logs


def test_workers_are_killed(chat: Cluster) -> None:
    async def fault() -> None:
        start = time.monotonic()
        for number, worker in zip(range(1, 5), itertools.cycle(chat.workers), strict=False):
            await asyncio.to_thread(worker.kill9)
            await asyncio.to_thread(worker.start)
            await asyncio.sleep(start + 4 * number - time.monotonic())

    asyncio.run(weather(chat, fault))


def test_redis_is_away_for_ten_seconds(chat: Cluster) -> None:
    async def fault() -> None:
        await asyncio.sleep(2)
        await asyncio.to_thread(chat.redis.stop)
        await asyncio.sleep(10)
        await asyncio.to_thread(chat.redis.start)

    asyncio.run(weather(chat, fault))


def test_listeners_are_cut_off_each_second(chat: Cluster) -> None:
    killed = 0

    async def fault() -> None:
        nonlocal killed
        for _ in range(int(SECONDS)):
            await asyncio.sleep(1)
            killed += chat.redis.client.client_kill_filter(_type="pubsub")

    asyncio.run(weather(chat, fault))
    assert killed


def test_every_third_publish_is_swallowed(chat: Cluster) -> None:
    async def scene() -> None:
        async with SwallowingProxy(chat.redis.port).running() as proxy:
            servers = [ChatServer(**{**chat.environment, "REDIS_URL": proxy.url}) for _ in range(3)]
            try:
                await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
                await weather(chat, calm, servers)
            finally:
                await asyncio.gather(*(asyncio.to_thread(server.close) for server in servers))
        assert proxy.swallowed > 100

    async def calm() -> None:
        pass

    asyncio.run(scene())


def test_postgresql_is_restarted(chat: Cluster) -> None:
    async def fault() -> None:
        await asyncio.sleep(SECONDS / 2)
        await asyncio.to_thread(chat.postgres.restart)

    asyncio.run(weather(chat, fault))


def test_workers_are_restarted_one_after_the_other(chat: Cluster) -> None:
    async def fault() -> None:
        await asyncio.sleep(2)
        for worker in chat.workers:
            await asyncio.to_thread(worker.restart)

    history, logs = asyncio.run(weather(chat, fault))
    assert check_graceful(history, logs) == []
