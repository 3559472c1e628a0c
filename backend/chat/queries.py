"""The reads of a room's log: history by place, changes by position, and the `sync` of a client that comes."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from django.db.models import QuerySet, prefetch_related_objects

from .errors import invalid
from .events import Change, HistoryOut, MessageOut, PinsOut, SyncOut
from .inputs import HistoryIn
from .models import ChatRoom, Message
from .payloads import message_payloads
from .rows import pack, table

NEWEST = 50  # messages a client without a position gets
RECOVERABLE = 500  # changes after which a client starts anew instead of catching up


class Position(NamedTuple):
    """A position in the log of a room."""

    room_id: int
    slug: str
    seq: int


def _messages(room: ChatRoom) -> QuerySet[Message]:
    return Message.objects.filter(room=room).select_related("sender")


def _payloads(room: ChatRoom, rows: Iterable[Message]) -> list[MessageOut]:
    messages = list(rows)
    for message in messages:
        message.room = room
    return message_payloads(messages)


def history(*, room: ChatRoom, page: HistoryIn) -> HistoryOut:
    """One page by place, oldest first: before a place, after one, around one, or the newest.

    Around a place: half of the page comes before it, half begins with it.
    """
    places = [name for name in ("before", "after", "around") if getattr(page, name) is not None]
    if len(places) > 1:
        raise invalid(**{places[0]: "Ask for what is before one place, after one or around one."})
    rows = _messages(room)
    if page.around is not None:
        older, has_older = _newest(rows.filter(seq__lt=page.around), page.limit // 2)
        newer, has_newer = _oldest(rows.filter(seq__gte=page.around), page.limit - page.limit // 2)
        return HistoryOut(items=_payloads(room, [*older, *newer]), has_more=has_older, has_newer=has_newer)
    if page.after is not None:
        newer, has_newer = _oldest(rows.filter(seq__gt=page.after), page.limit)
        return HistoryOut(items=_payloads(room, newer), has_more=has_newer, has_newer=has_newer)
    if page.before is not None:
        rows = rows.filter(seq__lt=page.before)
    older, has_older = _newest(rows, page.limit)
    return HistoryOut(items=_payloads(room, older), has_more=has_older)


def _newest(rows: QuerySet[Message], limit: int) -> tuple[list[Message], bool]:
    """The last of these by place, oldest first, and whether there are more before them."""
    found = list(rows.order_by("-seq")[: limit + 1])
    return found[:limit][::-1], len(found) > limit


def _oldest(rows: QuerySet[Message], limit: int) -> tuple[list[Message], bool]:
    """The first of these by place, and whether there are more after them."""
    found = list(rows.order_by("seq")[: limit + 1])
    return found[:limit], len(found) > limit


def pins(*, room: ChatRoom) -> PinsOut:
    """What is pinned in a room, the newest pin first."""
    return PinsOut(items=_payloads(room, _messages(room).filter(pinned_at__isnull=False).order_by("-pinned_at")))


def changes(*, room: ChatRoom, since: int, limit: int = RECOVERABLE) -> list[Change]:
    """What happened after position `since`, in order: each message once, in its newest state."""
    rows = _messages(room).filter(updated_seq__gt=since).order_by("updated_seq")[:limit]
    return [Change(room.pk, room.slug, event_of(payload), payload) for payload in _payloads(room, rows)]


def changes_of_many(asks: Sequence[Position]) -> list[list[Change]]:
    """For each ask what happened after its position, `RECOVERABLE` places at most; a few queries for all of them."""
    seqs: dict[int, list[int]] = {}
    for ask in asks:
        seqs.setdefault(ask.room_id, []).append(ask.seq)
    spans = [(room_id, min(some), max(some) + RECOVERABLE) for room_id, some in seqs.items()]
    sql = f"""
        SELECT m.* FROM {table("ask", room_id="bigint", seq="bigint", last="bigint")}
        JOIN chat_message m ON m.room_id = ask.room_id AND m.updated_seq > ask.seq AND m.updated_seq <= ask.last
        ORDER BY m.updated_seq
    """  # noqa: S608 - our names
    found = _by_room(asks, Message.objects.raw(sql, pack(spans)))
    return [
        [
            Change(ask.room_id, ask.slug, event_of(payload), payload)
            for payload in found[ask.room_id]
            if 0 < payload.updated_seq - ask.seq <= RECOVERABLE
        ]
        for ask in asks
    ]


def newest(asks: Sequence[Position]) -> list[SyncOut]:
    """For each room (no two asks for one) the newest page up to a position; a few queries for all of them."""
    first = f"""
        SELECT seq FROM chat_message WHERE room_id = ask.room_id AND seq <= ask.seq
        ORDER BY seq DESC LIMIT 1 OFFSET {NEWEST}
    """  # noqa: S608 - a number
    sql = f"""
        SELECT m.* FROM (
            SELECT room_id, seq, COALESCE(({first}), 0) AS first
            FROM {table("ask", room_id="bigint", seq="bigint")}
        ) AS page
        JOIN chat_message m ON m.room_id = page.room_id AND m.seq BETWEEN page.first AND page.seq
        ORDER BY m.seq
    """  # noqa: S608 - our names
    found = _by_room(asks, Message.objects.raw(sql, pack([(ask.room_id, ask.seq) for ask in asks])))
    return [
        SyncOut(
            room=ask.slug,
            seq=ask.seq,
            recovered=False,
            messages=found[ask.room_id][-NEWEST:],
            has_more=len(found[ask.room_id]) > NEWEST,
            online=0,
        )
        for ask in asks
    ]


def _by_room(asks: Sequence[Position], rows: Iterable[Message]) -> dict[int, list[MessageOut]]:
    """The payloads of messages in these rooms, in the order given.

    One statement gave all of them: an id read before its row might come back from a later moment than its neighbours.
    """
    rooms = {ask.room_id: ChatRoom(pk=ask.room_id, slug=ask.slug) for ask in asks}
    found: dict[int, list[MessageOut]] = {room_id: [] for room_id in rooms}
    messages = list(rows)
    prefetch_related_objects(messages, "sender")
    for message in messages:
        message.room = rooms[message.room_id]
    for message, payload in zip(messages, message_payloads(messages), strict=True):
        found[message.room_id].append(payload)
    return found


def event_of(payload: MessageOut) -> Literal["message", "message_updated"]:
    return "message" if payload.seq == payload.updated_seq else "message_updated"


def sync(*, room: ChatRoom, since: int | None) -> SyncOut:
    """What brings a client from `since` to now: all it missed, or (too much, or none given) the newest page.

    `room` was read before: what is committed meanwhile only makes the answer newer, never leaves a hole.
    """
    if since is not None and since <= room.last_seq:
        missed = changes(room=room, since=since, limit=RECOVERABLE + 1)
        if len(missed) <= RECOVERABLE:
            seq = missed[-1].payload.updated_seq if missed else since
            messages = [change.payload for change in missed]
            return SyncOut(room=room.slug, seq=seq, recovered=True, messages=messages, has_more=False, online=0)
    [page] = newest([Position(room.pk, room.slug, room.last_seq)])
    return page


def positions(room_ids: Sequence[int]) -> list[int | None]:
    """The position of each room, None where there is no such room; for those that open at the same moment."""
    found = last_seqs(room_ids)
    return [found.get(room_id) for room_id in room_ids]


def last_seqs(room_ids: Sequence[int]) -> dict[int, int]:
    """The position of each room, in one query: what the sweep compares open feeds with."""
    return dict(ChatRoom.objects.filter(pk__in=room_ids).values_list("pk", "last_seq"))
