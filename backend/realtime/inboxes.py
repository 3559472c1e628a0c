"""The inboxes of this worker: what happens in the rooms of the people who have theirs open here.

News of a room only note that there are some. At once, or a second after the last time, what was noted is read from
the database for all these people together, and told. So it does not matter how the news came or how many there were,
and members who are not here cost nothing.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from backend.chat import batched, inbox_queries, queries
from backend.chat.events import RoomOut
from backend.chat.inbox_queries import Activity, AskRooms, Footprint
from backend.chat.models import ChatRoom
from backend.threads import always_in_db_thread

from . import wire
from .connections import Connection
from .inbox import ActivityPackets, Inbox, WatchedRoom, inbox, room_added, room_changed, room_removed

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

PACE = 1.0  # seconds from one telling to the next
SHARE = 4  # a telling that takes long is followed by a pause of so many times as long
PAIRS = 500  # of a room and a person in one query
SWEEP_EVERY = 2.0
SWEEP_ROOMS = 1_000  # in one query
SWEEP_PEOPLE = 500
NOTHING = Footprint(0, 0, 0)


class Inboxes:
    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._people: dict[int, Inbox] = {}
        self._rooms: dict[int, WatchedRoom] = {}
        self._stirred: set[int] = set()  # rooms with news for everybody in them
        self._marked: dict[int, set[int]] = {}  # room -> people for whom alone there are news
        self._news = asyncio.Event()

    # --- news --------------------------------------------------------------------------

    def stir(self, room_id: int) -> None:
        """Something was said in a room."""
        if room_id in self._rooms:
            self._stirred.add(room_id)
            self._news.set()

    def mark(self, room_id: int, user_id: int) -> None:
        """What a room is to one person has changed."""
        if user_id in self._people:
            self._marked.setdefault(room_id, set()).add(user_id)
            self._news.set()

    def lose(self, room_id: int, user_id: int | None) -> None:
        """A person (None: everybody) is in a room no longer."""
        if user_id is None:
            self.stir(room_id)
        else:
            self.mark(room_id, user_id)

    def needs(self, channel: str) -> bool:
        """Whether what is said on a channel of the bus is for somebody here."""
        return wire.room_of(channel) in self._rooms or wire.person_of(channel) in self._people

    # --- connections -------------------------------------------------------------------

    async def enter(self, connection: Connection) -> None:
        """Show a registered connection its inbox: `open`, then `inbox`, then all that happens."""
        mine = self._people.setdefault(connection.user_id, Inbox(connection.user_id))
        mine.holds += 1
        connection.holds = True
        await self._opened(mine)
        rooms: dict[int, RoomOut] = {}
        asked: set[int] = set()
        while self._hub.doubts(connection) or mine.read_up_to.keys() - asked:
            if self._hub.doubts(connection):
                await self._hub.check_again(connection)
            if missing := mine.read_up_to.keys() - asked:
                asked |= missing
                rooms |= await batched.inbox_rooms(user_id=mine.user_id, room_ids=missing)
        # No await from here on: nothing falls between what is shown and what is told afterwards.
        self._hub.open(connection)
        mine.connections.add(connection)
        shown = {room_id: room for room_id, room in rooms.items() if room_id in mine.read_up_to}
        connection.deliver(inbox(shown.values()))
        for room_id, room in shown.items():
            if (room.last_seq, room.last_read_seq) != (self._rooms[room_id].last_seq, mine.read_up_to[room_id]):
                self.mark(room_id, mine.user_id)  # others were told of something older or newer

    def leave(self, connection: Connection) -> None:
        """The connection is gone; of an inbox without any nothing is kept."""
        mine = self._people[connection.user_id]
        mine.connections.discard(connection)
        mine.holds -= 1
        if not mine.holds:
            del self._people[mine.user_id]
            idle = [room_id for room_id in list(mine.read_up_to) if self._unwatch(mine, room_id)]
            self._hub.spawn(self._hub.release([wire.channel_of_person(mine.user_id), *map(wire.channel_of, idle)]))

    async def _opened(self, mine: Inbox) -> None:
        """Wait until an inbox hears of its rooms; whoever comes at the same time waits for the same."""
        if mine.opening is None:
            mine.opening = self._hub.spawn(self._open(mine))
        await asyncio.shield(mine.opening)

    async def _open(self, mine: Inbox) -> None:
        try:
            await self._hub.bus.subscribe(wire.channel_of_person(mine.user_id))
            entries = await batched.inbox_entries(user_id=mine.user_id)
            if self._people.get(mine.user_id) is mine:  # whoever waited has not gone
                for entry in entries:
                    self._watch(mine, entry.room_id, WatchedRoom(entry.slug, entry.name, entry.last_seq))
                    mine.read_up_to[entry.room_id] = entry.last_read_seq
                await self._hub.bus.subscribe(*(wire.channel_of(entry.room_id) for entry in entries))
        except BaseException:
            mine.opening = None  # for the next one to try again
            raise

    def _watch(self, mine: Inbox, room_id: int, room: WatchedRoom) -> None:
        self._rooms.setdefault(room_id, room).people.add(mine.user_id)

    def _unwatch(self, mine: Inbox, room_id: int) -> bool:
        """Take a room out of an inbox; whether it is in no other one."""
        del mine.read_up_to[room_id]
        room = self._rooms[room_id]
        room.people.discard(mine.user_id)
        return self._let_go(room_id)

    def _let_go(self, room_id: int) -> bool:
        room = self._rooms[room_id]
        idle = not room.people and not room.newcomers
        if idle:
            del self._rooms[room_id]
        return idle

    # --- telling -----------------------------------------------------------------------

    async def run(self) -> None:
        """Tell the news, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            started = time.monotonic()
            try:
                await self._tell_news()
            except Exception as error:
                logger.warning("Could not tell the inboxes their news (%s); trying again.", error)
            await asyncio.sleep(max(PACE, SHARE * (time.monotonic() - started)))

    async def _tell_news(self) -> None:
        stirred, self._stirred = self._stirred, set()
        marked, self._marked = self._marked, {}
        people = {room_id: self._rooms[room_id].people for room_id in stirred & self._rooms.keys()}
        pairs = {room_id: people.get(room_id, set()) | marked.get(room_id, set()) for room_id in people | marked}
        try:
            for asked in _chunks(pairs):
                found = await always_in_db_thread(inbox_queries.activity, asked)
                newcomers = {}
                for room_id, user_ids in asked.items():
                    if new := self._tell(room_id, user_ids, found.get(room_id)):
                        newcomers[room_id] = new
                    if room_id in found and room_id in stirred and room_id in self._rooms:
                        self._told_all(self._rooms[room_id], found[room_id])
                if newcomers:
                    await self._add(newcomers, found)
        except BaseException:
            self._stirred |= stirred
            for room_id, user_ids in marked.items():
                self._marked.setdefault(room_id, set()).update(user_ids)
            self._news.set()
            raise

    def _tell(self, room_id: int, user_ids: Collection[int], activity: Activity | None) -> set[int]:
        """Tell these people what a room is to them now; gives those who have to be told of it whole.

        They did not have it, or it is direct and the other one is not who they were: their account has ended.
        """
        newcomers = set()
        is_another = activity is not None and self._is_another(room_id, activity)
        packets = ActivityPackets(activity) if activity else None
        for user_id in user_ids:
            mine = self._people.get(user_id)
            if mine is None:
                continue
            seat = activity.seats.get(user_id) if activity else None
            if packets is None or seat is None:
                self._remove(mine, room_id)
            elif room_id in mine.read_up_to and not is_another:
                mine.read_up_to[room_id] = seat.last_read_seq
                mine.tell(packets.of(seat))
            elif room_id in mine.read_up_to or not mine.full:
                newcomers.add(user_id)
        return newcomers

    def _is_another(self, room_id: int, activity: Activity) -> bool:
        room = self._rooms.get(room_id)
        return room is not None and activity.kind == ChatRoom.Kind.DIRECT and room.name != activity.name

    def _told_all(self, room: WatchedRoom, activity: Activity) -> None:
        room.last_seq = activity.last_seq
        if room.name != activity.name:
            room.name = activity.name
            packets = room_changed(activity)
            for user_id in room.people:
                self._people[user_id].tell(packets)

    def _remove(self, mine: Inbox, room_id: int) -> None:
        if room_id in mine.read_up_to:
            mine.tell(room_removed(self._rooms[room_id].slug))
            if self._unwatch(mine, room_id):
                self._hub.spawn(self._hub.release([wire.channel_of(room_id)]))

    async def _add(self, newcomers: Mapping[int, set[int]], found: Mapping[int, Activity]) -> None:
        """Put rooms into the inboxes of people who did not have them: heard first, read second, then told."""
        for room_id in newcomers:
            room = WatchedRoom(found[room_id].slug, found[room_id].name, found[room_id].last_seq)
            self._rooms.setdefault(room_id, room).newcomers = True
        try:
            await self._hub.bus.subscribe(*map(wire.channel_of, newcomers))
            asks = [AskRooms(user_id, frozenset(room_ids)) for user_id, room_ids in _turned(newcomers).items()]
            for ask, rooms in zip(asks, await always_in_db_thread(inbox_queries.rooms, asks), strict=True):
                if mine := self._people.get(ask.user_id):
                    for room_id, out in rooms.items():
                        self._watch(mine, room_id, self._rooms[room_id])
                        if out.kind == ChatRoom.Kind.DIRECT:
                            self._rooms[room_id].name = out.name
                        mine.read_up_to[room_id] = out.last_read_seq
                        mine.tell(room_added(out))
        finally:
            for room_id in newcomers:
                self._rooms[room_id].newcomers = False
            idle = [room_id for room_id in newcomers if self._let_go(room_id)]
            self._hub.spawn(self._hub.release([*map(wire.channel_of, idle)]))

    # --- the sweep ---------------------------------------------------------------------

    async def sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep()
            except Exception as error:
                logger.warning("The sweep of the inboxes failed (%s); the next one is in %s s.", error, SWEEP_EVERY)

    async def sweep(self) -> None:
        """Compare all inboxes with the database, in one row a room and one a person: finds what nothing told of."""
        for room_ids in _batches(self._rooms, SWEEP_ROOMS):
            last_seqs = await always_in_db_thread(queries.last_seqs, room_ids)
            for room_id in room_ids:
                room = self._rooms.get(room_id)
                if room is not None and last_seqs.get(room_id, room.last_seq + 1) > room.last_seq:
                    self.stir(room_id)
        for user_ids in _batches(self._people, SWEEP_PEOPLE):
            footprints = await always_in_db_thread(inbox_queries.footprints, user_ids)
            changed = [user_id for user_id in user_ids if self._differs(user_id, footprints.get(user_id, NOTHING))]
            if changed:
                await self._compare(changed)

    def _differs(self, user_id: int, footprint: Footprint) -> bool:
        mine = self._people.get(user_id)
        return mine is not None and not mine.full and bool(mine.connections) and mine.footprint != footprint

    async def _compare(self, user_ids: list[int]) -> None:
        """Mark the rooms that came, went or were read on in."""
        for user_id, entries in zip(user_ids, await always_in_db_thread(inbox_queries.entries, user_ids), strict=True):
            if mine := self._people.get(user_id):
                stored = {(entry.room_id, entry.last_read_seq) for entry in entries}
                for room_id, _ in stored ^ mine.read_up_to.items():
                    self.mark(room_id, user_id)


def _chunks(pairs: Mapping[int, set[int]]) -> Iterator[dict[int, set[int]]]:
    """The same in parts of `PAIRS` or a few more; a room is in one part with all its people."""
    chunk: dict[int, set[int]] = {}
    size = 0
    for room_id, user_ids in pairs.items():
        chunk[room_id] = user_ids
        size += len(user_ids)
        if size >= PAIRS:
            yield chunk
            chunk, size = {}, 0
    if chunk:
        yield chunk


def _turned(people: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """Rooms by person from people by room."""
    rooms: dict[int, set[int]] = {}
    for room_id, user_ids in people.items():
        for user_id in user_ids:
            rooms.setdefault(user_id, set()).add(room_id)
    return rooms


def _batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """What was there at the beginning, in lists of so many."""
    rest = iter(list(ids))
    while batch := list(islice(rest, size)):
        yield batch
