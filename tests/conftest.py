"""Fixtures for all tests. Where a program is missing, its tests are skipped; with REQUIRE_SERVICES set, they fail."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.db import connection
from django.test import override_settings

from backend.chat import publishing
from backend.chat.events import Event
from tests.company import Company, Enter
from tests.processes import ROOT, find_program, missing
from tests.servers import ChatServer, Cluster, cluster

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request buries what a failed test reports


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What was published, instead of telling it to sockets."""
    events: list[Event] = []
    monkeypatch.setattr(publishing, "_publisher", lambda: events.extend)
    return events


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file: threads can't see one another's work in memory."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def media_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where uploads of tests inside pytest go."""
    folder = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=folder):
        yield folder


@pytest.fixture(scope="session")
def server() -> Iterator[ChatServer]:
    """One worker on SQLite, without Redis: what `make run` serves."""
    with ChatServer() as server:
        yield server
        server.stop()
        assert "Traceback" not in server.log.read_text(), server.log_end()


@pytest.fixture(scope="session")
def two_workers() -> Iterator[Cluster]:
    """Two workers that share PostgreSQL and Redis."""
    with cluster(workers=2) as two:
        yield two
        for worker in two.workers:
            worker.stop()
            assert "Traceback" not in worker.log.read_text(), worker.log_end()


@pytest.fixture
def company(server: ChatServer) -> Company:
    """People in a new room of the one-worker server."""
    return Company.gather(server)


@pytest_asyncio.fixture
async def enter(company: Company) -> AsyncIterator[Enter]:
    """Lets people in through a door, and closes up afterwards."""
    async with company.doorman() as enter:
        yield enter


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js."""
    return find_program("node")


@pytest.fixture(scope="session")
def node_modules(node: str) -> Path:
    """The folder with the npm packages of the demo page, as `make run` and `make test` install them."""
    folder = ROOT / "frontend_demo" / "node_modules"
    return folder if (folder / "socket.io-client").is_dir() else missing("npm, and `npm ci` in frontend_demo")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    return find_program("chromium", "chromium-browser", "google-chrome")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason why tests were skipped, however many they are."""
    reports = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2] for report in reports).items():
        terminalreporter.write_line(f"{reason} ({count} skipped)")
