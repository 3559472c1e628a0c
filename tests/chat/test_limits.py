"""Rate limits, counted in memory and in a real Redis, also in one that hangs or is gone."""

import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings
from redis.connection import Connection

from backend.chat import limits
from backend.chat.errors import ChatError, Code
from tests.servers import RedisServer

DAY = 86_400


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def counted_in(request: pytest.FixtureRequest, settings: Settings) -> Iterator[str]:
    """Each kind of counting from zero."""
    kind: str = request.param
    settings.REDIS_URL = ""
    if kind == "redis":
        redis: RedisServer = request.getfixturevalue("redis")
        redis.client.flushall()
        settings.REDIS_URL = redis.url
    limits._counts.cache_clear()
    yield kind
    if kind == "redis":
        counts = limits._counts(settings.REDIS_URL)
        assert isinstance(counts, limits.SafeCounts)
        close(counts._shared)
    limits._counts.cache_clear()


def close(counts: limits.Counts) -> None:
    """Its socket; left to the garbage collector, it would warn in the middle of another test."""
    assert isinstance(counts, limits.RedisCounts)
    counts._redis.close()


@pytest.mark.usefixtures("counted_in")
def test_one_too_many_has_to_wait() -> None:
    assert limits.hit_many("2/day", ["ada", "bob", "ada"]) == [None, None, None]
    waits = limits.hit_many("2/day", ["ada", "bob", "bob"])
    assert waits[1] is None
    for wait in (waits[0], waits[2]):
        assert wait is not None
        assert 0 < wait <= DAY


@pytest.mark.usefixtures("counted_in")
def test_next_window_counts_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000_000.25
    monkeypatch.setattr(time, "time", lambda: now)
    assert limits.hit_many("1/second", ["ada", "ada"]) == [None, 0.75]
    now += 0.75
    assert limits.hit_many("1/second", ["ada"]) == [None]


@pytest.mark.usefixtures("counted_in")
def test_check_raises_with_the_time_to_wait() -> None:
    limits.check("1/day", "connect:192.0.2.1")
    limits.check("1/day", "connect:192.0.2.2")
    with pytest.raises(ChatError) as caught:
        limits.check("1/day", "connect:192.0.2.1")
    assert caught.value.code is Code.RATE_LIMITED
    assert caught.value.retry_after is not None


@pytest.mark.usefixtures("counted_in")
def test_login_is_limited_by_email_and_more_widely_by_address(settings: Settings) -> None:
    settings.RATE_LOGIN = "2/day"
    limits.check_login(address="192.0.2.1", email="ada@example.org")
    limits.check_login(address="192.0.2.2", email="ADA@example.org")
    with pytest.raises(ChatError):
        limits.check_login(address="192.0.2.3", email="ada@example.org")
    for _ in range(20):
        limits.check_login(address="192.0.2.9")
    with pytest.raises(ChatError):
        limits.check_login(address="192.0.2.9", email="bob@example.org")


@pytest.mark.usefixtures("counted_in")
def test_nothing_to_count() -> None:
    assert limits.hit_many("1/day", []) == []


def test_memory_keeps_only_the_current_window() -> None:
    counts = limits.MemoryCounts()
    counts.hit([f"key{number}" for number in range(1_000)], 1, 60)
    counts.hit(["one"], 2, 60)
    assert [len(names) for _, names in counts._windows.values()] == [1]


@pytest.mark.parametrize("counted_in", ["redis"], indirect=True)
def test_workers_share_counts_that_expire(counted_in: str, redis: RedisServer, settings: Settings) -> None:
    limits.hit_many("100/day", ["ada"] * 50)
    other_worker = limits.RedisCounts(settings.REDIS_URL)
    assert other_worker.hit(["limit:86400:ada"], int(time.time() // DAY), DAY) == [51]
    close(other_worker)
    assert all(0 < int(redis.client.ttl(key)) <= DAY + 1 for key in redis.client.keys("limit:*"))


@pytest.mark.parametrize("counted_in", ["redis"], indirect=True)
def test_many_keys_are_one_round_trip(counted_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits.hit_many("100/day", ["connects"])
    sent: list[bytes] = []
    send = Connection.send_packed_command

    def counting(self: Connection, command: list[bytes], check_health: bool = True) -> None:
        sent.append(b"".join(command))
        send(self, command, check_health)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Connection, "send_packed_command", counting)
    limits.hit_many("100/day", [f"key{number}" for number in range(50)])
    [packet] = sent
    assert packet.count(b"limit:86400:key") == 50


@pytest.mark.parametrize("counted_in", ["redis"], indirect=True)
def test_hanging_redis_costs_one_short_wait_and_the_limit_still_holds(counted_in: str, redis: RedisServer) -> None:
    limits.hit_many("3/day", ["warm"])
    redis.pause()
    try:
        began = time.monotonic()
        waits = [limits.hit_many("3/day", ["ada"])[0] for _ in range(50)]
        took = time.monotonic() - began
    finally:
        redis.resume()
    assert took < 2 * limits.REDIS_TIMEOUT
    assert waits[:3] == [None] * 3
    assert all(wait is not None for wait in waits[3:])


@pytest.mark.parametrize("counted_in", ["redis"], indirect=True)
def test_redis_counts_again_after_a_pause(counted_in: str, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    redis.stop()
    assert limits.hit_many("1/day", ["ada"]) == [None]
    redis.start()
    assert limits.hit_many("1/day", ["ada"])[0] is not None, "still counted here"
    now = time.monotonic() + limits.REDIS_PAUSE
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert limits.hit_many("1/day", ["ada"]) == [None], "Redis has not seen this one yet"
