"""Joining, leaving, adding, removing, roles: who may, what the log says, who is told."""

from collections.abc import Callable

import pytest

from backend.accounts.models import User
from backend.chat import roles as table
from backend.chat.errors import ChatError, Code
from backend.chat.events import AccessEnded, Change, Event
from backend.chat.models import Ban, ChatRoom, Membership, Role
from backend.chat.roles import Action
from backend.chat.services import members, messages, rooms
from tests.chat.world import assert_no_hole, lines, make_person, make_room, refused, roles, say, together


def test_join_a_public_room_once(cy: User, room: ChatRoom) -> None:
    first = members.join(slug=room.slug, user_id=cy.pk)
    again = members.join(slug=room.slug, user_id=cy.pk)
    assert lines(room) == [("created", "Ada", "Tea"), ("joined", "Cy", "")]
    assert again == first
    assert (first.role, first.member_count, first.last_seq) == (Role.MEMBER, 3, 2)


def test_what_was_said_before_is_not_unread(ada: User, cy: User, room: ChatRoom) -> None:
    say(room, ada)
    assert members.join(slug=room.slug, user_id=cy.pk).unread_count == 0


def test_join_at_the_same_moment(cy: User, room: ChatRoom) -> None:
    together([lambda: members.join(slug=room.slug, user_id=cy.pk)] * 4)
    assert lines(room)[1:] == [("joined", "Cy", "")]
    assert_no_hole(room)


def test_no_way_into_private_direct_and_unknown_rooms(ada: User, bob: User, cy: User) -> None:
    private = make_room(ada, kind="private")
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    for slug in (private.slug, direct.slug):
        with refused(Code.FORBIDDEN):
            members.join(slug=slug, user_id=cy.pk)
    with refused(Code.NOT_FOUND):
        members.join(slug="no-such-room", user_id=cy.pk)


def test_the_banned_stay_out(ada: User, cy: User, room: ChatRoom) -> None:
    Ban.objects.create(room=room, user=cy)
    with refused(Code.FORBIDDEN):
        members.join(slug=room.slug, user_id=cy.pk)
    with refused(Code.CONFLICT):
        members.add_member(slug=room.slug, user_id=ada.pk, member_id=cy.pk)
    assert "Cy" not in roles(room)


def test_leave_is_said_before_the_connection_ends(bob: User, room: ChatRoom, announced: list[Event]) -> None:
    announced.clear()
    members.leave(slug=room.slug, user_id=bob.pk)
    assert lines(room)[-1] == ("left", "Bob", "")
    line, ended = announced
    assert isinstance(line, Change)
    assert ended == AccessEnded(bob.pk, room_id=room.pk)
    with refused(Code.FORBIDDEN):
        members.leave(slug=room.slug, user_id=bob.pk)


def test_the_last_owner_hands_over_to_the_oldest_admin(ada: User) -> None:
    people = {name: make_person(name) for name in ("Dan", "Eve", "Fay")}
    room = make_room(ada, members={people["Dan"]: Role.MEMBER, people["Eve"]: Role.ADMIN, people["Fay"]: Role.ADMIN})
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Dan": "member", "Eve": "owner", "Fay": "admin"}


def test_without_an_admin_the_oldest_member_takes_over(ada: User) -> None:
    dan, eve, fay = (make_person(name) for name in ("Dan", "Eve", "Fay"))
    room = make_room(ada, members=dict.fromkeys((dan, eve, fay), Role.MEMBER))
    dan.is_active = False
    dan.save()
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Dan": "member", "Eve": "owner", "Fay": "member"}


def test_one_of_two_owners_just_leaves(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER, cy: Role.ADMIN})
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Bob": "owner", "Cy": "admin"}


def test_an_empty_room_stays(ada: User) -> None:
    room = make_room(ada)
    members.leave(slug=room.slug, user_id=ada.pk)
    assert lines(room) == [("created", "Ada", "Tea"), ("left", "Ada", "")]


def test_direct_rooms_keep_their_two_people(ada: User, bob: User, cy: User) -> None:
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    with refused(Code.FORBIDDEN):
        members.leave(slug=direct.slug, user_id=ada.pk)
    with refused(Code.FORBIDDEN):
        members.add_member(slug=direct.slug, user_id=ada.pk, member_id=cy.pk)
    with refused(Code.FORBIDDEN):
        members.remove_member(slug=direct.slug, user_id=ada.pk, member_id=bob.pk)


def test_add_is_said_once(ada: User, cy: User, announced: list[Event]) -> None:
    room = make_room(ada, kind="private")
    announced.clear()
    member, created = members.add_member(slug=room.slug, user_id=ada.pk, member_id=cy.pk, role=Role.ADMIN)
    again, created_again = members.add_member(slug=room.slug, user_id=ada.pk, member_id=cy.pk)
    assert (created, created_again) == (True, False)
    assert again == member
    assert (member.id, member.name, member.role) == (cy.pk, "Cy", Role.ADMIN)
    assert lines(room)[1:] == [("joined", "Cy", "")]
    assert len(announced) == 1


def test_add_needs_an_active_person(ada: User, cy: User, room: ChatRoom) -> None:
    cy.is_active = False
    cy.save()
    for stranger in (cy.pk, 10**12):
        with refused(Code.INVALID, "user_id"):
            members.add_member(slug=room.slug, user_id=ada.pk, member_id=stranger)


def test_remove_names_the_person_and_ends_their_connections(
    ada: User, bob: User, room: ChatRoom, announced: list[Event]
) -> None:
    announced.clear()
    members.remove_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    assert lines(room)[-1] == ("removed", "Ada", "Bob")
    assert isinstance(announced[0], Change)
    assert announced[1:] == [AccessEnded(bob.pk, room_id=room.pk)]
    with refused(Code.NOT_FOUND):
        members.remove_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)


def test_the_last_owner_stays_owner(ada: User, bob: User, room: ChatRoom) -> None:
    with refused(Code.CONFLICT):
        members.change_role(slug=room.slug, user_id=ada.pk, member_id=ada.pk, role=Role.ADMIN)
    members.change_role(slug=room.slug, user_id=ada.pk, member_id=bob.pk, role=Role.OWNER)
    members.change_role(slug=room.slug, user_id=ada.pk, member_id=ada.pk, role=Role.ADMIN)
    assert roles(room) == {"Ada": "admin", "Bob": "owner"}


Do = Callable[[ChatRoom, User], object]

# What admins (A) and owners (O) may do, and members may not; done to people called Other.
MATRIX: list[tuple[Action, str, Do]] = [
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
    (Action.REMOVE_MEMBER, "AO", lambda room, me: remove(room, me, Role.MEMBER)),
    (Action.REMOVE_ADMIN, "O", lambda room, me: remove(room, me, Role.ADMIN)),
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


@pytest.mark.parametrize("role", Role)
def test_nobody_removes_an_owner(ada: User, bob: User, role: Role) -> None:
    room = make_room(ada, members={bob: role})
    with refused(Code.FORBIDDEN):
        members.remove_member(slug=room.slug, user_id=bob.pk, member_id=ada.pk)
