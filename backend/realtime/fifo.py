"""Small queues of one client: there are thousands, and nearly all are empty nearly all the time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

LIMIT = 64


class Fifo:
    """Runs jobs one after the other, in the order they came.

    It takes every job; whoever reads the client stops reading while it is `full`, and is told by `when_room`.
    """

    __slots__ = ("_jobs", "_on_room", "_room", "_worker")

    def __init__(self) -> None:
        self._on_room: Callable[[], None] | None = None
        self._jobs: list[Job] = []  # never many; an empty deque takes 600 bytes of each connection
        self._worker: asyncio.Task[None] | None = None
        self._room: asyncio.Event | None = None

    @property
    def idle(self) -> bool:
        """Nothing runs, nothing waits."""
        return self._worker is None

    @property
    def full(self) -> bool:
        return len(self._jobs) >= LIMIT

    def put(self, job: Job) -> None:
        self._jobs.append(job)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    def when_room(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once, when the queue is full no longer."""
        self._on_room = tell

    async def room(self) -> None:
        """Wait while the queue is full."""
        while self.full:
            self._room = self._room or asyncio.Event()
            await self._room.wait()

    async def _work(self) -> None:
        try:
            while self._jobs:
                job = self._jobs.pop(0)
                if len(self._jobs) == LIMIT - 1:
                    self._tell_room()
                try:
                    await job()
                except Exception:
                    logger.exception("A client's command failed outside of its reply.")
        finally:
            self._worker = None
            self._tell_room()

    def _tell_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None
        if self._on_room is not None:
            on_room, self._on_room = self._on_room, None
            on_room()


class MessageQueue:
    """What an ASGI protocol needs of an `asyncio.Queue`, in a tenth of its memory."""

    __slots__ = ("_items", "_reader")

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, item: Any) -> None:
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._items.pop(0)

    def empty(self) -> bool:
        return not self._items
