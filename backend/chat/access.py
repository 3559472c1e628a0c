"""The one access check: who may enter a room, as what."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from backend.accounts.models import avatar_url

from .errors import ChatError, Code
from .events import UserBrief
from .models import Ban, ChatRoom, Membership, Role
from .roles import Action, forbidden, may
from .rows import fetch, pack, table


class AskAccess(NamedTuple):
    slug: str
    user_id: int


class Access(NamedTuple):
    """A member's right in a room, with what is needed to read and to write there."""

    role: Role
    room_id: int
    slug: str
    room_name: str
    kind: str
    last_seq: int
    direct_key: str | None
    membership_id: int
    last_read_seq: int
    is_muted: bool
    user_id: int
    user_name: str
    avatar: str

    @property
    def room(self) -> ChatRoom:
        """The room as far as it is known here."""
        return ChatRoom(
            pk=self.room_id,
            slug=self.slug,
            name=self.room_name,
            kind=self.kind,
            last_seq=self.last_seq,
            direct_key=self.direct_key,
        )

    @property
    def membership(self) -> Membership:
        """The row, with its `user` and `room`; one query."""
        return Membership.objects.select_related("user", "room").get(pk=self.membership_id)

    @property
    def peer_id(self) -> int | None:
        """The other person of a direct room."""
        if self.direct_key is None:
            return None
        one, other = map(int, self.direct_key.split(":"))
        return other if one == self.user_id else one

    @property
    def brief(self) -> UserBrief:
        """The member as others see them."""
        return UserBrief(id=self.user_id, name=self.user_name, avatar=avatar_url(self.avatar))


# One query for any number of asks: rows are few, however many rooms and members there are.
_CHECK = """
    SELECT ask.slug, ask.user_id,
        u.id IS NOT NULL, m.role, r.id, r.slug, r.name, r.kind, r.last_seq, r.direct_key,
        m.id, m.last_read_seq, m.muted_until > %s, u.id, u.name, u.avatar
    FROM {asks}
    JOIN chat_chatroom r ON r.slug = ask.slug
    LEFT JOIN chat_membership m ON m.room_id = r.id AND m.user_id = ask.user_id
    LEFT JOIN accounts_user u ON u.id = m.user_id AND u.is_active
"""


def check_many(asks: Sequence[AskAccess]) -> list[Access | ChatError]:
    """For each ask the access, or the refusal: `forbidden`, `not_found`."""
    sql = _CHECK.format(asks=table("ask", slug="text", user_id="bigint"))
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = {row[:2]: row[2:] for row in fetch(sql, now, *pack(set(asks)))}
    return [_answer(rows.get(ask)) for ask in asks]


def _answer(row: tuple[Any, ...] | None) -> Access | ChatError:
    # A slug ends in random characters: that a room exists says nothing to somebody who already knows its slug.
    if row is None:
        return ChatError(Code.NOT_FOUND, "No such room.")
    is_member, role, *rest = row
    if not is_member:
        return not_a_member()
    return Access(Role(role), *rest)


def not_a_member() -> ChatError:
    return ChatError(Code.FORBIDDEN, "You are not a member of this room.")


def check(*, slug: str, user_id: int, to: Action | None = None) -> Access:
    """The access of one person to one room, with the right `to` do something; raises `not_found` or `forbidden`."""
    [access] = check_many([AskAccess(slug, user_id)])
    if isinstance(access, ChatError):
        raise access
    if to is not None and (refusal := refused(access, to)):
        raise refusal
    return access


def refused(access: Access, to: Action) -> ChatError | None:
    """Why a member may not do something: their role, or a mute that takes it from them for a time; None: they may."""
    if may(access.role, to, muted=access.is_muted):
        return None
    if not may(access.role, to):
        return forbidden(access.role, to)
    # Read once more: who was let speak, or removed, at this very moment has no end of a mute.
    until = Membership.objects.filter(pk=access.membership_id).values_list("muted_until", flat=True).first()
    return ChatError(Code.FORBIDDEN, f"You are muted in this room until {until:%Y-%m-%d %H:%M} UTC." if until else "")


def members_among(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these (room id, user id) are members now."""
    asks = table("ask", room_id="bigint", user_id="bigint")
    sql = f"""
        SELECT m.room_id, m.user_id FROM {asks}
        JOIN chat_membership m ON m.room_id = ask.room_id AND m.user_id = ask.user_id
        JOIN accounts_user u ON u.id = m.user_id AND u.is_active
    """  # noqa: S608 - our names
    return set(fetch(sql, *pack(pairs))) if pairs else set()


def is_banned(room: ChatRoom, user_id: int) -> bool:
    return Ban.objects.filter(room=room, user_id=user_id).exists()


def refuse_banned(room: ChatRoom, user_id: int) -> None:
    """Raises `forbidden` to a person who may not come in."""
    if is_banned(room, user_id):
        raise ChatError(Code.FORBIDDEN, "You are banned from this room.")
