"""The one bridge from async code to Django's synchronous world.

`in_db_thread` runs ORM code on a pool of its own: the usual `sync_to_async` has one thread for everybody.
`in_slow_thread` is for work that burns CPU (password hashing), `in_picture_thread` for uploads, whose pictures burn
more of it, `in_search_thread` for queries that may take seconds, `in_file_thread` for stored files, which may be slow
to reach: none ever delays messages, nor the others.
Long work goes in steps: `slow_steps`, `file_steps`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from select import POLLIN, poll
from threading import Lock, Semaphore
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

DB_WAITING = 1_000  # calls that may wait for a database thread
SLOW_WAITING = 100
PICTURES_WAITING = 50
SEARCH_THREADS = 2
SEARCHES_WAITING = 20
FILE_WAITING = 500


class Full(Exception):
    """Too much is waiting already; `retry_after` in seconds."""

    def __init__(self, retry_after: float = 1.0) -> None:
        super().__init__("Too much is waiting already: try again.")
        self.retry_after = retry_after


class Pool:
    """Threads, and a bound on the calls that wait for one: over `max_waiting` a call is refused at once.

    Each thread opens a database connection when it first needs one, and keeps it for as long as it works.
    """

    def __init__(self, name: str, *, threads: int, max_waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = Semaphore(threads + max_waiting)

    async def run(self, call: Callable[[], T], *, always: bool = False) -> T:
        """The outcome of the call; raises Full, unless the work must `always` be done.

        A cancelled caller does not stop what already runs, which keeps its place to the end.
        """
        if not always and not self._places.acquire(blocking=False):
            raise Full
        future = self._executor.submit(self._call, partial(copy_context().run, call))
        if not always:
            future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def _call(self, call: Callable[[], T]) -> T:
        _close_broken_connections()
        try:
            return call()
        finally:
            _close_broken_connections()


_unfinished: set[asyncio.Task[None]] = set()  # the event loop itself would forget them


class Steps(Generic[T]):
    """What a generator of a long work yields, each step a call of its own, so that others get the threads in between.

    A started work is never refused a thread. Whoever stops reading calls `close`; Django does it with a response.
    """

    def __init__(self, pool: Pool, source: Generator[T, None, None]) -> None:
        self._pool = pool
        self._source = source
        self._lock = Lock()  # a reader that was cancelled leaves its last step running

    async def __aiter__(self) -> AsyncIterator[T]:
        while (item := await self._pool.run(self._next, always=True)) is not None:
            yield item

    async def finish(self) -> None:
        """Take all steps, also if the caller goes away meanwhile."""
        task = asyncio.create_task(self._exhaust())
        _unfinished.add(task)
        task.add_done_callback(_unfinished.discard)
        await asyncio.shield(task)

    async def _exhaust(self) -> None:
        async for _ in self:
            pass

    def _next(self) -> T | None:
        with self._lock:
            return next(self._source, None)

    def close(self) -> None:
        """End the generator, from any thread; waits for the step that runs."""
        with self._lock:
            self._source.close()


def _close_broken_connections() -> None:
    """A look at the socket tells as much as a query would, without the round trip."""
    for kept in connections.all(initialized_only=True):
        kept.close_at = None  # has no age
        if kept.vendor == "postgresql" and kept.connection is not None and _is_gone(kept.connection):
            kept.close()
        kept.close_if_unusable_or_obsolete()


def _is_gone(server: Any) -> bool:
    """Whether a psycopg connection has failed, or has news that nobody asked for: its server says that it leaves."""
    if server.closed:
        return True
    look = poll()
    look.register(server.fileno(), POLLIN)
    return bool(look.poll(0))


_db = Pool("db", threads=settings.DB_THREADS, max_waiting=DB_WAITING)
_slow = Pool("slow", threads=2, max_waiting=SLOW_WAITING)
_picture = Pool("picture", threads=2, max_waiting=PICTURES_WAITING)
_search = Pool("search", threads=SEARCH_THREADS, max_waiting=SEARCHES_WAITING)
_file = Pool("file", threads=8, max_waiting=FILE_WAITING)


async def in_db_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in a database thread; raises Full when too much is waiting for one."""
    return await _db.run(partial(func, *args, **kwargs))


async def always_in_db_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in a database thread, never refused: for work that bounds itself (batches, the sweep)."""
    return await _db.run(partial(func, *args, **kwargs), always=True)


async def in_slow_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in one of the few threads for CPU-heavy work; it may use the ORM too. Raises Full."""
    return await _slow.run(partial(func, *args, **kwargs))


async def in_picture_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in one of the few threads for strangers' uploads; it may use the ORM too. Raises Full."""
    return await _picture.run(partial(func, *args, **kwargs))


async def in_search_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in one of the few threads for queries that may take seconds. Raises Full."""
    return await _search.run(partial(func, *args, **kwargs))


async def in_file_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in one of the threads for stored files; it may use the ORM too. Raises Full."""
    return await _file.run(partial(func, *args, **kwargs))


def slow_steps(source: Generator[T, None, None]) -> Steps[T]:
    """The steps of a work that burns CPU."""
    return Steps(_slow, source)


def file_steps(source: Generator[T, None, None]) -> Steps[T]:
    """The steps of reading a stored file."""
    return Steps(_file, source)
