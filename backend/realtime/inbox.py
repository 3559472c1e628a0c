"""One person's inbox on this worker, and what is told there."""

import asyncio
from collections.abc import Iterable

from backend.chat.events import ActivityOut, RoomAddedOut, RoomEvent, RoomOut, RoomRemovedOut
from backend.chat.inbox_queries import ROOMS, Activity, Footprint, Seat

from .connections import INBOX, Connection
from .packets import Packet, Packets, encode

MESSAGE_BYTES = 512 * 1024  # of last messages in one `inbox`: half of what may wait for a client


class Inbox:
    """`read_up_to`: its rooms by id, and up to where the person has read, as the person was told."""

    __slots__ = ("connections", "holds", "opening", "read_up_to", "user_id")

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.connections: set[Connection] = set()
        self.holds = 0  # connections that are in it or on their way
        self.opening: asyncio.Task[None] | None = None
        self.read_up_to: dict[int, int] = {}

    @property
    def full(self) -> bool:
        return len(self.read_up_to) >= ROOMS

    @property
    def footprint(self) -> Footprint:
        return Footprint(len(self.read_up_to), sum(self.read_up_to), sum(self.read_up_to.values()))

    def tell(self, packets: Packets) -> None:
        for connection in list(self.connections):
            connection.deliver(packets)


class WatchedRoom:
    """A room in some inboxes. `last_seq` and `name`: as all of them were told."""

    __slots__ = ("last_seq", "name", "newcomers", "people", "slug")

    def __init__(self, slug: str, name: str, last_seq: int) -> None:
        self.slug = slug
        self.name = name
        self.last_seq = last_seq
        self.people: set[int] = set()
        self.newcomers = False  # somebody is about to be told of it


class ActivityPackets:
    """`room_activity` of one room, encoded once for all who have the same to read."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._encoded: dict[tuple[int, int], Packets] = {}

    def of(self, seat: Seat) -> Packets:
        counts = (seat.unread_count, seat.mention_count)
        if counts not in self._encoded:
            out = ActivityOut(
                slug=self._activity.slug,
                last_seq=self._activity.last_seq,
                unread_count=seat.unread_count,
                mention_count=seat.mention_count,
                last_message=self._activity.last_message,
            )
            self._encoded[counts] = Packets(INBOX, [Packet("room_activity", encode(out))])
        return self._encoded[counts]


def inbox(rooms: Iterable[RoomOut]) -> Packets:
    """`inbox`: the rooms, the one where something was said last first. Where their last messages are too much for
    one packet, the later rooms come without."""
    parts, size = [], 0
    for room in sorted(rooms, key=_last_message_id, reverse=True):
        part = encode(room)
        size += len(part)
        parts.append(part if size <= MESSAGE_BYTES else encode(room.model_copy(update={"last_message": None})))
    return Packets(INBOX, [Packet("inbox", b'{"rooms":[%b]}' % b",".join(parts))])


def room_added(room: RoomOut) -> Packets:
    return Packets(INBOX, [Packet("room_added", encode(RoomAddedOut(room=room)))])


def room_removed(slug: str) -> Packets:
    return Packets(INBOX, [Packet("room_removed", encode(RoomRemovedOut(slug=slug)))])


def room_changed(activity: Activity) -> Packets:
    out = RoomEvent(slug=activity.slug, name=activity.name, kind=activity.kind)
    return Packets(INBOX, [Packet("room", encode(out))])


def _last_message_id(room: RoomOut) -> int:
    return room.last_message.id if room.last_message else 0
