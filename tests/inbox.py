"""What a test waits for: items in the order they came, and an end."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
SECONDS = 10.0  # how long a test waits for anything


class Inbox(Generic[T]):
    """`all` keeps everything that arrived; `take` hands each item out once."""

    def __init__(self) -> None:
        self.all: list[T] = []
        self._left: list[T] = []
        self._end: Exception | None = None
        self._changed = asyncio.Event()

    def put(self, item: T) -> None:
        self.all.append(item)
        self._left.append(item)
        self._changed.set()

    def end(self, error: Exception) -> None:
        """Nothing more will come: who waits gets the error."""
        self._end = self._end or error
        self._changed.set()

    async def take(self, fits: Callable[[T], Any] = lambda _: True, *, seconds: float = SECONDS) -> T:
        """Wait for the first item that fits and remove it, earlier ones stay.

        TimeoutError, or the error that ended the inbox, if none comes.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for index, item in enumerate(self._left):
                        if fits(item):
                            return self._left.pop(index)
                    if self._end is not None:
                        raise self._end
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"Not within {seconds} s; not taken: {self._left[-10:]}") from None
