"""Whether somebody does something right now, such as typing: told a bounded number of times, and over by itself."""

import asyncio
from collections.abc import Callable

BURST = 2  # values an interval: a beginning and its end


class Thinned:
    """Tells a new value at once, but no more than `BURST` an interval; then the newest when the interval is over.

    True becomes false when it is not said again for `lasts` seconds.
    """

    def __init__(self, interval: float, *, lasts: float) -> None:
        self._interval = interval
        self._lasts = lasts
        self._timer: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._tell: Callable[[bool], None] | None = None
        self._told: bool | None = None
        self._newest = False
        self._left = BURST

    def pass_on(self, value: bool, tell: Callable[[bool], None]) -> None:
        self._newest = value
        self._tell = tell
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if value:
            self._expiry = asyncio.get_running_loop().call_later(self._lasts, self.pass_on, False, tell)
        if self._left and (self._timer is None or value != self._told):
            self._pass(tell)

    def end(self) -> None:
        """Nothing comes any more: what was true is over now."""
        for timer in (self._timer, self._expiry):
            if timer is not None:
                timer.cancel()
        if self._told and self._tell is not None:
            self._told = False
            self._tell(False)

    def _pass(self, tell: Callable[[bool], None]) -> None:
        self._left -= 1
        self._told = self._newest
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._due, tell)
        tell(self._newest)

    def _due(self, tell: Callable[[bool], None]) -> None:
        self._timer = None
        self._left = BURST
        if self._newest != self._told:
            self._pass(tell)
