"""The one bridge from async code to Django's synchronous world.

`in_db_thread` runs ORM code on a pool of its own: the usual `sync_to_async` has one thread for everybody.
`in_slow_thread` is for work that burns CPU (password hashing, images), so that it never delays messages.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_db_pool = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="db")
_slow_pool = ThreadPoolExecutor(2, thread_name_prefix="slow")


def _with_fresh_connections(call: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return call()
    finally:
        close_old_connections()


async def _run(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, _with_fresh_connections, partial(context.run, call))


async def in_db_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in a database thread. A cancelled caller does not stop what already runs."""
    return await _run(_db_pool, partial(func, *args, **kwargs))


async def in_slow_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in one of the few threads for CPU-heavy work; it may use the ORM too."""
    return await _run(_slow_pool, partial(func, *args, **kwargs))
