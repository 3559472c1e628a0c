"""What people do to rooms is counted, apart from what they write in them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat import limits
from backend.chat.errors import Code
from backend.chat.models import ChatRoom, Invite, Membership, Role
from backend.chat.services import erasure, invites, members, moderation, rooms
from backend.chat.services.messages import react
from tests.chat.world import lines, make_person, make_room, refused, say


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    limits._counts.cache_clear()
    yield
    limits._counts.cache_clear()


Act = Callable[[], object]
ACTS = [
    "create", "direct", "rename", "join", "leave", "accept", "delete", "add", "remove", "role", "hand over", "ban",
    "unban", "mute", "unmute", "invite", "revoke",
]  # fmt: skip


def acts(user: User, other: User) -> dict[str, Act]:
    """All that one person may do, once each, to rooms made for it."""
    third = make_person("Third")
    own, foreign = make_room(user, members={other: Role.MEMBER}), make_room(other)
    private = make_room(other, kind="private")
    link = invites.create_invite(slug=private.slug, user_id=other.pk, hours=1, max_uses=None)
    mine = invites.create_invite(slug=own.slug, user_id=user.pk, hours=1, max_uses=None)
    place: dict[str, Any] = {"slug": own.slug, "user_id": user.pk}
    return {
        "create": partial(rooms.create_room, owner_id=user.pk, name="Tea", kind="public"),
        "direct": partial(rooms.open_direct, user_id=user.pk, other_id=other.pk),
        "rename": partial(rooms.rename_room, **place, name="Coffee"),
        "join": partial(members.join, slug=foreign.slug, user_id=user.pk),
        "leave": partial(members.leave, **place),
        "accept": partial(invites.accept_invite, code=link.code, user_id=user.pk),
        "delete": partial(rooms.delete_room, **place),
        "add": partial(members.add_member, **place, member_id=third.pk),
        "remove": partial(members.remove_member, **place, member_id=other.pk),
        "role": partial(members.change_role, **place, member_id=other.pk, role=Role.ADMIN),
        "hand over": partial(members.hand_over, **place, heir_id=other.pk),
        "ban": partial(moderation.ban, **place, person_id=other.pk),
        "unban": partial(moderation.unban, **place, person_id=other.pk),
        "mute": partial(moderation.mute, **place, member_id=other.pk, minutes=1),
        "unmute": partial(moderation.unmute, **place, member_id=other.pk),
        "invite": partial(invites.create_invite, **place, hours=1, max_uses=None),
        "revoke": partial(invites.revoke_invite, **place, invite_id=mine.id),
    }


def state(room: ChatRoom) -> tuple[object, ...]:
    return ChatRoom.objects.count(), Membership.objects.count(), Invite.objects.count(), lines(room)


@pytest.mark.parametrize("name", ACTS)
def test_too_fast(ada: User, bob: User, room: ChatRoom, settings: Settings, name: str) -> None:
    message = say(room, bob)
    act = acts(bob, ada)[name]
    settings.RATE_MESSAGES = settings.RATE_ROOMS = "1/day"
    act()
    was = state(room)
    with refused(Code.RATE_LIMITED):
        act()
    assert state(room) == was
    react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    rooms.create_room(owner_id=ada.pk, name="Tea", kind="public")


def test_the_end_of_an_account_is_not_held_up(ada: User, bob: User, settings: Settings) -> None:
    for _ in range(3):
        make_room(bob)
    settings.RATE_ROOMS = "1/day"
    limits.check_room_write(user_id=bob.pk)
    list(erasure._leave_rooms(bob.pk))
    assert not Membership.objects.filter(user=bob).exists()
