"""P1: a worker killed between commit and publish. What was acked or told is stored, what was stored arrives."""

import asyncio
import random
from collections.abc import Iterator

import psycopg
import pytest

from tests.chaos.chatter import OUTBOX, Chatter
from tests.chaos.checker import check, check_graceful
from tests.chaos.history import History, Log, Summary
from tests.chaos.load import DOORS, make_room, present, settle
from tests.servers import ChatServer, Cluster

KILLS = 6

# The database tells of each commit the moment it happens.
TELL = """
    CREATE FUNCTION tell_commit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NOTIFY committed; RETURN NULL; END';
    CREATE TRIGGER tell_commit AFTER INSERT ON chat_message EXECUTE FUNCTION tell_commit();
"""


@pytest.fixture
def commits(chat: Cluster) -> Iterator[psycopg.Connection]:
    """A connection that hears of every commit of messages."""
    with psycopg.connect(chat.postgres.url("chat"), autocommit=True) as connection:
        connection.execute(TELL)
        connection.execute("LISTEN committed")
        yield connection
        connection.execute("DROP FUNCTION tell_commit CASCADE")


def kill_after(commits: psycopg.Connection, victim: ChatServer, number: int) -> None:
    """Kill the worker the moment the database tells of the commit with this number, from now on."""
    heard = sum(1 for _ in commits.notifies(timeout=10, stop_after=number))
    victim.kill9()
    assert heard >= number


def test_a_worker_dies_between_commit_and_publish(chat: Cluster, commits: psycopg.Connection) -> None:
    async def scene() -> tuple[History, dict[str, Log]]:
        history = History()
        survivor, victim, _ = chat.workers
        slug, people = await asyncio.to_thread(make_room, survivor, 6)
        observers = [Chatter(history, people[index], slug, DOORS[index % 2], [survivor]) for index in (0, 1)]
        writers = [Chatter(history, people[index], slug, DOORS[index % 2], [victim]) for index in (2, 3, 4, 5)]
        async with present(observers + writers):
            for _ in range(KILLS):
                await asyncio.gather(*(writer.connected.wait() for writer in writers))
                for _ in range(OUTBOX):
                    for writer in writers:
                        writer.say()
                list(commits.notifies(timeout=0))  # what is older
                await asyncio.to_thread(kill_after, commits, victim, random.randint(1, 5))
                await asyncio.to_thread(victim.start)
            logs = await settle(observers + writers, chat.postgres)
        return history, logs

    history, logs = asyncio.run(scene())
    between = check_graceful(history, logs)
    print(f"{Summary.of(history)}, {len(between)} of them in {KILLS} kills stored and not acked")
    assert check(history, logs) == []
    assert between, "No kill came between the commit of a message and its ack."
