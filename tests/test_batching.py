"""The batcher: batches form by themselves, bad items fail alone, nothing taken is lost."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.batching import Batcher
from backend.threads import Full

# The threads of the bridge may hold connections that other tests have opened.
pytestmark = pytest.mark.django_db


class Gate:
    """A batch function that records its batches and can be held."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.entered.set()
        self.open.wait(timeout=10)
        self.batches.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("a negative item breaks the whole batch")
        return [ArithmeticError(item) if item == 0 else item * 2 for item in items]


async def entered(gate: Gate, batcher: Batcher[int, int], item: int) -> asyncio.Task[int]:
    """A call that the batcher has taken into a running batch, which the gate holds."""
    gate.open.clear()
    task = asyncio.create_task(batcher(item))
    await asyncio.to_thread(gate.entered.wait, 10)
    return task


@pytest.mark.asyncio
async def test_calls_that_arrive_while_a_batch_runs_form_the_next_one() -> None:
    gate = Gate()
    batcher = Batcher("test", gate)
    first = await entered(gate, batcher, 1)
    others = [asyncio.create_task(batcher(item)) for item in range(2, 10)]
    await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.gather(first, *others) == [item * 2 for item in range(1, 10)]
    assert gate.batches == [[1], list(range(2, 10))]


@pytest.mark.asyncio
async def test_many_waiting_calls_begin_a_second_batch_beside_the_first() -> None:
    inside = threading.Semaphore(0)
    gate = Gate()

    def run(items: Sequence[int]) -> list[int | Exception]:
        inside.release()
        return gate(items)

    batcher = Batcher("test", run, second_from=3)
    first = await entered(gate, batcher, 1)
    assert await asyncio.to_thread(inside.acquire, timeout=10)
    others = [asyncio.create_task(batcher(item)) for item in (2, 3, 4, 5)]
    assert await asyncio.to_thread(inside.acquire, timeout=10), "the second batch runs while the first is held"
    more = [asyncio.create_task(batcher(item)) for item in range(6, 12)]
    await asyncio.sleep(0)
    assert not inside.acquire(blocking=False), "there is no third"
    drained = asyncio.create_task(batcher.drain())
    await asyncio.sleep(0)
    assert not drained.done()
    gate.open.set()
    assert await asyncio.gather(first, *others, *more) == [item * 2 for item in range(1, 12)]
    await drained
    assert sorted(map(len, gate.batches))[0] == 1
    assert await batcher(20) == 40


@pytest.mark.asyncio
async def test_a_patient_batch_waits_while_more_keep_coming() -> None:
    gate = Gate()
    batcher = Batcher("test", gate, patience=30)
    assert await batcher(1) == 2, "one alone is not kept waiting"
    calls = [asyncio.create_task(batcher(item)) for item in (2, 3)]
    for item in range(4, 40):
        await asyncio.sleep(0)
        calls.append(asyncio.create_task(batcher(item)))
    assert await asyncio.gather(*calls) == [item * 2 for item in range(2, 40)]
    assert gate.batches == [[1], list(range(2, 40))]


@pytest.mark.asyncio
async def test_patience_ends_in_time_however_busy_the_server_is() -> None:
    gate = Gate()
    batcher = Batcher("test", gate, patience=0.05)
    calls = [asyncio.create_task(batcher(item)) for item in (1, 2)]
    for item in range(3, 60):
        await asyncio.sleep(0)
        threading.Event().wait(0.01)  # what a busy loop does between two looks
        calls.append(asyncio.create_task(batcher(item)))
    assert await asyncio.gather(*calls) == [item * 2 for item in range(1, 60)]
    assert len(gate.batches[0]) < 20


@pytest.mark.asyncio
async def test_a_bad_item_fails_alone() -> None:
    batcher = Batcher("test", Gate())
    answers = await asyncio.gather(*(batcher(item) for item in (1, 0, -1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, ArithmeticError, ValueError, int]


@pytest.mark.asyncio
async def test_a_full_queue_refuses_at_once() -> None:
    gate = Gate()
    batcher = Batcher("test", gate, max_waiting=2)
    first = await entered(gate, batcher, 1)
    waiting = [asyncio.create_task(batcher(item)) for item in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await batcher(4)
    gate.open.set()
    assert await asyncio.gather(first, *waiting) == [2, 4, 6]


@pytest.mark.asyncio
async def test_a_cancelled_caller_cancels_nothing() -> None:
    gate = Gate()
    batcher = Batcher("test", gate)
    first = await entered(gate, batcher, 1)
    second, third = asyncio.create_task(batcher(2)), asyncio.create_task(batcher(3))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    gate.open.set()
    assert await third == 6
    assert gate.batches == [[1], [2, 3]]
    assert first.cancelled()


@pytest.mark.asyncio
async def test_drain_waits_for_everything_taken() -> None:
    gate = Gate()
    batcher = Batcher("test", gate, max_batch=2)
    calls = [await entered(gate, batcher, 1)]
    calls += [asyncio.create_task(batcher(item)) for item in range(2, 7)]
    await asyncio.sleep(0)
    gate.open.set()
    await batcher.drain()
    assert await asyncio.gather(*calls) == [item * 2 for item in range(1, 7)]
    assert gate.batches == [[1], [2, 3], [4, 5], [6]]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(-2, 5), max_size=8), max_size=6), st.integers(1, 4))
def test_every_call_gets_its_own_outcome(waves: list[list[int]], max_batch: int) -> None:
    async def scenario() -> None:
        batcher = Batcher("test", Gate(), max_batch=max_batch)
        calls = []
        for wave in waves:
            calls += [(item, asyncio.create_task(batcher(item))) for item in wave]
            await asyncio.sleep(0)
        await asyncio.gather(*(call for _, call in calls), return_exceptions=True)
        for item, call in calls:
            if item > 0:
                assert call.result() == item * 2
            else:
                assert isinstance(call.exception(), ArithmeticError if item == 0 else ValueError)

    asyncio.run(scenario())
