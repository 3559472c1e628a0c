"""P3: a hundred tries of one message at the same time, over every door and two workers, are one message."""

import asyncio
from contextlib import AsyncExitStack

from tests.chaos.history import read_logs
from tests.chaos.load import make_room
from tests.clients import Client, LiveClient, RestClient, SocketIOClient, WebSocketClient
from tests.people import Person
from tests.servers import ChatServer, Cluster

RETRIES = 100
LIVE: tuple[type[LiveClient], ...] = (SocketIOClient, WebSocketClient)
SOCKETS = 4  # of each kind on each worker: one socket's commands run one after the other
MESSAGE = {"message": "Only once", "client_id": "the-same"}


def test_a_hundred_retries_are_one_message(chat: Cluster) -> None:
    async def scene(slug: str, ana: Person, ben: Person, workers: list[ChatServer]) -> None:
        async with AsyncExitStack() as stack:
            senders: list[Client] = []
            observers: list[LiveClient] = []
            for worker in workers:
                for door in LIVE:
                    observers.append(await stack.enter_async_context(await door.open(worker.url, slug, ben.token)))
                    for _ in range(SOCKETS):
                        client = await stack.enter_async_context(await door.open(worker.url, slug, ana.token))
                        senders.append(client)
                        observers.append(client)
                for _ in range(SOCKETS):
                    senders.append(await stack.enter_async_context(await RestClient.open(worker.url, slug, ana.token)))

            tries = [senders[number % len(senders)].emit("message", MESSAGE) for number in range(RETRIES)]
            first, *others = await asyncio.gather(*tries)
            assert first["ok"], first
            assert all(other == first for other in others)

            # Whatever was told of the retries came before this one.
            last = await senders[0].call("message", message="And one more")
            for observer in observers:
                await observer.wait_for("message", lambda message: message["id"] == last["id"])
                messages = [event.payload for event in observer.events.all if event.name == "message"]
                assert messages == [first["data"], last]

        log = (await asyncio.to_thread(read_logs, chat.postgres.url("chat"), [slug]))[slug]
        assert [row.text for row in log.rows if row.kind == "text"] == [MESSAGE["message"], "And one more"]

    slug, [ana, ben] = make_room(chat.workers[0], 2)
    asyncio.run(scene(slug, ana, ben, chat.workers[:2]))
