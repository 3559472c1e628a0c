"""What people do to rooms is counted with what they write, in the same limit."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat import limits
from backend.chat.errors import Code
from backend.chat.models import ChatRoom, Membership
from backend.chat.services import erasure, invites, members, rooms
from backend.chat.services.messages import react
from tests.chat.world import lines, make_room, refused, say


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    limits._counts.cache_clear()
    yield
    limits._counts.cache_clear()


Act = Callable[[], object]


def acts(user: User, other: User) -> dict[str, Act]:
    """All that one person may do, once each, to rooms made for it."""
    own, foreign, private = make_room(user), make_room(other), make_room(other, kind="private")
    link = invites.create_invite(slug=private.slug, user_id=other.pk, hours=1, max_uses=None)
    return {
        "create": partial(rooms.create_room, owner_id=user.pk, name="Tea", kind="public"),
        "direct": partial(rooms.open_direct, user_id=user.pk, other_id=other.pk),
        "rename": partial(rooms.rename_room, slug=own.slug, user_id=user.pk, name="Coffee"),
        "join": partial(members.join, slug=foreign.slug, user_id=user.pk),
        "leave": partial(members.leave, slug=own.slug, user_id=user.pk),
        "accept": partial(invites.accept_invite, code=link.code, user_id=user.pk),
    }


@pytest.mark.parametrize("name", ["create", "direct", "rename", "join", "leave", "accept"])
def test_too_fast(ada: User, bob: User, room: ChatRoom, settings: Settings, name: str) -> None:
    message = say(room, bob)
    act = acts(bob, ada)[name]
    settings.RATE_MESSAGES = "2/day"
    act()
    react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    was = ChatRoom.objects.count(), Membership.objects.count(), lines(room)
    with refused(Code.RATE_LIMITED):
        act()
    assert (ChatRoom.objects.count(), Membership.objects.count(), lines(room)) == was
    rooms.create_room(owner_id=ada.pk, name="Tea", kind="public")


def test_the_end_of_an_account_is_not_held_up(ada: User, bob: User, settings: Settings) -> None:
    for _ in range(3):
        make_room(bob)
    settings.RATE_MESSAGES = "1/day"
    limits.check_write(user_id=bob.pk)
    list(erasure._leave_rooms(bob.pk))
    assert not Membership.objects.filter(user=bob).exists()
