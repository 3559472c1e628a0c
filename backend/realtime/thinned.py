"""The newest of a stream of values, told a bounded number of times."""

import asyncio
from collections.abc import Callable

BURST = 2  # values an interval: a beginning and its end


class Thinned:
    """Tells a new value at once, but no more than `BURST` an interval; then the newest when the interval is over."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None
        self._told: bool | None = None
        self._newest = False
        self._left = BURST

    def pass_on(self, value: bool, tell: Callable[[bool], None]) -> None:
        self._newest = value
        if self._left and (self._timer is None or value != self._told):
            self._tell(tell)

    def _tell(self, tell: Callable[[bool], None]) -> None:
        self._left -= 1
        self._told = self._newest
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._due, tell)
        tell(self._newest)

    def _due(self, tell: Callable[[bool], None]) -> None:
        self._timer = None
        self._left = BURST
        if self._newest != self._told:
            self._tell(tell)
