"""Brings feeds up to what the database has: where a hole stays open, and where no message told of anything."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from backend.chat import queries
from backend.chat.models import ChatRoom
from backend.threads import always_in_db_thread

from .feed import RoomFeed
from .sync import STEP, stored_after

logger = logging.getLogger(__name__)

HOLE_PATIENCE = 0.05  # seconds a hole may stay open before the database is asked
SWEEP_EVERY = 2.0
CROWD = 20  # members from which on a feed keeps its newest page; smaller rooms' pages go with the next sweep


class CatchUp:
    def __init__(
        self, feeds: Mapping[int, RoomFeed], spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    ) -> None:
        self._feeds = feeds
        self._spawn = spawn
        self._filling: dict[int, asyncio.Task[None]] = {}

    def mend(self, feed: RoomFeed) -> None:
        """Fill a feed's hole soon, should it have one that stays."""
        if feed.has_hole and feed.room_id not in self._filling:
            self._filling[feed.room_id] = self._spawn(self._fill_soon(feed))

    async def fill(self, feed: RoomFeed) -> None:
        """Bring a feed up to what the database has."""
        room = ChatRoom(pk=feed.room_id, slug=feed.slug)
        while True:
            missing = await always_in_db_thread(stored_after, room, feed.seq)
            feed.catch_up(missing)
            if len(missing) < STEP:
                return

    async def sweep(self) -> None:
        """Compare every open feed with the database, in one query: finds what no message told of."""
        if not self._feeds:
            return
        for feed in self._feeds.values():
            if len(feed.members) < CROWD:
                feed.page = None
        last_seqs = await always_in_db_thread(queries.last_seqs, list(self._feeds))
        for room_id, last_seq in last_seqs.items():
            behind = self._feeds.get(room_id)
            if behind is not None and behind.seq < last_seq:
                await self.fill(behind)

    async def sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep()
            except Exception as error:
                logger.warning("The sweep failed (%s); the next one is in %s s.", error, SWEEP_EVERY)

    async def _fill_soon(self, feed: RoomFeed) -> None:
        position = None
        try:
            # Another hole may open while one is filled; where nothing comes any more, the sweep goes on.
            while feed.has_hole and feed.seq != position:
                position = feed.seq
                await asyncio.sleep(HOLE_PATIENCE)
                if feed.has_hole:
                    await self.fill(feed)
        finally:
            self._filling.pop(feed.room_id, None)
