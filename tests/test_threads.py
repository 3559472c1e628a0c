"""The bridge to the threads: bounded, and a place is given back whatever becomes of its caller."""

import asyncio
import threading

import pytest

from backend.chat.errors import Code, as_chat_error
from backend.threads import Full, Pool

pytestmark = pytest.mark.asyncio


async def held(pool: Pool, gate: threading.Event) -> asyncio.Task[bool]:
    """A call that runs in the pool until the gate opens."""
    running = threading.Event()

    def call() -> bool:
        running.set()
        return gate.wait(10)

    task = asyncio.create_task(pool.run(call))
    await asyncio.to_thread(running.wait, 10)
    return task


async def test_too_many_waiting_are_refused_at_once() -> None:
    pool, gate = Pool("test", threads=1, max_waiting=2), threading.Event()
    first = await held(pool, gate)
    waiting = [asyncio.create_task(pool.run(lambda: True)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Full) as caught:
        await pool.run(lambda: True)
    error = as_chat_error(caught.value)
    assert error is not None
    assert (error.code, error.retry_after) == (Code.UNAVAILABLE, 1)
    gate.set()
    assert await asyncio.gather(first, *waiting) == [True] * 3
    assert await asyncio.gather(*(pool.run(lambda: True) for _ in range(3))) == [True] * 3


async def test_work_that_bounds_itself_is_never_refused() -> None:
    pool, gate = Pool("test", threads=1, max_waiting=0), threading.Event()
    first = await held(pool, gate)
    always = [asyncio.create_task(pool.run(lambda: True, always=True)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await pool.run(lambda: True)
    gate.set()
    assert await asyncio.gather(first, *always) == [True] * 4


async def test_a_failed_call_and_a_cancelled_caller_give_their_places_back() -> None:
    pool, gate = Pool("test", threads=1, max_waiting=1), threading.Event()
    first = await held(pool, gate)
    waiting = asyncio.create_task(pool.run(lambda: True))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    failing = asyncio.create_task(pool.run(lambda: 1 / 0))
    await asyncio.sleep(0)
    gate.set()
    assert await first
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await asyncio.gather(*(pool.run(lambda: True) for _ in range(2))) == [True] * 2
