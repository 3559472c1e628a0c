"""Typing notices: at once when they matter, bounded however fast somebody toggles."""

import asyncio

import pytest

from backend.realtime.thinned import BURST, Thinned

pytestmark = pytest.mark.asyncio

INTERVAL = 0.05  # seconds


async def test_a_beginning_and_its_end_are_told_at_once() -> None:
    told: list[bool] = []
    thinned = Thinned(INTERVAL)
    thinned.pass_on(True, told.append)
    thinned.pass_on(True, told.append)
    thinned.pass_on(False, told.append)
    assert told == [True, False]


async def test_toggling_is_thinned_and_the_last_state_is_told() -> None:
    told: list[bool] = []
    last = asyncio.Event()
    thinned = Thinned(INTERVAL)

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
