"""Everybody comes at once, is dropped and comes back: nothing is missing, and the database hardly notices."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.clients import LiveClient, SocketIOClient, WebSocketClient
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer, Cluster, PostgresServer

pytestmark = pytest.mark.asyncio

ROOMS = 20
PEOPLE = 50  # in each room, with a connection a room
MISSED = 10  # messages of each room
AT_ONCE = 500  # connects under way: what one process can do with a Python client
CONNECTS_A_QUERY = 10  # at 1,000 clients that a busy test opens; more of them make larger batches
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (\s*\w.*)")


@contextmanager
def statements(postgres: PostgresServer) -> Iterator[list[str]]:
    """What PostgreSQL is asked during the block."""

    def log(value: str) -> None:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
            connection.execute("SELECT pg_reload_conf()")

    def is_logging() -> bool:
        with psycopg.connect(postgres.url("postgres")) as connection:
            return connection.execute("SHOW log_statement").fetchone() == ("all",)

    found: list[str] = []
    log("all")
    try:
        wait_until(is_logging, what="PostgreSQL logs statements")
        start = len(postgres.log.read_text())
        yield found
        found += STATEMENT.findall(postgres.log.read_text()[start:])
    finally:
        log("none")


def is_empty(server: ChatServer) -> bool:
    return "chat_connections 0.0" in server.http.get("/metrics").text


@pytest.mark.parametrize(
    ("door", "back_at"), [(SocketIOClient, 0), (WebSocketClient, 1)], ids=["the same worker", "another worker"]
)
async def test_everybody_comes_back_at_once(two_workers: Cluster, door: type[LiveClient], back_at: int) -> None:
    first, second = two_workers.workers[0], two_workers.workers[back_at]
    alice = Person.register(first, "Alice")
    people = [Person.register(first, f"Person {number}") for number in range(PEOPLE)]
    rooms = [alice.make_room(f"Room {number}", member_ids=[person.id for person in people]) for number in range(ROOMS)]
    seats = [(room, person) for person in people for room in rooms]
    gate = asyncio.Semaphore(AT_ONCE)
    everybody: list[LiveClient] = []

    async def come(room: str, person: Person, server: ChatServer, since: int | None = None) -> LiveClient:
        async with gate:
            everybody.append(await door.open(server.url, room, person.token, since))
            return everybody[-1]

    async def go(server: ChatServer) -> None:
        while everybody:
            everybody.pop().abort()
        await asyncio.to_thread(wait_until, lambda: is_empty(server), what="the server sees that all are gone")

    try:
        welcome = {room: post(alice, room, "Welcome") for room in rooms}
        with statements(two_workers.postgres) as asked:
            clients = await asyncio.gather(*(come(room, person, first) for room, person in seats))
        assert 0 < len(asked) < len(clients) / CONNECTS_A_QUERY, asked
        for (room, _), client in zip(seats, clients, strict=True):
            assert client.sync["messages"][-1] == welcome[room]
        await go(first)

        said = {room: [post(alice, room, f"Line {number}") for number in range(MISSED)] for room in rooms}
        with statements(two_workers.postgres) as asked:
            back = await asyncio.gather(
                *(
                    come(room, person, second, client.sync["seq"])
                    for (room, person), client in zip(seats, clients, strict=True)
                )
            )
        assert 0 < len(asked) < len(back) / CONNECTS_A_QUERY, asked
        last = {room: post(alice, room, "Welcome back") for room in rooms}
        for (room, _), client in zip(seats, back, strict=True):
            assert client.sync["recovered"]
            assert client.sync["messages"] == said[room]
            assert await client.wait_for("message") == last[room]
    finally:
        await go(second)


def post(person: Person, room: str, text: str) -> dict[str, object]:
    answer = person.api("POST", f"rooms/{room}/messages", json={"message": text})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    message: dict[str, object] = answer.json()
    return message
