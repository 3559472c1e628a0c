"""The hub: this worker's open rooms and connections. Joins what the domain announces, the bus and the database."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import chain
from typing import Any

from backend.chat import batched, queries
from backend.chat.errors import ChatError, Code
from backend.chat.events import AccessEnded, Event, PresenceOut
from backend.chat.models import ChatRoom
from backend.threads import always_in_db_thread, in_db_thread

from . import revocation, wire
from .attendance import Attendance
from .bus import Bus
from .connections import Connection
from .feed import RoomFeed
from .packets import Delivery, Packet, Packets, encode
from .sync import STEP, Sync, missed_since, stored_after, stored_sync

logger = logging.getLogger(__name__)

HOLE_PATIENCE = 0.05  # seconds a hole may stay open before the database is asked
SWEEP_EVERY = 2.0
CROWD = 20  # members from which on a feed keeps its newest page; smaller rooms' pages go with the next sweep


class Hub:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.name = secrets.token_hex(8)
        self.feeds: dict[int, RoomFeed] = {}
        self.draining = False
        self.revocations = 0  # how often somebody's access has ended
        self.attendance = Attendance(bus, self.name, self.feeds)
        self._opening: dict[int, asyncio.Task[RoomFeed]] = {}
        self._reaching: dict[int, asyncio.Task[None]] = {}
        self._holds: dict[int, int] = {}  # connections that are in a room or on their way into it
        self._filling: dict[int, asyncio.Task[None]] = {}
        self._connections: dict[int, set[Connection]] = {}  # by user
        self._outside: dict[str, Callable[[bytes], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.bus.start(self._hear, self._catch_up_soon)
        self._spawn(self._sweep_forever())
        self._spawn(self.attendance.run())
        self._spawn(revocation.listen(self.end_access))
        self._spawn(revocation.check_forever(self.connections))

    async def listen_outside(self, channel: str, listener: Callable[[bytes], None]) -> None:
        """Pass what is said on one more channel of the bus to `listener`."""
        self._outside[channel] = listener
        await self.bus.subscribe(channel)

    def connections(self) -> Iterator[Connection]:
        """All connections of this worker, also those on their way in."""
        return chain.from_iterable(self._connections.values())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.stop()

    # --- news ------------------------------------------------------------------

    def post(self, events: Sequence[Event]) -> None:
        """Deliver what happened to this worker's members and tell the others. Callable from any thread."""
        self._loop.call_soon_threadsafe(self._post, events)

    def _post(self, events: Sequence[Event]) -> None:
        for news in wire.by_room(events):
            self._feed(news)
            if not self.bus.alone:
                self.bus.publish(wire.channel_of(news.room_id), wire.pack(self.name, news))
        for event in events:
            if isinstance(event, AccessEnded):
                self.end_access(event)
                self._spawn(revocation.tell_workers(event))

    def _hear(self, channel: str, message: bytes) -> None:
        if listener := self._outside.get(channel):
            listener(message)
        elif channel.startswith(wire.ROOM_CHANNEL) and (news := wire.unpack(self.name, channel, message)):
            self._feed(news)

    def _feed(self, news: wire.RoomNews) -> None:
        feed = self.feeds.get(news.room_id)
        if feed is None:
            return
        feed.receive(news.deliveries)
        for packet, skip_user, only_user in news.passing:
            only = None if only_user is None else feed.members & self._connections.get(only_user, set())
            feed.say(packet, skip_user=skip_user, only=only)
        self.attendance.hear(feed, news)
        if feed.has_hole and feed.room_id not in self._filling:
            self._filling[feed.room_id] = self._spawn(self._fill_soon(feed))

    def end_access(self, event: AccessEnded) -> None:
        """Close the connections of this worker that the event speaks of; who is on the way in is checked again."""
        self.revocations += 1
        # Everybody's access ends when a room is deleted: rarely enough to look at all connections.
        people = self.connections() if event.user_id is None else self._connections.get(event.user_id, ())
        for connection in list(people):
            if event.concerns(connection.room_id, connection.identity.digest):
                connection.end("removed" if event.room_id else "revoked")

    # --- holes and the sweep -----------------------------------------------------

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
        if not self.feeds:
            return
        for feed in self.feeds.values():
            if len(feed.members) < CROWD:
                feed.page = None
        last_seqs = await always_in_db_thread(queries.last_seqs, list(self.feeds))
        for room_id, last_seq in last_seqs.items():
            behind = self.feeds.get(room_id)
            if behind is not None and behind.seq < last_seq:
                await self.fill(behind)

    def _catch_up_soon(self) -> None:
        self._spawn(self.sweep())

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep()
            except Exception as error:
                logger.warning("The sweep failed (%s); the next one is in %s s.", error, SWEEP_EVERY)

    # --- members -------------------------------------------------------------------

    def register(self, connection: Connection) -> None:
        """From here on the connection hears when its person's access ends, also while it is connecting."""
        self._connections.setdefault(connection.user_id, set()).add(connection)

    async def enter(self, connection: Connection, room: ChatRoom, since: int | None) -> None:
        """Make a registered connection a member of the room: `open`, then `sync`, then every change after it."""
        connection.room_id = room.pk
        self._holds[room.pk] = self._holds.get(room.pk, 0) + 1
        connection.holds = True
        feed = await self._open(room)
        sync = await self._sync(feed, room, since)
        while connection.checked_at != self.revocations:
            connection.checked_at = self.revocations
            await always_in_db_thread(revocation.check_again, connection)
            sync = await self._sync(feed, room, since)
        # No await from here on: nothing falls between the sync and the first change after it.
        if connection.ended or self.draining:
            raise ChatError(Code.UNAVAILABLE if self.draining else Code.UNAUTHORIZED, retry_after=1)
        connection.open()
        feed.members.add(connection)
        self.attendance.come(feed, connection.user_id)
        online = feed.presence.online()
        connection.deliver(Packets(feed.slug, [Packet("sync", sync.encode(feed.slug, online))]))
        if others := [user_id for user_id in feed.presence.named() if user_id != connection.user_id]:
            here = PresenceOut(joined=others, left=[], online=online)
            connection.deliver(Packets(feed.slug, [Packet("presence", encode(here))], droppable=True))

    def leave(self, connection: Connection) -> None:
        """The connection is gone; the room is closed behind its last member."""
        mine = self._connections.get(connection.user_id)
        if mine is not None:
            mine.discard(connection)
            if not mine:
                del self._connections[connection.user_id]
        if not connection.holds:
            return
        connection.holds = False
        room_id = connection.room_id
        feed = self.feeds.get(room_id)
        if feed is not None and connection in feed.members:
            feed.members.discard(connection)
            self.attendance.go(feed, connection.user_id)
            connection.typing.end()
        self._holds[room_id] -= 1
        if not self._holds[room_id]:
            del self._holds[room_id]
            if room_id not in self._opening:
                self._close(room_id)

    async def _unsubscribe(self, room_id: int) -> None:
        if room_id not in self._holds:
            await self.bus.unsubscribe(wire.channel_of(room_id))
            if room_id in self._holds:  # somebody came meanwhile
                await self.bus.subscribe(wire.channel_of(room_id))
                await self.sweep()

    async def _open(self, room: ChatRoom) -> RoomFeed:
        if opening := self._opening.get(room.pk):
            return await asyncio.shield(opening)
        if feed := self.feeds.get(room.pk):
            return feed
        opening = self._opening[room.pk] = asyncio.create_task(self._open_feed(room))
        return await asyncio.shield(opening)

    async def _open_feed(self, room: ChatRoom) -> RoomFeed:
        """The feed starts at a position known before, hears what is new, and gets what lies between."""
        feed = self.feeds[room.pk] = RoomFeed(room.pk, room.slug, room.last_seq)
        try:
            await self.bus.subscribe(wire.channel_of(room.pk))
            position = await batched.position(room_id=room.pk)
            if position is None:
                raise ChatError(Code.NOT_FOUND, "No such room.")
            if feed.seq < position:
                await self.fill(feed)
            self.attendance.opened(feed)
        except BaseException:
            del self.feeds[room.pk]
            raise
        finally:
            # In one step with what stands above: whoever comes later finds a feed that is open, or none.
            del self._opening[room.pk]
            if room.pk not in self._holds:
                self._close(room.pk)
        return feed

    def _close(self, room_id: int) -> None:
        if feed := self.feeds.pop(room_id, None):
            self.attendance.closed(feed)
        self._spawn(self._unsubscribe(room_id))

    async def _sync(self, feed: RoomFeed, room: ChatRoom, since: int | None) -> Sync:
        """The sync of a client at `since`: from the feed if it reaches that far, else from the database."""
        if since is not None and (missed := await self._missed(feed, since)) is not None:
            return Sync(feed.seq, True, missed, has_more=False)
        sync = feed.page if since is None else None
        while sync is None or (newer := feed.after(sync.seq)) is None:
            room.last_seq = max(room.last_seq, feed.seq)  # what was read at the access check may be too old by now
            sync = await in_db_thread(stored_sync, room, since)
            if sync.seq > feed.seq:
                await self.fill(feed)
        sync = sync.forward(newer, feed.seq)
        if not sync.recovered:
            feed.page = sync
        return sync

    async def _missed(self, feed: RoomFeed, since: int) -> list[Delivery] | None:
        """What a client at `since` has missed, read once for all that come; None: more than the feed can hold."""
        while (missed := feed.after(since)) is None and feed.can_reach(since):
            reaching = self._reaching.get(feed.room_id)
            if reaching is None:
                reaching = self._reaching[feed.room_id] = asyncio.create_task(self._reach_back(feed, since))
            floor = feed.floor
            await asyncio.shield(reaching)
            if feed.floor == floor:
                break
        return missed

    async def _reach_back(self, feed: RoomFeed, since: int) -> None:
        try:
            stored = await missed_since(feed, since)
            if stored and stored[-1].seq > feed.seq:
                await self.fill(feed)
            feed.reach_back(since, stored)
        finally:
            del self._reaching[feed.room_id]

    # --- tasks -----------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.warning("A task of the hub failed: %s", error)
