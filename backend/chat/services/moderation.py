"""Bans and mutes: what the admins of a room do to those whom they outrank."""

from datetime import timedelta

from django.utils import timezone

from backend.accounts.models import User
from backend.chat import limits, log, room_queries
from backend.chat.access import check
from backend.chat.errors import ChatError, Code
from backend.chat.events import BanOut, MemberOut
from backend.chat.models import Ban, ChatRoom, Role
from backend.chat.moderation_queries import ban_out
from backend.chat.roles import Action, require_over
from backend.chat.services.members import find_member, hold_lesser, put_out, store_change
from backend.chat.services.writes import room_write


def ban(*, slug: str, user_id: int, person_id: int) -> BanOut:
    """Keep a person out, whether they are in or not; doing it again changes nothing. Raises `not_found`."""
    with room_write(user_id):
        room = log.lock(slug)
        access = check(slug=slug, user_id=user_id, to=Action.MODERATE_MEMBER)
        person = User.objects.filter(pk=person_id).first()
        if person is None:
            raise ChatError(Code.NOT_FOUND, "No such person.")
        member = find_member(room, person_id)
        require_over(access.role, Role(member.role) if member else Role.MEMBER)
        return ban_out(shut_out(room, person, actor=access.membership.user))


def unban(*, slug: str, user_id: int, person_id: int) -> None:
    """Let a person join again (admins); doing it again changes nothing."""
    limits.check_room_write(user_id=user_id)
    room = check(slug=slug, user_id=user_id, to=Action.MODERATE_MEMBER).room
    Ban.objects.filter(room=room, user_id=person_id).delete()


def mute(*, slug: str, user_id: int, member_id: int, minutes: int) -> MemberOut:
    """Take a member's words away for so many minutes from now on; raises `not_found`."""
    with room_write(user_id):
        access, member = hold_lesser(slug=slug, user_id=user_id, member_id=member_id)
        member.muted_until = timezone.now() + timedelta(minutes=minutes)
        store_change(access.room, member)
        return room_queries.member_out(member)


def unmute(*, slug: str, user_id: int, member_id: int) -> None:
    """Give them back; doing it again changes nothing. Raises `not_found`."""
    with room_write(user_id):
        access, member = hold_lesser(slug=slug, user_id=user_id, member_id=member_id)
        if member.muted_until:
            member.muted_until = None
            store_change(access.room, member)


def shut_out(room: ChatRoom, person: User, *, actor: User) -> Ban:
    """Ban a person from a room whose log is held: being in ends, and the invite links of a member with it."""
    member = find_member(room, person.pk)
    if member is not None:
        put_out(room, member, actor=actor)
    return Ban.objects.select_related("user", "by").get_or_create(room=room, user=person, defaults={"by": actor})[0]
