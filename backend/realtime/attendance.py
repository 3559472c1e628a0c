"""Tells the rooms of this worker who came and went, and the other workers who is here."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from itertools import islice

from . import wire
from .bus import Bus
from .feed import RoomFeed
from .packets import Packet, encode
from .presence import LEASE, RENEW

logger = logging.getLogger(__name__)

TICK = 0.5  # seconds: comings and goings within it are told together
ROUNDS = round(RENEW / TICK)  # ticks until every room was renewed
ASKED_AT_ONCE = 500  # rooms a tick


class Attendance:
    def __init__(self, bus: Bus, worker: str, feeds: Mapping[int, RoomFeed]) -> None:
        self._bus = bus
        self._worker = worker
        self._feeds = feeds
        self._changed: set[int] = set()  # rooms whose roster the other workers have not heard
        self._restless: set[int] = set()  # rooms whose members may have to be told
        self._unsure: set[int] = set()  # rooms of which the other workers may have told something that was lost
        self._leases: deque[tuple[float, int]] = deque()  # when what was heard ends, and of which room

    def opened(self, feed: RoomFeed) -> None:
        """Ask the other workers who is in a room that was just opened here."""
        self._say(feed, asks=True)

    def bus_returned(self) -> None:
        """What the workers told one another while the bus was away was lost: ask again, in every room."""
        self._unsure.update(self._feeds)

    def come(self, feed: RoomFeed, user_id: int) -> None:
        feed.presence.come(user_id)
        self._mark(feed.room_id)

    def go(self, feed: RoomFeed, user_id: int) -> None:
        feed.presence.go(user_id)
        self._mark(feed.room_id)

    def hear(self, feed: RoomFeed, news: wire.RoomNews) -> None:
        if news.roster is not None:
            now = time.monotonic()
            feed.presence.hear(news.origin, news.roster, now)
            self._leases.append((now + LEASE, feed.room_id))
            self._restless.add(feed.room_id)
        if news.asks:
            self._changed.add(feed.room_id)

    async def run(self) -> None:
        """Tell what changed, for ever."""
        round_ = 0
        while True:
            await asyncio.sleep(TICK)
            round_ = (round_ + 1) % ROUNDS
            try:
                self._tell_workers(round_)
                self._tell_members()
            except Exception:
                logger.exception("Could not tell who is here.")

    def closed(self, feed: RoomFeed) -> None:
        """Nobody is left in the room on this worker: the others need not wait for the lease to end."""
        self._say(feed)

    def _mark(self, room_id: int) -> None:
        self._changed.add(room_id)
        self._restless.add(room_id)

    def _tell_workers(self, round_: int) -> None:
        due = {room_id for room_id in self._feeds if room_id % ROUNDS == round_}
        asking = set(islice(self._unsure, ASKED_AT_ONCE))
        self._unsure -= asking
        for room_id in self._changed | due | asking:
            if feed := self._feeds.get(room_id):
                self._say(feed, asks=room_id in asking)
        self._changed.clear()

    def _tell_members(self) -> None:
        now = time.monotonic()
        while self._leases and self._leases[0][0] <= now:
            self._restless.add(self._leases.popleft()[1])
        rooms, self._restless = self._restless, set()
        for room_id in rooms:
            feed = self._feeds.get(room_id)
            if feed is None:
                continue
            if news := feed.presence.news(now):
                feed.say(Packet("presence", encode(news)))
            if feed.presence.restless:
                self._restless.add(room_id)

    def _say(self, feed: RoomFeed, *, asks: bool = False) -> None:
        if not self._bus.alone:
            news = wire.RoomNews(feed.room_id, [], [], feed.presence.roster(), asks)
            self._bus.publish(wire.channel_of(feed.room_id), wire.pack(self._worker, news))
