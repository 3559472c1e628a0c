"""How far people have read: a pointer a membership, which only moves forward."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, Value, When

from backend.chat.access import Access, AskAccess, check_many
from backend.chat.errors import ChatError
from backend.chat.events import Passing, ReadOut
from backend.chat.models import Membership
from backend.chat.publishing import publish


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
    memberships: dict[int, Access] = {}
    wanted: dict[int, int] = {}
    for read, access in zip(reads, accesses, strict=True):
        if isinstance(access, Access):
            pk = access.membership.pk
            memberships[pk] = access
            wanted[pk] = max(wanted.get(pk, 0), min(read.seq, access.room.last_seq))
    pointers = {pk: access.membership.last_read_seq for pk, access in memberships.items()}
    pointers |= _move({pk: seq for pk, seq in wanted.items() if seq > pointers[pk]}, memberships)
    return [
        access if isinstance(access, ChatError) else ReadOut(user_id=read.user_id, seq=pointers[access.membership.pk])
        for read, access in zip(reads, accesses, strict=True)
    ]


@transaction.atomic
def _move(wanted: dict[int, int], memberships: dict[int, Access]) -> dict[int, int]:
    """Store and announce new pointers; answers where they are now, by membership id."""
    if not wanted:
        return {}
    # Locked in the order of their ids, so that two workers never deadlock.
    rows = Membership.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    pointers = dict(rows.values_list("pk", "last_read_seq"))
    moved = {pk: wanted[pk] for pk, seq in pointers.items() if wanted[pk] > seq}
    if moved:
        new = Case(*(When(pk=pk, then=Value(seq)) for pk, seq in moved.items()))
        Membership.objects.filter(pk__in=moved).update(last_read_seq=new)
    publish([_event(memberships[pk], seq) for pk, seq in moved.items()])
    return pointers | moved


def _event(access: Access, seq: int) -> Passing:
    room = access.room
    return Passing(room.pk, room.slug, "read", ReadOut(user_id=access.membership.user_id, seq=seq))
