"""How events travel between workers: JSON on one Redis channel a room, and one a person for their inbox."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson
from django.conf import settings

from backend.chat.events import Change, Event, MembershipChanged, Passing

from .packets import Delivery, Packet, delivery, encode
from .presence import Roster

# Redis shares its channels among all its databases and users: the name keeps other deployments apart.
ROOM_CHANNEL = f"{settings.REDIS_PREFIX}:room:"
PERSON_CHANNEL = f"{settings.REDIS_PREFIX}:person:"


class RoomNews(NamedTuple):
    """What happened in one room, ready to be fed: durable changes, then things of the moment."""

    room_id: int
    deliveries: list[Delivery]
    passing: list[tuple[Packet, int | None, int | None]]  # (packet, user to skip, the one user to tell)
    roster: Roster | None = None  # who is in the room on the worker that says so
    asks: bool = False  # the worker wants to know the others' rosters
    origin: str = ""  # the worker that says it


def channel_of(room_id: int) -> str:
    return f"{ROOM_CHANNEL}{room_id}"


def room_of(channel: str) -> int | None:
    """The room that a channel is of."""
    return int(channel.removeprefix(ROOM_CHANNEL)) if channel.startswith(ROOM_CHANNEL) else None


def channel_of_person(user_id: int) -> str:
    return f"{PERSON_CHANNEL}{user_id}"


def person_of(channel: str) -> int | None:
    """The person that a channel is of."""
    return int(channel.removeprefix(PERSON_CHANNEL)) if channel.startswith(PERSON_CHANNEL) else None


def by_room(events: Iterable[Event]) -> list[RoomNews]:
    """The changes and passing events, each encoded once, grouped by room in the order given."""
    rooms: dict[int, RoomNews] = {}
    for event in events:
        if isinstance(event, Change):
            news = rooms.setdefault(event.room_id, RoomNews(event.room_id, [], []))
            news.deliveries.append(delivery(event.payload))
        elif isinstance(event, Passing):
            news = rooms.setdefault(event.room_id, RoomNews(event.room_id, [], []))
            news.passing.append((Packet(event.event, encode(event.payload)), event.skip_user, event.only_user))
    return list(rooms.values())


def pack(origin: str, news: RoomNews) -> bytes:
    """`origin` names the worker, so that it can skip what it has delivered itself."""
    changes = [(*change[:-1], orjson.Fragment(change.data)) for change in news.deliveries]
    passing = [(packet.event, orjson.Fragment(packet.data), skip, only) for packet, skip, only in news.passing]
    roster = tuple(news.roster) if news.roster else None  # orjson takes no named tuple
    return origin.encode() + b" " + orjson.dumps([changes, passing, roster, news.asks])


def tells_changes(origin: str, message: bytes) -> bool:
    """Whether another worker tells of durable changes: seen without reading them."""
    sender, _, body = message.partition(b" ")
    return sender != origin.encode() and not body.startswith(b"[[],")


def unpack(origin: str, room_id: int, message: bytes) -> RoomNews | None:
    """The news of another worker; None when it is one's own."""
    sender, _, body = message.partition(b" ")
    if sender == origin.encode():
        return None
    changes, passing, roster, asks = orjson.loads(body)
    return RoomNews(
        room_id,
        [Delivery(seq, place, pk, event, orjson.dumps(data)) for seq, place, pk, event, data in changes],
        [(Packet(event, orjson.dumps(data)), skip, only) for event, data, skip, only in passing],
        Roster(*roster) if roster else None,
        asks,
        sender.decode(),
    )


def personal(origin: str, event: MembershipChanged) -> tuple[str, bytes]:
    """(channel, message) for the workers where the person has an inbox."""
    return channel_of_person(event.user_id), b"%b %d" % (origin.encode(), event.room_id)


def changed_room(origin: str, message: bytes) -> int | None:
    """The room of another worker's `personal` message; None when it is one's own."""
    sender, _, room_id = message.partition(b" ")
    return None if sender == origin.encode() else int(room_id)


def messages(origin: str, events: Sequence[Event]) -> list[tuple[str, bytes]]:
    """(channel, message) for each room and each person that the events speak of."""
    rooms = [(channel_of(news.room_id), pack(origin, news)) for news in by_room(events)]
    return rooms + [personal(origin, event) for event in events if isinstance(event, MembershipChanged)]
