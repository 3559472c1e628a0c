"""What a watcher asks."""

import httpx
import pytest
from django.db import OperationalError

from backend.api import health

pytestmark = pytest.mark.asyncio


async def test_alive_ready_and_numbers(rest: httpx.AsyncClient) -> None:
    assert (await rest.get("/healthz")).json() == {"status": "ok"}
    ready = await rest.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (200, "ok")
    metrics = await rest.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert "python_info" in metrics.text


async def test_not_ready_without_database(rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def cursor(self) -> None:
            raise OperationalError

    monkeypatch.setattr(health, "connection", Gone())
    ready = await rest.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "unavailable", "checks": {"database": "does not answer"}}
    assert (await rest.get("/healthz")).status_code == 200
