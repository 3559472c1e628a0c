"""What staff does in the admin, in rooms that they are not in: Django's own permissions are checked there.

The same verbs as the members' services, so the log and the sockets hear of it in the same way.
"""

from datetime import datetime

from django.db import transaction

from backend.accounts.models import User
from backend.accounts.queries import hold_active
from backend.chat import log
from backend.chat.access import is_banned
from backend.chat.errors import ChatError, Code
from backend.chat.models import Ban, ChatRoom, Membership, Message, Role
from backend.chat.services.members import enter, get_member, give_role, put_out, refuse_direct, store_change
from backend.chat.services.messages import bury
from backend.chat.services.moderation import shut_out
from backend.chat.services.rooms import erase, rename


@transaction.atomic
def delete_message(*, message: Message) -> None:
    """Leave a tombstone; raises `not_found` for a system line, or when there is one already."""
    bury(log.open_message(message.room, message.pk))


@transaction.atomic
def rename_room(*, slug: str, name: str, staff: User) -> None:
    rename(log.lock(slug), name, actor=staff)


@transaction.atomic
def delete_room(*, slug: str) -> None:
    erase(log.lock(slug))


@transaction.atomic
def add_member(*, room: ChatRoom, person: User, role: Role) -> Membership:
    """Raises `conflict` for somebody who is banned, or whose account is not active; `forbidden` in direct rooms."""
    held = log.lock(room.slug)
    refuse_direct(held)
    if not hold_active([person.pk]):
        raise ChatError(Code.CONFLICT, "This account is not active.")
    if is_banned(held, person.pk):
        raise ChatError(Code.CONFLICT, "This person is banned from the room.")
    return enter(held, person, role)


@transaction.atomic
def change_role(*, membership: Membership, role: Role) -> None:
    """Raises `conflict` for the last owner, who stays one; direct rooms have no roles: `forbidden`."""
    held = log.lock(membership.room.slug)
    refuse_direct(held)
    give_role(held, get_member(held, membership.user_id), role)


@transaction.atomic
def mute(*, membership: Membership, until: datetime | None) -> None:
    """Until None: unmute. Raises `conflict` for owners, whose mute nobody in the room could lift."""
    held = log.lock(membership.room.slug)
    member = get_member(held, membership.user_id)
    if until and member.role == Role.OWNER:
        raise ChatError(Code.CONFLICT, "Owners can't be muted.")
    member.muted_until = until
    store_change(held, member)


@transaction.atomic
def remove_member(*, membership: Membership, staff: User) -> None:
    """Raises `conflict` for the last person, `forbidden` in direct rooms."""
    held = _hold_to_remove(membership.room, membership.user)
    put_out(held, get_member(held, membership.user_id), actor=staff)


@transaction.atomic
def ban(*, room: ChatRoom, person: User, staff: User) -> Ban:
    """Keep a person out of a room; being in ends, and so do the invite links that they made. Raises as above."""
    return shut_out(_hold_to_remove(room, person), person, actor=staff)


def _hold_to_remove(room: ChatRoom, person: User) -> ChatRoom:
    """Hold the log of a room that can do without the person: it would have no owner ever again."""
    held = log.lock(room.slug)
    refuse_direct(held)
    if not Membership.objects.filter(room=held).exclude(user=person).exists():
        raise ChatError(Code.CONFLICT, "Nobody else is in this room. Delete the room instead.")
    return held
