"""A small bounded queue that runs one client's commands one after the other, in the order they came."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class Fifo:
    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._jobs: deque[Job] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    async def put(self, job: Job) -> None:
        """Returns once the job is in; waits while the queue is full, so that the client is read no further."""
        while len(self._jobs) >= self._limit:
            self._moved.clear()
            await self._moved.wait()
        self._jobs.append(job)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def drain(self) -> None:
        """Wait until everything that was put in has run."""
        while self._worker is not None:
            await asyncio.shield(self._worker)

    async def _work(self) -> None:
        try:
            while self._jobs:
                job = self._jobs.popleft()
                self._moved.set()
                try:
                    await job()
                except Exception:
                    logger.exception("A client's command failed outside of its reply.")
        finally:
            self._worker = None
