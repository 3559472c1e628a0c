"""Typing notices: at once when they matter, bounded however fast somebody toggles."""

import asyncio

import pytest

from backend.realtime.thinned import BURST, Thinned

pytestmark = pytest.mark.asyncio

INTERVAL = 0.05  # seconds


async def test_a_beginning_and_its_end_are_told_at_once() -> None:
    told: list[bool] = []
    thinned = Thinned(INTERVAL, lasts=60)
    thinned.pass_on(True, told.append)
    thinned.pass_on(True, told.append)
    thinned.pass_on(False, told.append)
    assert told == [True, False]


async def test_toggling_is_thinned_and_the_last_state_is_told() -> None:
    told: list[bool] = []
    last = asyncio.Event()
    thinned = Thinned(INTERVAL, lasts=60)

    def tell(value: bool) -> None:
        told.append(value)
        if len(told) > BURST:
            last.set()

    for _ in range(1_000):
        thinned.pass_on(True, tell)
        thinned.pass_on(False, tell)
    thinned.pass_on(True, tell)
    assert told == [True, False]
    async with asyncio.timeout(5):
        await last.wait()
    assert told == [True, False, True]


async def test_it_is_over_by_itself_unless_said_again() -> None:
    told: list[bool] = []
    over = asyncio.Event()
    thinned = Thinned(INTERVAL, lasts=3 * INTERVAL)

    def tell(value: bool) -> None:
        told.append(value)
        if not value:
            over.set()

    started = asyncio.get_running_loop().time()
    thinned.pass_on(True, tell)
    await asyncio.sleep(2 * INTERVAL)
    thinned.pass_on(True, tell)
    async with asyncio.timeout(5):
        await over.wait()
    assert asyncio.get_running_loop().time() - started >= 5 * INTERVAL
    assert told[0], told
    assert told.count(False) == 1


async def test_it_is_over_at_the_end() -> None:
    told: list[bool] = []
    thinned = Thinned(INTERVAL, lasts=60)
    thinned.pass_on(True, told.append)
    thinned.end()
    thinned.end()
    assert told == [True, False]


async def test_what_was_over_is_not_told_again_at_the_end() -> None:
    told: list[bool] = []
    thinned = Thinned(INTERVAL, lasts=60)
    thinned.pass_on(True, told.append)
    thinned.pass_on(False, told.append)
    thinned.end()
    assert told == [True, False]
