"""The servers that other tests rely on really start, stop, freeze and die."""

import os
import signal
import socket
import sys
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.people import Person
from tests.processes import Server, find_program, missing
from tests.servers import ChatServer, Cluster, PostgresServer, RedisServer


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as postgres:
        yield postgres


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as redis_server:
        yield redis_server


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgres_keeps_what_was_committed(postgres: PostgresServer, how: signal.Signals) -> None:
    database = postgres.create_database(f"kept_{how.name.lower()}")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop(how)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database)
    postgres.start()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_redis_stops_and_comes_back(redis_server: RedisServer) -> None:
    redis_server.stop()
    with pytest.raises(redis.ConnectionError):
        redis_server.client.ping()
    redis_server.start()
    assert redis_server.client.ping()


def test_a_frozen_redis_is_silent_and_wakes_up(redis_server: RedisServer) -> None:
    redis_server.pause()
    with socket.create_connection(("127.0.0.1", redis_server.port), timeout=0.2) as client:
        client.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            client.recv(100)
    redis_server.resume()
    assert redis_server.client.ping()


def test_nothing_is_left_of_a_server() -> None:
    with RedisServer() as server:
        pid, folder = server.pid, server.folder
        server.pause()
    assert gone(pid)
    assert not folder.exists()


def test_a_server_that_ends_while_starting_says_why() -> None:
    class Broken(Server):
        def command(self) -> list[str]:
            return [sys.executable, "-c", "raise SystemExit('no such luck')"]

        def answers(self) -> bool:
            return False

    with pytest.raises(RuntimeError, match="no such luck"), Broken():
        pass


def test_a_missing_program_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs no-such-program"):
        find_program("no-such-program")
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="needs PostgreSQL"):
        missing("PostgreSQL")


def test_a_killed_worker_comes_back_on_its_port() -> None:
    with ChatServer() as server:
        alice, pid = Person.register(server, "Alice"), server.pid
        server.kill9()
        assert gone(pid)
        server.start()
        assert alice.api("GET", "users/me").json()["name"] == "Alice"


def test_a_person_is_known_to_every_worker(two_workers: Cluster) -> None:
    first, second = two_workers.workers
    alice = Person.register(first, "Alice")
    assert alice.at(second).api("GET", "users/me").json()["id"] == alice.id
