"""Rate limits: how often a person, an email or an address may do something, in fixed windows.

Counted in Redis for all workers; in this process without Redis, and for a few seconds whenever Redis fails,
so that a limit never blocks or fails what it protects.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Protocol

import redis
from django.conf import settings
from limits import RateLimitItem, parse
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.chat.errors import ChatError, Code

logger = logging.getLogger(__name__)

ADDRESS_FACTOR = 10  # many people may share one address
REDIS_TIMEOUT = 0.25  # seconds
REDIS_PAUSE = 5.0  # seconds without asking a Redis that failed


def check_login(*, address: str, email: str = "") -> None:
    """One try to log in or (without an email) to register; raises `rate_limited`."""
    rate = _parse(settings.RATE_LOGIN)
    check(type(rate)(rate.amount * ADDRESS_FACTOR, rate.multiples), f"login-address:{address}")
    if email:
        check(rate, f"login-email:{email.lower()}")


def check(rate: str | RateLimitItem, key: str) -> None:
    """Counts one try of `key`, say `connect:<address>`; raises `rate_limited` when it is one too many."""
    (wait,) = hit_many(rate, [key])
    if wait is not None:
        raise ChatError(Code.RATE_LIMITED, retry_after=wait)


def hit_writes(user_ids: Sequence[int]) -> list[float | None]:
    """Counts one write of each person to a message; gives the seconds to wait, None for no need to."""
    return hit_many(settings.RATE_MESSAGES, [f"messages:{user_id}" for user_id in user_ids])


def check_write(*, user_id: int) -> None:
    """The same for one person; raises `rate_limited`."""
    check(settings.RATE_MESSAGES, f"messages:{user_id}")


def check_room_write(*, user_id: int) -> None:
    """One more change of a person to a room, its members or its links; raises `rate_limited`."""
    check(settings.RATE_ROOMS, f"rooms:{user_id}")


def hit_connects(addresses: Sequence[str]) -> list[float | None]:
    """Counts one connect of each address; gives the seconds to wait, None where there is no need to."""
    return hit_many(settings.RATE_CONNECT, [f"connect:{address}" for address in addresses])


def check_upload(*, user_id: int) -> None:
    """One more file or avatar of a person; raises `rate_limited`."""
    check(settings.RATE_UPLOADS, f"uploads:{user_id}")


def check_export(*, user_id: int) -> None:
    """One more export of a person's data; raises `rate_limited`."""
    check(settings.RATE_EXPORTS, f"exports:{user_id}")


def check_search(*, user_id: int) -> None:
    """One more search of a person; raises `rate_limited`."""
    check(settings.RATE_SEARCH, f"searches:{user_id}")


def check_find(*, user_id: int) -> None:
    """One more look of a person for people or rooms by name; raises `rate_limited`."""
    check(settings.RATE_SEARCH, f"finds:{user_id}")


def hit_many(rate: str | RateLimitItem, keys: Sequence[str]) -> list[float | None]:
    """Counts one try a key, in one Redis round trip; gives the seconds to wait, None where there is no need to.

    `rate` is in the notation of the `limits` library, `20/second`. A key may stand in `keys` several times.
    """
    item = _parse(rate) if isinstance(rate, str) else rate
    now = time.time()
    window = int(now // item.get_expiry())
    ends = (window + 1) * item.get_expiry()
    names = [f"limit:{item.get_expiry()}:{key}" for key in keys]
    counts = _count(names, window, item.get_expiry())
    return [round(ends - now, 3) if count > item.amount else None for count in counts]


_parse = cache(parse)


class Counts(Protocol):
    def hit(self, names: Sequence[str], window: int, seconds: int) -> list[int]:
        """Adds one to each name in the numbered window of so many seconds; gives the new counts."""


class MemoryCounts:
    """Counts of this process. Only the current window of each length is kept, so nothing piles up."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[int, tuple[int, Counter[str]]] = {}

    def hit(self, names: Sequence[str], window: int, seconds: int) -> list[int]:
        with self._lock:
            number, counts = self._windows.get(seconds, (window, Counter[str]()))
            if number != window:
                counts = Counter()
            self._windows[seconds] = window, counts
            result = []
            for name in names:
                counts[name] += 1
                result.append(counts[name])
            return result


# One command for a whole batch: two for each key cost the server more than all else it does for a message.
COUNT = """
    local counts = {}
    for i, key in ipairs(KEYS) do
        counts[i] = redis.call('INCR', key)
        if counts[i] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
    end
    return counts
"""


class RedisCounts:
    """Counts of all workers, in one round trip."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )

        self._count = self._redis.register_script(COUNT)

    def hit(self, names: Sequence[str], window: int, seconds: int) -> list[int]:
        counts: list[int] = self._count(keys=[f"{name}:{window}" for name in names], args=[seconds + 1])
        return counts


class SafeCounts:
    """Redis, or this process's memory while Redis does not answer."""

    def __init__(self, shared: Counts) -> None:
        self._shared = shared
        self._own = MemoryCounts()
        self._paused_until = 0.0

    def hit(self, names: Sequence[str], window: int, seconds: int) -> list[int]:
        if time.monotonic() >= self._paused_until:
            try:
                return self._shared.hit(names, window, seconds)
            except redis.RedisError as error:
                self._paused_until = time.monotonic() + REDIS_PAUSE
                logger.warning("Redis does not count for the rate limits (%s): counting here.", error)
        return self._own.hit(names, window, seconds)


@cache
def _counts(url: str) -> Counts:
    return SafeCounts(RedisCounts(url)) if url else MemoryCounts()


def _count(names: Sequence[str], window: int, seconds: int) -> list[int]:
    return _counts(settings.REDIS_URL).hit(names, window, seconds)
