"""P5: Redis is only the doorbell. While it hangs or is gone, messages are acked at once and arrive within seconds."""

import asyncio
import time
from collections.abc import Callable

from tests.chaos.load import make_room
from tests.clients import LiveClient, SocketIOClient, WebSocketClient
from tests.processes import wait_until
from tests.servers import ChatServer, Cluster

ACK_SECONDS = 1.0
LATE_SECONDS = 5.0  # P5
PROMPT_SECONDS = 1.0  # quicker than the sweep of the database brings it
RED_SECONDS = 10.0  # a hung Redis is told from a slow one by its silence
BACK_SECONDS = 2.0


def redis_check(worker: ChatServer) -> tuple[int, str]:
    """The status of /readyz, and what it says about Redis."""
    answer = worker.http.get("/readyz")
    return answer.status_code, answer.json()["checks"]["redis"]


def wait_for_red(workers: list[ChatServer]) -> None:
    """Wait until every worker says that Redis is the trouble."""

    def red() -> bool:
        checks = [redis_check(worker) for worker in workers]
        return all(status == 503 and "Redis" in trouble for status, trouble in checks)

    wait_until(red, what="/readyz is red", seconds=RED_SECONDS)


def wait_for_green(workers: list[ChatServer]) -> None:
    """Wait until every worker listens to Redis again."""
    wait_until(
        lambda: all(redis_check(worker) == (200, "ok") for worker in workers),
        what="/readyz is green",
        seconds=BACK_SECONDS,
    )


async def worst_times(sender: LiveClient, receiver: LiveClient, messages: int) -> tuple[float, float]:
    """The worst seconds to the ack and to the other worker, of messages said one after the other."""
    acks, deliveries = [], []
    for _ in range(messages):
        start = time.monotonic()
        sent = await sender.send_message("Do you hear me?")
        acks.append(time.monotonic() - start)
        await receiver.wait_for("message", lambda message: message["id"] == sent["id"])  # noqa: B023
        deliveries.append(time.monotonic() - start)
    print(f"worst ack {max(acks):.2f} s, worst delivery {max(deliveries):.2f} s")
    return max(acks), max(deliveries)


async def talk_without_redis(workers: list[ChatServer], go: Callable[[], None], back: Callable[[], None]) -> None:
    """Talk from worker to worker: with Redis, while it is gone until `/readyz` says so, and with Redis again."""
    slug, [ana, ben, cem] = await asyncio.to_thread(make_room, workers[0], 3)
    async with (
        await SocketIOClient.open(workers[0].url, slug, ana.token) as sender,
        await WebSocketClient.open(workers[1].url, slug, ben.token) as receiver,
    ):
        _, delivery = await worst_times(sender, receiver, 10)
        assert delivery < PROMPT_SECONDS

        await asyncio.to_thread(go)
        red = asyncio.create_task(asyncio.to_thread(wait_for_red, workers))
        ack, delivery = await worst_times(sender, receiver, 5)
        assert ack < ACK_SECONDS
        assert delivery < LATE_SECONDS
        await red
        async with await WebSocketClient.open(workers[2].url, slug, cem.token) as newcomer:  # opens the room there
            ack, delivery = await worst_times(sender, newcomer, 2)
            assert ack < ACK_SECONDS
            assert delivery < LATE_SECONDS

            await asyncio.to_thread(back)
            await asyncio.to_thread(wait_for_green, workers)
            for listener in (receiver, newcomer):
                _, delivery = await worst_times(sender, listener, 10)
                assert delivery < PROMPT_SECONDS


def test_a_hung_redis_delays_only_delivery(chat: Cluster) -> None:
    asyncio.run(talk_without_redis(chat.workers, chat.redis.pause, chat.redis.resume))


def test_a_stopped_redis_delays_only_delivery(chat: Cluster) -> None:
    asyncio.run(talk_without_redis(chat.workers, chat.redis.stop, chat.redis.start))
