"""The reads about rooms: the lists, one room as a person sees it, its members.

The number of queries depends neither on how many rooms there are nor on what was said in them,
and what a room costs does not grow with its log.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, FilteredRelation, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from backend.chat.access import Access, not_a_member
from backend.chat.errors import ChatError, Code
from backend.chat.events import (
    MemberOut,
    MemberPageOut,
    MessageOut,
    ReadOut,
    ReadsOut,
    RoomOut,
    RoomPageOut,
    RoomsOut,
    UserBrief,
)
from backend.chat.inputs import MembersIn, RoomSearchIn
from backend.chat.models import ChatRoom, Membership, Mention, Message, Role
from backend.chat.payloads import message_payloads, user_brief

UNREAD_LIMIT = 99  # messages and mentions; nobody counts further, so the database does not either
UNREAD_WINDOW = 500  # newest messages of a room among which unread ones are counted

Row = Mapping[str, Any]


class _CountMarked(Subquery):
    """How many rows of a (sliced) subquery have their one column, `marked`, true; counted up to `limit`."""

    template = (
        "(SELECT COUNT(*) FROM (SELECT 1 FROM (%(subquery)s) AS walked WHERE walked.marked LIMIT %(limit)s) AS counted)"
    )
    output_field = IntegerField()


def my_rooms(*, user_id: int) -> RoomsOut:
    """The rooms of a person, the one where something was said last first."""
    rows = _rows(user_id).filter(role__isnull=False).order_by("-last_message_id", "-pk")
    return RoomsOut(items=outs(rows))


def public_rooms(*, user_id: int, search: RoomSearchIn) -> RoomPageOut:
    """The public rooms whose name holds `q`, those the person is in too; newest first."""
    rows = _rows(user_id).filter(kind=ChatRoom.Kind.PUBLIC, name__icontains=search.q)
    if search.before is not None:
        rows = rows.filter(pk__lt=Subquery(ChatRoom.objects.filter(slug=search.before).values("pk")))
    found = list(rows.order_by("-pk")[: search.limit + 1])
    return RoomPageOut(items=outs(found[: search.limit]), has_more=len(found) > search.limit)


def room(*, slug: str, user_id: int) -> RoomOut:
    """One room: public ones for everybody, others for their members; raises `not_found` or `forbidden`."""
    found = next(iter(outs(_rows(user_id).filter(slug=slug))), None)
    if found is None:
        raise ChatError(Code.NOT_FOUND, "No such room.")
    if found.role is None and found.kind != ChatRoom.Kind.PUBLIC:
        raise not_a_member()
    return found


def members(*, access: Access, page: MembersIn) -> MemberPageOut:
    """A page of a room's members, in the order they came."""
    rows = Membership.objects.filter(room=access.room).select_related("user").order_by("pk")
    if page.after is not None:
        last = Membership.objects.filter(room=access.room, user_id=page.after)
        rows = rows.filter(pk__gt=Subquery(last.values("pk")))
    found = list(rows[: page.limit + 1])
    items = [member_out(row) for row in found[: page.limit]]
    return MemberPageOut(items=items, has_more=len(found) > page.limit)


def member_out(membership: Membership) -> MemberOut:
    """The payload of a membership whose `user` is loaded."""
    person = user_brief(membership.user)
    return MemberOut(
        **person.model_dump(),
        role=Role(membership.role),
        joined_at=membership.joined_at,
        muted_until=membership.mute_end,
        last_seen=membership.user.last_seen_at,
    )


def reads(*, access: Access) -> ReadsOut:
    """How far each member has read; nothing in a room that is too large to tell it."""
    if not with_receipts([access.room_id]):
        return ReadsOut(items=[])
    rows = Membership.objects.filter(room=access.room_id).order_by("pk").values_list("user_id", "last_read_seq")
    return ReadsOut(items=[ReadOut(user_id=user_id, seq=seq) for user_id, seq in rows])


def with_receipts(room_ids: Collection[int]) -> set[int]:
    """Which of these rooms are small enough (`READ_RECEIPTS`) to tell who has read up to where."""
    one_too_many = Membership.objects.filter(room=OuterRef("pk"))[settings.READ_RECEIPTS : settings.READ_RECEIPTS + 1]
    return set(ChatRoom.objects.filter(~Exists(one_too_many), pk__in=room_ids).values_list("pk", flat=True))


def unread_count(room: OuterRef, user: int | OuterRef) -> Subquery:
    """How many messages a person has not read, of rows that have their `last_read_seq`."""
    # Sliced before it is filtered: what does not count (one's own messages, system lines, tombstones) has no index,
    # and a log full of it would be walked to its end in search of the 99th. Newest first, so that news always show.
    unread = (
        Message.objects.filter(room=room, seq__gt=OuterRef("last_read_seq"))
        .order_by("-seq")
        .values(marked=Q(kind=Message.Kind.TEXT, deleted_at=None) & ~Q(sender=user))[:UNREAD_WINDOW]
    )
    return _CountMarked(unread, limit=UNREAD_LIMIT)


def mention_count(room: OuterRef, user: int | OuterRef) -> Subquery:
    """How many unread messages mention the person."""
    mentions = Mention.objects.filter(user=user, room=room, seq__gt=OuterRef("last_read_seq"))
    return _CountMarked(mentions.values(marked=Value(True)), limit=UNREAD_LIMIT)


def member_count() -> Coalesce:
    """How many people are in a room, of rows of rooms."""
    members = Membership.objects.filter(room=OuterRef("pk")).order_by().values("room")
    return Coalesce(Subquery(members.annotate(count=Count("pk")).values("count")), 0)


def last_message_id() -> Subquery:
    """What was said last, of rows of rooms."""
    return Subquery(Message.objects.filter(room=OuterRef("pk")).order_by("-seq").values("pk")[:1])


def _rows(user_id: int) -> QuerySet[Any, Row]:
    """Rooms with what one person's membership (`mine`, absent where there is none) makes of them."""
    return ChatRoom.objects.annotate(
        mine=FilteredRelation("memberships", condition=Q(memberships__user=user_id)),
        role=F("mine__role"),
        last_read_seq=F("mine__last_read_seq"),
        unread_count=unread_count(OuterRef("pk"), user_id),
        mention_count=mention_count(OuterRef("pk"), user_id),
        member_count=member_count(),
        last_message_id=last_message_id(),
        user_id=Value(user_id),
    ).values(
        "pk", "slug", "name", "kind", "created_at", "last_seq", "role", "last_read_seq", "unread_count",
        "mention_count", "member_count", "last_message_id", "user_id",
    )  # fmt: skip


def outs(rows: Iterable[Row]) -> list[RoomOut]:
    """The payloads of rooms, each as the person `user_id` of its row sees it."""
    rows = list(rows)
    mine = [row for row in rows if row["role"]]
    last = last_messages(mine)
    peers = _peers(mine)
    return [
        RoomOut(
            slug=row["slug"],
            name=row["name"],
            kind=row["kind"],
            created_at=row["created_at"],
            member_count=row["member_count"],
            last_seq=row["last_seq"],
            role=row["role"],
            last_read_seq=row["last_read_seq"] or 0,
            unread_count=row["unread_count"],
            mention_count=row["mention_count"],
            last_message=last.get(row["last_message_id"]),
            peer=peers.get((row["pk"], row["user_id"])),
        )
        for row in rows
    ]


def last_messages(rows: Iterable[Row]) -> dict[int, MessageOut]:
    """What was said last in these rooms, by `last_message_id`."""
    ids = [row["last_message_id"] for row in rows if row["last_message_id"]]
    if not ids:
        return {}
    messages = list(Message.objects.filter(pk__in=ids).select_related("room", "sender"))
    return {payload.id: payload for payload in message_payloads(messages)}


def _peers(rows: Iterable[Row]) -> dict[tuple[int, int], UserBrief]:
    """The other person of each direct room, by the room's id and the id of who looks."""
    looks: dict[int, set[int]] = {}
    for row in rows:
        if row["kind"] == ChatRoom.Kind.DIRECT:
            looks.setdefault(row["pk"], set()).add(row["user_id"])
    if not looks:
        return {}
    people = Membership.objects.filter(room__in=looks).select_related("user")
    return {
        (person.room_id, user_id): user_brief(person.user)
        for person in people
        for user_id in looks[person.room_id]
        if person.user_id != user_id
    }
