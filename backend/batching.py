"""The batcher: calls that arrive while a batch runs form the next one.

An idle server answers at once, a busy one runs larger batches.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

from backend import metrics
from backend.threads import Full, always_in_db_thread

logger = logging.getLogger(__name__)

PAUSE = 0.001  # seconds

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Turns `run(items) -> one result or exception an item` (synchronous) into `await batcher(item)`.

    An outcome that is an exception is raised to its own caller only. A cancelled caller cancels nothing taken.
    Raises Full when too many are waiting. `name` is for the metrics. `patience`: seconds that a batch of several
    may wait while more keep coming. `second_from`: so many waiting calls begin a second batch beside the first.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        max_batch: int = 500,
        max_waiting: int = 5_000,
        patience: float = 0.0,
        second_from: int | None = None,
    ) -> None:
        self._run = run
        self._size = metrics.batch_size.labels(name)
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._patience = patience
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._levels = (1, second_from) if second_from else (1,)
        self._workers: dict[int, asyncio.Task[None]] = {}  # by the number of waiting calls that each is there for

    async def __call__(self, item: Item) -> Result:
        if len(self._waiting) >= self._max_waiting:
            raise Full
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        for level in self._levels:
            if len(self._waiting) >= level and level not in self._workers:
                self._workers[level] = asyncio.create_task(self._work(level))
                break
        return await future

    async def drain(self) -> None:
        """Wait until everything taken has its outcome (shutdown)."""
        while self._workers:
            await asyncio.wait(self._workers.values())

    async def _work(self, level: int) -> None:
        try:
            while len(self._waiting) >= level:
                await self._gather()
                size = min(len(self._waiting), self._max_batch)
                batch = [self._waiting.popleft() for _ in range(size)]
                self._size.observe(size)
                outcomes = await self._outcomes([item for item, _ in batch])
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    if future.done():
                        continue  # the caller went away
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            del self._workers[level]

    async def _gather(self) -> None:
        """In a storm a larger batch costs less than the wait: the server has enough to do meanwhile."""
        loop = asyncio.get_running_loop()
        seen, end = 1, loop.time() + self._patience
        while seen < len(self._waiting) < self._max_batch and loop.time() < end:
            seen = len(self._waiting)
            await asyncio.sleep(PAUSE)

    async def _outcomes(self, items: list[Item]) -> Sequence[Result | Exception]:
        """One outcome an item. A batch that fails as a whole is run once more, item by item,
        so that one bad item fails alone; without a database that would only take longer."""
        try:
            return await always_in_db_thread(self._run, items)
        except (OperationalError, InterfaceError) as error:
            return [error] * len(items)
        except Exception as error:
            if len(items) == 1:
                return [error]
            logger.exception("A batch of %d failed; running it item by item.", len(items))
        return [(await self._outcomes([item]))[0] for item in items]
