"""How far people have read: a pointer a membership, which only moves forward."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db import connection

from backend.chat import room_queries
from backend.chat.access import Access, AskAccess, check_many
from backend.chat.errors import ChatError
from backend.chat.events import MembershipChanged, Passing, ReadOut
from backend.chat.models import Membership
from backend.chat.publishing import publish
from backend.chat.rows import fetch, pack, table


class Read(NamedTuple):
    """A person says to have read a room up to place `seq`."""

    slug: str
    user_id: int
    seq: int


def mark_reads(reads: Sequence[Read]) -> list[ReadOut | ChatError]:
    """Move the pointers of a batch; each answer says where the pointer is now.

    Never back, and never past the room's last place.
    """
    accesses = check_many([AskAccess(read.slug, read.user_id) for read in reads])
    mine: dict[int, Access] = {}
    wanted: dict[int, int] = {}
    for read, access in zip(reads, accesses, strict=True):
        if isinstance(access, Access):
            pk = access.membership_id
            mine[pk] = access
            wanted[pk] = max(wanted.get(pk, 0), min(read.seq, access.last_seq))
    pointers = {pk: access.last_read_seq for pk, access in mine.items()}
    forward = {pk: seq for pk, seq in wanted.items() if seq > pointers[pk]}
    moved = advance(forward)
    pointers |= moved
    if overtaken := forward.keys() - moved:  # by another device, at the same moment
        pointers |= Membership.objects.filter(pk__in=overtaken).values_list("pk", "last_read_seq")
    tell = room_queries.with_receipts({mine[pk].room_id for pk in moved})
    publish([_event(mine[pk], seq, tell) for pk, seq in moved.items()])
    publish([MembershipChanged(mine[pk].user_id, mine[pk].room_id) for pk in moved])
    return [
        access if isinstance(access, ChatError) else ReadOut(user_id=read.user_id, seq=pointers[access.membership_id])
        for read, access in zip(reads, accesses, strict=True)
    ]


def advance(wanted: Mapping[int, int]) -> dict[int, int]:
    """Move pointers, by membership id, never back; gives those that moved."""
    if not wanted:
        return {}
    # Locked in the order of their ids, so that two workers never deadlock.
    lock = (
        ", locked AS (SELECT m.id FROM chat_membership m JOIN wanted USING (id) ORDER BY m.id FOR NO KEY UPDATE OF m)"
    )
    has_lock = connection.features.has_select_for_update
    sql = f"""
        WITH wanted AS (SELECT * FROM {table("pointers", id="bigint", seq="bigint")}){lock if has_lock else ""}
        UPDATE chat_membership SET last_read_seq = wanted.seq
        FROM wanted{" JOIN locked ON locked.id = wanted.id" if has_lock else ""}
        WHERE chat_membership.id = wanted.id AND chat_membership.last_read_seq < wanted.seq
        RETURNING chat_membership.id, chat_membership.last_read_seq
    """  # noqa: S608 - our names
    return dict(fetch(sql, *pack(wanted.items())))


def _event(access: Access, seq: int, tell: Collection[int]) -> Passing:
    """To everybody in the rooms that `tell`, elsewhere to the reader's own connections."""
    only_user = None if access.room_id in tell else access.user_id
    read = ReadOut(user_id=access.user_id, seq=seq)
    return Passing(access.room_id, access.slug, "read", read, only_user=only_user)
