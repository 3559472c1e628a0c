"""Invite links: whoever has one may join, also a private room."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from backend.chat import limits, log, room_queries
from backend.chat.access import check
from backend.chat.errors import ChatError, Code
from backend.chat.events import InviteOut, RoomOut
from backend.chat.models import Invite
from backend.chat.moderation_queries import find_invite, invite_out, no_such_invite
from backend.chat.roles import Action
from backend.chat.services.members import come_in, find_member
from backend.chat.services.writes import room_write

CODE_BYTES = 32  # random: nobody guesses one
INVITES_A_ROOM = 50


def create_invite(*, slug: str, user_id: int, hours: int, max_uses: int | None) -> InviteOut:
    """Make a link (admins) for so many hours and uses (None: any number); raises `conflict` at enough of them."""
    with room_write(user_id):
        room = log.lock(slug)
        access = check(slug=slug, user_id=user_id, to=Action.INVITE)
        now = timezone.now()
        Invite.objects.filter(room=room, expires_at__lte=now).delete()
        if Invite.objects.filter(room=room).count() >= INVITES_A_ROOM:
            raise ChatError(Code.CONFLICT, f"A room has {INVITES_A_ROOM} invite links at most: revoke one first.")
        invite = Invite.objects.create(
            room=room,
            code=secrets.token_urlsafe(CODE_BYTES),
            created_by=access.membership.user,
            expires_at=now + timedelta(hours=hours),
            max_uses=max_uses,
        )
        return invite_out(invite)


def revoke_invite(*, slug: str, user_id: int, invite_id: int) -> None:
    """End a link before its time (admins); raises `not_found`."""
    with room_write(user_id):
        room = log.lock(slug)  # or somebody who is coming in would be counted by a link that is gone
        check(slug=slug, user_id=user_id, to=Action.INVITE)
        count, _ = Invite.objects.filter(room=room, pk=invite_id).delete()
        if not count:
            raise ChatError(Code.NOT_FOUND, "No such invite link in this room.")


def accept_invite(*, code: str, user_id: int) -> RoomOut:
    """Enter the room; being in already uses nothing up. Raises `not_found`, and `forbidden` to the banned."""
    limits.check_room_write(user_id=user_id)
    slug = find_invite(code).room.slug
    with transaction.atomic():
        room = log.lock(slug)
        invite = find_invite(code)  # once more, as it is while nobody else comes in
        if find_member(room, user_id) is None:
            if invite.is_used_up:
                raise no_such_invite()
            come_in(room, user_id)
            Invite.objects.filter(pk=invite.pk).update(uses=F("uses") + 1)
    return room_queries.room(slug=slug, user_id=user_id)
