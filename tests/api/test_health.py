"""What a watcher asks."""

import httpx
import pytest
from django.db import OperationalError

from backend import threads
from backend.api import health
from tests.api.rooms import register

pytestmark = pytest.mark.asyncio


async def test_alive_ready_and_numbers(rest: httpx.AsyncClient) -> None:
    assert (await rest.get("/healthz")).json() == {"status": "ok"}
    ready = await rest.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (200, "ok")
    metrics = await rest.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert "python_info" in metrics.text


def numbers(text: str) -> dict[str, float]:
    """The samples by name and labels."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_numbers_tell_what_happened(rest: httpx.AsyncClient) -> None:
    before = numbers((await rest.get("/metrics")).text)
    ada = await register(rest, "Ada")
    slug = await ada.make_room()
    for text in ("one", "two"):
        await ada.api("POST", f"rooms/{slug}/messages", {"message": text}, status=201)
    for _ in range(3):
        await ada.api("GET", "rooms/nope-aaaaa", status=404)
    after = numbers((await rest.get("/metrics")).text)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more("chat_messages_stored_total") == 3  # with the line that says who made the room
    assert more('chat_refusals_total{code="not_found"}') == 3
    assert more('chat_batch_size_count{batch="messages"}') == 2
    assert more('chat_batch_size_sum{batch="messages"}') == 2
    assert {"chat_connections", "chat_bus_dropped_total"} <= after.keys()


async def test_a_worker_with_too_much_to_do_says_so(rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await register(rest, "Ada")
    monkeypatch.setattr(threads, "_db", threads.Pool("test", threads=1, max_waiting=-1))
    refusal = await ada.api("GET", "rooms", status=503)
    assert (refusal["code"], refusal["retry_after"]) == ("unavailable", 1)
    ready = await rest.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "too much is waiting for it")


async def test_not_ready_without_database(rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def cursor(self) -> None:
            raise OperationalError

    monkeypatch.setattr(health, "connection", Gone())
    ready = await rest.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "unavailable", "checks": {"database": "does not answer"}}
    assert (await rest.get("/healthz")).status_code == 200
