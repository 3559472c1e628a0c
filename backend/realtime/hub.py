"""The hub: this worker's open rooms, inboxes and connections. Joins what the domain announces and the bus to them."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from itertools import chain
from typing import Any

from backend.chat import batched
from backend.chat.errors import ChatError, Code
from backend.chat.events import AccessEnded, Event, MembershipChanged, PresenceOut
from backend.chat.models import ChatRoom
from backend.threads import always_in_db_thread

from . import revocation, wire
from .arrivals import Arrivals
from .attendance import Attendance
from .bus import Bus
from .catch_up import CatchUp
from .connections import INBOX, Connection
from .feed import RoomFeed
from .inboxes import Inboxes
from .last_seen import LastSeen
from .packets import Packet, Packets, encode

logger = logging.getLogger(__name__)


class Hub:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.name = secrets.token_hex(8)
        self.feeds: dict[int, RoomFeed] = {}
        self.draining = False
        self.revocations = 0  # how often somebody's access has ended
        self.attendance = Attendance(bus, self.name, self.feeds)
        self.catch_up = CatchUp(self.feeds, self.spawn)
        self.arrivals = Arrivals(self.catch_up)
        self.inboxes = Inboxes(self)
        self.last_seen = LastSeen()
        self._opening: dict[int, asyncio.Task[RoomFeed]] = {}
        self._holds: dict[int, int] = {}  # connections that are in a room or on their way into it
        self._connections: dict[int, set[Connection]] = {}  # by user
        self._outside: dict[str, Callable[[bytes], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.bus.start(self._hear, self._bus_returned)
        self.spawn(self.catch_up.sweep_forever())
        self.spawn(self.attendance.run())
        self.spawn(self.inboxes.run())
        self.spawn(self.inboxes.sweep_forever())
        self.spawn(self.last_seen.run())
        self.spawn(revocation.listen(self.end_access))
        self.spawn(revocation.check_forever(self.connections))

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
        self.last_seen.gone(self._connections)
        await self.last_seen.write()
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
                self.spawn(revocation.tell_workers(event))
            elif isinstance(event, MembershipChanged):
                self.inboxes.mark(event.room_id, event.user_id)
                if not self.bus.alone:
                    self.bus.publish(*wire.personal(self.name, event))

    def _hear(self, channel: str, message: bytes) -> None:
        if listener := self._outside.get(channel):
            listener(message)
        elif room_id := wire.room_of(channel):
            if room_id in self.feeds:
                if news := wire.unpack(self.name, room_id, message):
                    self._feed(news)
            elif wire.tells_changes(self.name, message):
                self.inboxes.stir(room_id)
        elif (user_id := wire.person_of(channel)) and (changed := wire.changed_room(self.name, message)):
            self.inboxes.mark(changed, user_id)

    def _feed(self, news: wire.RoomNews) -> None:
        if news.deliveries:
            self.inboxes.stir(news.room_id)
        feed = self.feeds.get(news.room_id)
        if feed is None:
            return
        feed.receive(news.deliveries)
        for packet, skip_user, only_user in news.passing:
            only = None if only_user is None else feed.members & self._connections.get(only_user, set())
            feed.say(packet, skip_user=skip_user, only=only)
        self.attendance.hear(feed, news)
        self.catch_up.mend(feed)

    def end_access(self, event: AccessEnded) -> None:
        """Close the connections of this worker that the event speaks of; who is on the way in is checked again."""
        self.revocations += 1
        if event.room_id is not None:
            self.inboxes.lose(event.room_id, event.user_id)
        # Everybody's access ends when a room is deleted: rarely enough to look at all connections.
        people = self.connections() if event.user_id is None else self._connections.get(event.user_id, ())
        for connection in list(people):
            if event.concerns(connection.room_id, connection.identity.digest):
                connection.end("removed" if event.room_id else "revoked")

    async def _sweep(self) -> None:
        """Find what was missed while the bus was away, or a channel was not heard."""
        await self.catch_up.sweep()
        await self.inboxes.sweep()

    def _bus_returned(self) -> None:
        self.attendance.bus_returned()
        self.spawn(self._sweep())

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
        sync = await self.arrivals.sync(feed, room, since)
        while self.doubts(connection):
            await self.check_again(connection)
            sync = await self.arrivals.sync(feed, room, since)
        # No await from here on: nothing falls between the sync and the first change after it.
        self.open(connection)
        feed.members.add(connection)
        self.attendance.come(feed, connection.user_id)
        online = feed.presence.online()
        connection.deliver(Packets(feed.slug, [Packet("sync", sync.encode(feed.slug, online))]))
        if others := [user_id for user_id in feed.presence.named() if user_id != connection.user_id]:
            here = PresenceOut(joined=others, left=[], online=online)
            connection.deliver(Packets(feed.slug, [Packet("presence", encode(here))], droppable=True))

    def doubts(self, connection: Connection) -> bool:
        """Whether somebody's access has ended since the connection's was checked."""
        return connection.checked_at != self.revocations

    async def check_again(self, connection: Connection) -> None:
        """Raises if a connection on its way in has lost its token or membership."""
        connection.checked_at = self.revocations
        await always_in_db_thread(revocation.check_again, connection)

    def open(self, connection: Connection) -> None:
        """Tell the client that it is in; raises if it may not be any more."""
        if connection.ended or self.draining:
            raise ChatError(Code.UNAVAILABLE if self.draining else Code.UNAUTHORIZED, retry_after=1)
        connection.open()

    def leave(self, connection: Connection) -> None:
        """The connection is gone; the room is closed behind its last member."""
        mine = self._connections.get(connection.user_id)
        if mine is not None:
            mine.discard(connection)
            if not mine:
                del self._connections[connection.user_id]
                self.last_seen.gone([connection.user_id])
        if not connection.holds:
            return
        connection.holds = False
        if connection.slug == INBOX:
            self.inboxes.leave(connection)
            return
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

    async def release(self, channels: Collection[str]) -> None:
        """Hear no more of these, but for those that somebody here has open or in an inbox."""
        await self.bus.unsubscribe(*(idle := [channel for channel in channels if not self._needs(channel)]))
        if again := [channel for channel in idle if self._needs(channel)]:  # somebody came meanwhile
            await self.bus.subscribe(*again)
            await self._sweep()

    def _needs(self, channel: str) -> bool:
        return wire.room_of(channel) in self._holds or self.inboxes.needs(channel)

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
                await self.catch_up.fill(feed)
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
        self.spawn(self.release([wire.channel_of(room_id)]))

    # --- tasks -----------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background, to the end of the hub at most."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.warning("A task of the hub failed: %s", error)
