"""Workers and their connections to PostgreSQL: cut, stuck, and wanted by a crowd."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import psycopg
import pytest
import pytest_asyncio

from tests.clients import Refused, WebSocketClient
from tests.company import Company, Enter
from tests.people import Person
from tests.processes import wait_until
from tests.servers import Cluster

pytestmark = pytest.mark.asyncio

DB_THREADS = 8  # the default of a worker
ADMIN_AT_ONCE, ADMIN_WAITING = 4, 50
SEARCHES = LOGINS = 4  # at once: these have threads of their own


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    return Company.gather(two_workers.workers[0])


def search(person: Person) -> None:
    answer = person.api("GET", "search?q=tea")
    assert answer.status_code == httpx.codes.OK, answer.text


def cut_connections(database: psycopg.Connection) -> int:
    """End all other connections to the workers' database, and wait until they have ended; gives how many."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = 'chat' AND pid <> pg_backend_pid()"
    return len(
        database.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM ({others}) AS others".encode()).fetchall()
    )


def waiting_for_locks(database: psycopg.Connection) -> int:
    [row] = database.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchall()
    return int(row[0])


async def test_connections_that_the_database_has_cut_are_not_used_again(
    company: Company, enter: Enter, two_workers: Cluster
) -> None:
    readers = [await enter(WebSocketClient, company.alice) for _ in range(DB_THREADS)]

    async def ask_all() -> None:
        searches = [asyncio.to_thread(search, company.alice) for _ in range(SEARCHES)]
        logins = [asyncio.to_thread(company.alice.log_in) for _ in range(LOGINS)]
        await asyncio.gather(*(reader.history() for reader in readers), *searches, *logins)

    await ask_all()
    with psycopg.connect(two_workers.postgres.url("chat"), autocommit=True) as database:
        assert cut_connections(database) > 1
    await ask_all()


async def test_reads_that_the_database_cuts_off_harm_nobody_later(
    company: Company, enter: Enter, two_workers: Cluster
) -> None:
    readers = [await enter(WebSocketClient, company.alice) for _ in range(DB_THREADS)]
    with psycopg.connect(two_workers.postgres.url("chat")) as database:
        database.execute("LOCK TABLE chat_message IN ACCESS EXCLUSIVE MODE")
        reads = [asyncio.create_task(reader.history()) for reader in readers]
        await asyncio.to_thread(wait_until, lambda: waiting_for_locks(database) >= DB_THREADS, what="all reads wait")
        assert cut_connections(database) >= DB_THREADS
    for outcome in await asyncio.gather(*reads, return_exceptions=True):
        assert isinstance(outcome, Refused)
        assert outcome.code == "unavailable"
    await asyncio.gather(*(reader.history() for reader in readers))


@pytest.fixture
def stuck_admin(two_workers: Cluster) -> Iterator[psycopg.Connection]:
    """No visit of the first worker's admin with a cookie is answered before this ends."""
    with psycopg.connect(two_workers.postgres.url("chat")) as database:
        database.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        yield database


@pytest_asyncio.fixture
async def stranger(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    address, cookies = company.alice.server.url, {"sessionid": "x" * 32}
    async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=30) as client:
        yield client


async def test_a_crowd_in_the_admin_takes_few_of_the_databases_connections(
    company: Company, enter: Enter, stuck_admin: psycopg.Connection, stranger: httpx.AsyncClient
) -> None:
    alice = await enter(WebSocketClient, company.alice)
    crowd = ADMIN_AT_ONCE + ADMIN_WAITING
    visits = [asyncio.create_task(stranger.get("/admin/")) for _ in range(crowd + 3)]
    answers = asyncio.as_completed(visits)
    too_many = [(await next(answers)).status_code for _ in range(3)]
    assert too_many == [httpx.codes.SERVICE_UNAVAILABLE] * 3
    await asyncio.to_thread(wait_until, lambda: waiting_for_locks(stuck_admin) >= ADMIN_AT_ONCE, what="some wait")
    await alice.send_message("Nobody else does")
    assert waiting_for_locks(stuck_admin) == ADMIN_AT_ONCE
    stuck_admin.rollback()
    assert [(await answer).status_code for answer in answers] == [httpx.codes.FOUND] * crowd


async def test_nor_does_a_crowd_that_hangs_up(stuck_admin: psycopg.Connection, stranger: httpx.AsyncClient) -> None:
    for _ in range(3):
        visits = [stranger.get("/admin/", timeout=0.5) for _ in range(2 * ADMIN_AT_ONCE)]
        gave_up = await asyncio.gather(*visits, return_exceptions=True)
        assert {type(outcome) for outcome in gave_up} == {httpx.ReadTimeout}
    assert waiting_for_locks(stuck_admin) == ADMIN_AT_ONCE
    stuck_admin.rollback()
    assert (await stranger.get("/admin/")).status_code == httpx.codes.FOUND
