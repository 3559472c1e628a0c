"""The reads of an inbox: for any number of people and rooms at once, each in a fixed number of queries.

What is the same for all people of a room is read once a room, what is one person's once a membership; nothing is
read of members who were not asked for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Count, OuterRef, Sum
from django.db.models.expressions import RawSQL

from backend.chat.events import MessageOut, RoomOut
from backend.chat.models import ChatRoom, Membership
from backend.chat.room_queries import (
    Row,
    last_message_id,
    last_messages,
    member_count,
    mention_count,
    outs,
    unread_count,
)
from backend.chat.rows import pack, table

ROOMS = 1_000  # rooms in an inbox; of more, those that the person has joined last


class Entry(NamedTuple):
    """A room of an inbox, and where it and its reader are."""

    room_id: int
    slug: str
    name: str
    last_seq: int
    last_read_seq: int


class Footprint(NamedTuple):
    """Of all memberships of a person: what can't stay the same when one comes, goes or is read on in."""

    rooms: int
    sum_of_ids: int
    sum_of_reads: int


class AskRooms(NamedTuple):
    user_id: int
    room_ids: frozenset[int]


class Seat(NamedTuple):
    """What a room is to one of its members."""

    last_read_seq: int
    unread_count: int
    mention_count: int


class Activity(NamedTuple):
    """A room now, with the members that were asked for."""

    slug: str
    name: str
    kind: ChatRoom.Kind
    last_seq: int
    last_message: MessageOut | None
    seats: dict[int, Seat]  # by user


def entries(user_ids: Sequence[int]) -> list[list[Entry]]:
    """The rooms of each person."""
    rows = Membership.objects.filter(user__in=user_ids).order_by("-pk")
    found: dict[int, list[Entry]] = {user_id: [] for user_id in user_ids}
    columns = rows.values_list("user_id", "room_id", "room__slug", "room__name", "room__last_seq", "last_read_seq")
    for user_id, room_id, slug, name, last_seq, last_read_seq in columns:
        if len(found[user_id]) < ROOMS:
            found[user_id].append(Entry(room_id, slug, name, last_seq, last_read_seq))
    return [found[user_id] for user_id in user_ids]


def footprints(user_ids: Collection[int]) -> dict[int, Footprint]:
    """One row a person, however many rooms they are in; nobody who is in none."""
    rows = Membership.objects.filter(user__in=user_ids).order_by().values_list("user_id")
    sums = rows.annotate(Count("pk"), Sum("room_id"), Sum("last_read_seq"))
    return {user_id: Footprint(count, int(ids), int(reads)) for user_id, count, ids, reads in sums}


def rooms(asks: Sequence[AskRooms]) -> list[dict[int, RoomOut]]:
    """The rooms as each person sees them, by id; those that they are in."""
    # The rooms first: a position is never ahead of the counts that come with it.
    rooms_found = _rooms({room_id for ask in asks for room_id in ask.room_ids}, with_members=True)
    seats = _seats((room_id, ask.user_id) for ask in asks for room_id in ask.room_ids)
    rows = [{**rooms_found[seat["room_id"]], **seat} for seat in seats if seat["room_id"] in rooms_found]
    found: dict[int, dict[int, RoomOut]] = {}
    for row, out in zip(rows, outs(rows), strict=True):
        found.setdefault(row["user_id"], {})[row["room_id"]] = out
    return [found.get(ask.user_id, {}) for ask in asks]


def activity(asked: Mapping[int, Collection[int]]) -> dict[int, Activity]:
    """The rooms that were asked for with the people that were asked for in each; those that there are."""
    rows = _rooms(asked, with_members=False)
    last = last_messages(rows.values())
    found = {
        pk: Activity(
            slug=row["slug"],
            name=row["name"],
            kind=ChatRoom.Kind(row["kind"]),
            last_seq=row["last_seq"],
            last_message=last.get(row["last_message_id"]),
            seats={},
        )
        for pk, row in rows.items()
    }
    for seat in _seats((room_id, user_id) for room_id, user_ids in asked.items() for user_id in user_ids):
        if room := found.get(seat["room_id"]):
            room.seats[seat["user_id"]] = Seat(seat["last_read_seq"], seat["unread_count"], seat["mention_count"])
    return found


def _rooms(room_ids: Collection[int], *, with_members: bool) -> dict[int, Row]:
    names = ["pk", "slug", "name", "kind", "created_at", "last_seq"]
    rows = ChatRoom.objects.filter(pk__in=room_ids).annotate(last_message_id=last_message_id())
    if with_members:
        rows = rows.annotate(member_count=member_count())
        names.append("member_count")
    return {row["pk"]: row for row in rows.values(*names, "last_message_id")}


def _seats(pairs: Iterable[tuple[int, int]]) -> Iterable[Row]:
    """The memberships of these pairs of a room and a person."""
    asked = table("pair", room_id="bigint", user_id="bigint")
    sql = f"SELECT m.id FROM {asked} JOIN chat_membership m USING (room_id, user_id)"  # noqa: S608 - our names
    rows = Membership.objects.filter(pk__in=RawSQL(sql, pack(list(pairs)))).annotate(  # noqa: S611 - the same
        unread_count=unread_count(OuterRef("room_id"), OuterRef("user_id")),
        mention_count=mention_count(OuterRef("room_id"), OuterRef("user_id")),
    )
    return rows.values("room_id", "user_id", "role", "last_read_seq", "unread_count", "mention_count")
