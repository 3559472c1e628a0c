"""The matrix of who may what, against the one table."""

from collections.abc import Callable

import pytest

from backend.accounts.models import User
from backend.chat import roles as table
from backend.chat.errors import ChatError, Code
from backend.chat.models import ChatRoom, Membership, Role
from backend.chat.roles import Action
from backend.chat.services import invites, members, messages, moderation, rooms
from tests.chat.world import make_person, make_room, refused, say

Do = Callable[[ChatRoom, User], object]

# What members (M), admins (A) and owners (O) may do; done to people called Other.
MATRIX: list[tuple[Action, str, Do]] = [
    (Action.WRITE, "MAO", lambda room, me: say(room, me)),
    (Action.WRITE, "MAO", lambda room, me: like(room, me)),
    (Action.RENAME_ROOM, "AO", lambda room, me: rooms.rename_room(slug=room.slug, user_id=me.pk, name="New")),
    (Action.DELETE_ROOM, "O", lambda room, me: rooms.delete_room(slug=room.slug, user_id=me.pk)),
    (Action.ADD_MEMBER, "AO", lambda room, me: members.add_member(slug=room.slug, user_id=me.pk, member_id=new())),
    (
        Action.CHANGE_ROLE,
        "O",
        lambda room, me: members.add_member(slug=room.slug, user_id=me.pk, member_id=new(), role=Role.ADMIN),
    ),
    (
        Action.CHANGE_ROLE,
        "O",
        lambda room, me: members.change_role(
            slug=room.slug, user_id=me.pk, member_id=other(room, Role.MEMBER), role=Role.ADMIN
        ),
    ),
    (
        Action.CHANGE_ROLE,
        "O",
        lambda room, me: members.hand_over(slug=room.slug, user_id=me.pk, heir_id=other(room, Role.MEMBER)),
    ),
    (
        Action.INVITE,
        "AO",
        lambda room, me: invites.create_invite(slug=room.slug, user_id=me.pk, hours=1, max_uses=1),
    ),
    (Action.MODERATE_MEMBER, "AO", lambda room, me: remove(room, me, Role.MEMBER)),
    (Action.MODERATE_ADMIN, "O", lambda room, me: remove(room, me, Role.ADMIN)),
    (Action.MODERATE_MEMBER, "AO", lambda room, me: mute(room, me, Role.MEMBER)),
    (Action.MODERATE_ADMIN, "O", lambda room, me: mute(room, me, Role.ADMIN)),
    (Action.MODERATE_MEMBER, "AO", lambda room, me: ban(room, me, other(room, Role.MEMBER))),
    (Action.MODERATE_MEMBER, "AO", lambda room, me: ban(room, me, new())),
    (Action.MODERATE_ADMIN, "O", lambda room, me: ban(room, me, other(room, Role.ADMIN))),
    (
        Action.DELETE_ANY_MESSAGE,
        "AO",
        lambda room, me: messages.delete_message(
            slug=room.slug, user_id=me.pk, message_id=say(room, User.objects.get(pk=other(room, Role.MEMBER))).id
        ),
    ),
    (
        Action.PIN_MESSAGE,
        "AO",
        lambda room, me: messages.pin_message(
            slug=room.slug, user_id=me.pk, message_id=say(room, User.objects.get(pk=other(room, Role.MEMBER))).id
        ),
    ),
    (
        Action.PIN_MESSAGE,
        "AO",
        lambda room, me: messages.unpin_message(
            slug=room.slug, user_id=me.pk, message_id=say(room, User.objects.get(pk=other(room, Role.MEMBER))).id
        ),
    ),
]


def new() -> int:
    return make_person("New").pk


def other(room: ChatRoom, role: Role) -> int:
    return Membership.objects.get(room=room, role=role, user__name__startswith="Other").user_id


def remove(room: ChatRoom, me: User, role: Role) -> None:
    members.remove_member(slug=room.slug, user_id=me.pk, member_id=other(room, role))


def mute(room: ChatRoom, me: User, role: Role) -> None:
    moderation.mute(slug=room.slug, user_id=me.pk, member_id=other(room, role), minutes=1)


def ban(room: ChatRoom, me: User, person_id: int) -> None:
    moderation.ban(slug=room.slug, user_id=me.pk, person_id=person_id)


def like(room: ChatRoom, me: User) -> None:
    message = say(room, User.objects.get(pk=other(room, Role.MEMBER)))
    messages.react(slug=room.slug, user_id=me.pk, message_id=message.id, emoji="👍")


def test_matrix_covers_the_table() -> None:
    assert {action for action, _, _ in MATRIX} == set(Action)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("action", "allowed", "do"), MATRIX)
def test_permissions(ada: User, bob: User, action: Action, allowed: str, do: Do, role: Role) -> None:
    others = {make_person(f"Other {role}"): role for role in Role}
    room = make_room(ada, members={bob: role, **others})
    may = role.value[0].upper() in allowed
    assert table.may(role, action) is may
    if may:
        do(room, bob)
    else:
        with refused(Code.FORBIDDEN):
            do(room, bob)


@pytest.mark.parametrize("do", [do for _, _, do in MATRIX])
def test_strangers_may_nothing(ada: User, cy: User, do: Do) -> None:
    others = {make_person(f"Other {role}"): role for role in Role}
    room = make_room(ada, members=others)
    with pytest.raises(ChatError, match="not a member"):
        do(room, cy)


@pytest.mark.parametrize("do", [remove, mute, lambda room, me, role: ban(room, me, other(room, role))])
@pytest.mark.parametrize("role", Role)
def test_nobody_removes_mutes_or_bans_an_owner(
    ada: User, bob: User, role: Role, do: Callable[[ChatRoom, User, Role], None]
) -> None:
    room = make_room(ada, members={bob: role, make_person("Other"): Role.OWNER})
    with refused(Code.FORBIDDEN):
        do(room, bob, Role.OWNER)
