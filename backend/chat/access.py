"""The one access check: who may enter a room, as what."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.utils import timezone

from .errors import ChatError, Code
from .models import ChatRoom, Membership, Role
from .roles import Action, require


class AskAccess(NamedTuple):
    slug: str
    user_id: int


class Access(NamedTuple):
    """A member's right in a room, with what is needed to write there."""

    membership: Membership  # its `room` and `user` are loaded

    @property
    def room(self) -> ChatRoom:
        return self.membership.room

    @property
    def role(self) -> Role:
        return Role(self.membership.role)


def _memberships(asks: Sequence[AskAccess]) -> dict[AskAccess, Membership]:
    rows = Membership.objects.filter(
        room__slug__in={ask.slug for ask in asks},
        user_id__in={ask.user_id for ask in asks},
        user__is_active=True,
    ).select_related("room", "user")
    return {AskAccess(row.room.slug, row.user_id): row for row in rows}


def check_many(asks: Sequence[AskAccess]) -> list[Access | ChatError]:
    """For each ask the access, or the refusal: `forbidden`, `not_found`."""
    memberships = _memberships(asks)
    strangers = {ask.slug for ask in asks if ask not in memberships}
    existing = set(ChatRoom.objects.filter(slug__in=strangers).values_list("slug", flat=True)) if strangers else set()
    return [
        Access(membership) if (membership := memberships.get(ask)) else _refusal(exists=ask.slug in existing)
        for ask in asks
    ]


def check(*, slug: str, user_id: int, to: Action | None = None) -> Access:
    """The access of one person to one room, with the right `to` do something; raises `not_found` or `forbidden`."""
    [access] = check_many([AskAccess(slug, user_id)])
    if isinstance(access, ChatError):
        raise access
    if to is not None:
        require(access.role, to)
    return access


def muted(access: Access) -> ChatError | None:
    """The refusal of whoever may not write for a time; None: they may."""
    until = access.membership.muted_until
    if until is None or until <= timezone.now():
        return None
    return ChatError(Code.FORBIDDEN, f"You are muted in this room until {until:%Y-%m-%d %H:%M} UTC.")


def _refusal(*, exists: bool) -> ChatError:
    # A slug ends in random characters: that a room exists says nothing to somebody who already knows its slug.
    return (
        ChatError(Code.FORBIDDEN, "You are not a member of this room.")
        if exists
        else ChatError(Code.NOT_FOUND, "No such room.")
    )


def members_among(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these (room id, user id) are members now."""
    rooms, users = {room for room, _ in pairs}, {user for _, user in pairs}
    rows = Membership.objects.filter(room_id__in=rooms, user_id__in=users, user__is_active=True)
    return set(rows.values_list("room_id", "user_id"))
