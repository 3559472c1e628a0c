"""The newest of a stream of values, passed on at most once an interval."""

import asyncio
from collections.abc import Callable


class Thinned:
    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None
        self._told: bool | None = None
        self._newest = False

    def pass_on(self, value: bool, tell: Callable[[bool], None]) -> None:
        """Tell now, or when the interval is over: then the newest value, if it is another than told before."""
        self._newest = value
        if self._timer is None:
            self._tell(tell)

    def _tell(self, tell: Callable[[bool], None]) -> None:
        self._told = self._newest
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._due, tell)
        tell(self._newest)

    def _due(self, tell: Callable[[bool], None]) -> None:
        self._timer = None
        if self._newest != self._told:
            self._tell(tell)
