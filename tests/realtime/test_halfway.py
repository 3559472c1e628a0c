"""A socket held half-way through its connect hears nothing of the room, and gets what it missed once it is in."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
import socketio
from psycopg import sql

from tests.clients import LIVE, LiveClient, SocketIOClient
from tests.company import Company, Enter
from tests.processes import wait_until
from tests.servers import Cluster

pytestmark = pytest.mark.asyncio

STATIONS = {"token": "knox_authtoken", "membership": "chat_membership"}  # what a connect asks for, and where
EDIT = """
    UPDATE chat_chatroom SET last_seq = last_seq + 1 WHERE slug = %(slug)s;
    UPDATE chat_message SET message = 'Rewritten', updated_seq = room.last_seq
    FROM chat_chatroom room WHERE room.id = room_id AND room.slug = %(slug)s AND seq = %(seq)s
"""


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    return Company.gather(two_workers.workers[0])


@pytest.fixture
def database(two_workers: Cluster) -> Iterator[psycopg.ClientCursor[tuple[int]]]:
    """The database of the workers; what is done there is committed at once."""
    with psycopg.connect(two_workers.postgres.url("chat"), autocommit=True) as connection:
        yield psycopg.ClientCursor(connection)


@pytest.mark.parametrize("table", STATIONS.values(), ids=list(STATIONS))
@pytest.mark.parametrize("door", LIVE, ids=lambda door: door.door)
async def test_who_is_half_way_in_hears_nothing(
    door: type[LiveClient],
    table: str,
    two_workers: Cluster,
    database: psycopg.ClientCursor[tuple[int]],
    company: Company,
    enter: Enter,
) -> None:
    bobs = [await enter(live, company.bob) for live in LIVE]
    sent = await bobs[0].send_message("Written")
    since = sent["seq"]
    emitter = socketio.RedisManager(two_workers.redis.url, write_only=True)

    def somebody_waits() -> bool:
        database.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table])
        return database.fetchone() != (0,)

    with psycopg.connect(two_workers.postgres.url("chat")) as holder:
        holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        coming = asyncio.create_task(enter(door, company.alice, since))
        await asyncio.to_thread(wait_until, somebody_waits, what="the connect is half-way", seconds=5)

        # Three ways that ask neither for a token nor for a membership.
        emitter.emit("notice", {"text": "Members only"}, namespace=f"/{company.slug}")
        await bobs[0].wait_for("notice")
        await bobs[0].typing()
        database.execute(EDIT, {"slug": company.slug, "seq": sent["seq"]})
        for bob in bobs:
            edited = await bob.wait_for("message_updated")
            assert edited["message"] == "Rewritten"
        assert not coming.done()

    emitter.redis.close()
    alice = await coming
    assert (alice.sync["recovered"], alice.sync["seq"]) == (True, since + 1)
    assert alice.sync["messages"] == [edited]
    last = await bobs[1].send_message("Welcome")
    assert await alice.wait_for("message") == last
    assert [event.name for event in alice.events.all if event.name != "presence"] == ["sync", "message"]
    assert alice.events.all[0].name == "sync"
    if isinstance(alice, SocketIOClient):
        assert [packet.kind for packet in alice.engine.packets.all[:2]] == [0, 2], "CONNECT, then `sync`"
