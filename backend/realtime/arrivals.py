"""What brings those who come to the position of their room's feed, read once for all who come at the same moment."""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, Generic, TypeVar

from backend.chat.errors import ChatError, Code
from backend.chat.models import ChatRoom
from backend.threads import in_db_thread

from .catch_up import CatchUp
from .feed import RoomFeed
from .packets import Delivery
from .sync import Sync, missed_since, stored_page, stored_sync

TRIES = 10  # reads of a log that is never where its feed is: it is said faster than it is read, or just deleted

T = TypeVar("T")


class Together(Generic[T]):
    """Work that is under way is shared by all who want it; whoever goes away meanwhile does not stop it."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def __call__(self, key: Hashable, work: Coroutine[Any, Any, T]) -> T:
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._run(key, work))
        else:
            work.close()
        return await asyncio.shield(task)

    async def _run(self, key: Hashable, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        finally:
            del self._under_way[key]


class Arrivals:
    def __init__(self, catch_up: CatchUp) -> None:
        self._catch_up = catch_up
        self._reading: Together[Sync] = Together()
        self._reaching: Together[None] = Together()

    async def sync(self, feed: RoomFeed, room: ChatRoom, since: int | None) -> Sync:
        """The sync of a client at `since`: from the feed if it reaches that far, else from the database."""
        if since is not None and (missed := await self._missed(feed, since)) is not None:
            return Sync(feed.seq, True, missed, has_more=False)
        sync = feed.page if since is None else None
        for _ in range(TRIES):
            if sync is not None and (newer := feed.after(sync.seq)) is not None:
                sync = sync.forward(newer, feed.seq)
                if not sync.recovered:
                    feed.page = sync
                return sync
            sync = await self._reading((feed.room_id, since), self._read(feed, room, since))
        raise ChatError(Code.UNAVAILABLE, retry_after=1)

    async def _read(self, feed: RoomFeed, room: ChatRoom, since: int | None) -> Sync:
        room.last_seq = max(room.last_seq, feed.seq)  # what was read at the access check may be too old by now
        sync = await (stored_page(room) if since is None else in_db_thread(stored_sync, room, since))
        if sync.seq > feed.seq:
            await self._catch_up.fill(feed)
        return sync

    async def _missed(self, feed: RoomFeed, since: int) -> list[Delivery] | None:
        """What a client at `since` has missed; None: more than the feed can hold."""
        while (missed := feed.after(since)) is None and feed.can_reach(since):
            floor = feed.floor
            await self._reaching(feed.room_id, self._reach_back(feed, since))
            if feed.floor == floor:
                break
        return missed

    async def _reach_back(self, feed: RoomFeed, since: int) -> None:
        stored = await missed_since(feed, since)
        if stored and stored[-1].seq > feed.seq:
            await self._catch_up.fill(feed)
        feed.reach_back(since, stored)
