"""When a person was last here: after their last connection, and when the server stops."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.accounts.models import User
from backend.accounts.services import mark_seen
from backend.realtime.last_seen import LastSeen
from tests.clients import LIVE, LiveClient
from tests.company import Company
from tests.inboxes import INBOX, INBOXES, WebSocketInbox
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server of its own, for a test to stop."""
    with ChatServer() as server:
        yield server


def last_seen(company: Company, person: Person) -> str | None:
    members = company.alice.api("GET", f"rooms/{company.slug}/members").json()["items"]
    [found] = [member["last_seen"] for member in members if member["id"] == person.id]
    return str(found) if found else None


@pytest.mark.asyncio
@pytest.mark.parametrize("door", [*LIVE, *INBOXES], ids=lambda door: door.__name__)
async def test_it_is_when_the_last_connection_went(door: type[LiveClient], server: ChatServer) -> None:
    company = Company.gather(server)
    async with await WebSocketInbox.look(company.bob):
        slug = company.slug if door in LIVE else INBOX
        async with await door.open(server.url, slug, company.bob.token):
            pass
        assert last_seen(company, company.bob) is None, "one connection is left"
        before = datetime.now(UTC)
    await asyncio.to_thread(wait_until, lambda: last_seen(company, company.bob) is not None, what="written", seconds=5)
    assert datetime.fromisoformat(last_seen(company, company.bob) or "") >= before
    assert last_seen(company, company.alice) is None, "who was never connected"


@pytest.mark.asyncio
async def test_a_stop_writes_it_for_all_who_are_here(server: ChatServer) -> None:
    company = Company.gather(server)
    clients = [
        await door.open(server.url, company.slug, person.token)
        for door, person in zip(LIVE, (company.alice, company.bob), strict=True)
    ]
    await asyncio.to_thread(server.stop)
    with closing(sqlite3.connect(server.folder / "chat.sqlite3")) as database:
        rows = database.execute("SELECT id FROM accounts_user WHERE last_seen_at IS NOT NULL ORDER BY id").fetchall()
    assert rows == [(company.alice.id,), (company.bob.id,)]
    for client in clients:
        await client.close()


@pytest.mark.django_db
def test_many_cost_the_same_queries() -> None:
    people = User.objects.bulk_create(User(email=f"{n}@example.org", name="P") for n in range(1_000))
    costs = []
    for count in (10, 1_000):
        with CaptureQueriesContext(connection) as statements:
            mark_seen(user_ids=[person.pk for person in people[:count]])
        costs.append(len(statements))
    assert costs[0] == costs[1]
    assert not User.objects.filter(pk__in=[person.pk for person in people], last_seen_at=None).exists()


@pytest.mark.django_db
def test_of_deleted_accounts_nothing_is_kept() -> None:
    gone = User.objects.create(email="gone@example.org", name="Gone", deleted_at=timezone.now())
    mark_seen(user_ids=[gone.pk])
    gone.refresh_from_db()
    assert gone.last_seen_at is None


@pytest.mark.django_db  # the threads of the bridge may hold connections that other tests have opened
@pytest.mark.asyncio
async def test_what_fails_is_written_later(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    written: list[list[int]] = []

    def fail(*, user_ids: list[int]) -> None:
        raise RuntimeError("no database")

    seen = LastSeen()
    seen.gone([1, 2])
    monkeypatch.setattr("backend.realtime.last_seen.mark_seen", fail)
    await seen.write()
    assert "no database" in caplog.text
    monkeypatch.setattr("backend.realtime.last_seen.mark_seen", lambda *, user_ids: written.append(sorted(user_ids)))
    seen.gone([3])
    await seen.write()
    await seen.write()
    assert written == [[1, 2, 3]]
