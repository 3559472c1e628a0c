"""The bridge to the threads: bounded, and a place is given back whatever becomes of its caller."""

import asyncio
import threading
from collections.abc import Generator
from functools import partial

import pytest

from backend.chat.errors import Code, as_chat_error
from backend.threads import Full, Pool, Steps

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


async def test_the_steps_of_a_work_leave_their_thread_in_between() -> None:
    pool = Pool("test", threads=1, max_waiting=10)
    order: list[str] = []

    def work() -> Generator[int, None, None]:
        for number in range(3):
            order.append(f"step {number}")
            yield number

    async for number in Steps(pool, work()):
        await pool.run(partial(order.append, f"other {number}"))
    assert order == ["step 0", "other 0", "step 1", "other 1", "step 2", "other 2"]


async def test_work_is_closed_though_its_last_step_still_runs() -> None:
    pool, gate, running, closed = Pool("test", threads=1, max_waiting=1), *(threading.Event() for _ in range(3))

    def work() -> Generator[int, None, None]:
        try:
            running.set()
            gate.wait(10)
            yield 1
        finally:
            closed.set()

    steps = Steps(pool, work())
    reader = asyncio.ensure_future(anext(aiter(steps)))
    await asyncio.to_thread(running.wait, 10)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    closing = asyncio.create_task(asyncio.to_thread(steps.close))
    assert not closed.is_set()
    gate.set()
    await closing
    assert closed.is_set()


async def test_work_that_is_to_be_finished_does_not_mind_its_caller() -> None:
    pool, gate, running, done = Pool("test", threads=1, max_waiting=1), *(threading.Event() for _ in range(3))

    def work() -> Generator[int, None, None]:
        running.set()
        gate.wait(10)
        yield 1
        done.set()

    caller = asyncio.create_task(Steps(pool, work()).finish())
    await asyncio.to_thread(running.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.set()
    assert await asyncio.to_thread(done.wait, 10)


async def test_a_step_that_fails_fails_the_reader() -> None:
    def work() -> Generator[int, None, None]:
        yield 1
        raise ValueError("no more")

    pool = Pool("test", threads=1, max_waiting=1)
    with pytest.raises(ValueError, match="no more"):
        await Steps(pool, work()).finish()
