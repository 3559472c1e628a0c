"""Joining, leaving, adding, removing, roles: what the log says, who is told."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.utils import timezone

from backend.accounts.models import User
from backend.chat.errors import Code
from backend.chat.events import AccessEnded, Change, Event, MembershipChanged
from backend.chat.models import Ban, ChatRoom, Invite, Membership, Message, Reaction, Role
from backend.chat.services import invites, members, messages, rooms
from tests.chat.world import (
    assert_no_hole,
    attempt,
    lines,
    make_person,
    make_room,
    refused,
    roles,
    say,
    together,
    told_of_members,
)


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


def test_a_deactivated_owner_is_not_enough(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER, cy: Role.MEMBER})
    bob.is_active = False
    bob.save()
    with refused(Code.CONFLICT):
        members.change_role(slug=room.slug, user_id=ada.pk, member_id=ada.pk, role=Role.ADMIN)
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Bob": "owner", "Cy": "owner"}
    members.change_role(slug=room.slug, user_id=cy.pk, member_id=bob.pk, role=Role.MEMBER)
    assert roles(room) == {"Bob": "member", "Cy": "owner"}


def test_a_deactivated_owner_stays_one_where_nobody_else_can_be(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER, cy: Role.ADMIN})
    User.objects.filter(pk__in=[bob.pk, cy.pk]).update(is_active=False)
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Bob": "owner", "Cy": "admin"}


def test_deactivated_people_come_last_but_before_no_owner_at_all(ada: User, bob: User) -> None:
    bob.is_active = False
    bob.save()
    room = make_room(ada)
    Membership.objects.create(room=room, user=bob)
    members.leave(slug=room.slug, user_id=ada.pk)
    assert roles(room) == {"Bob": "owner"}


def test_behind_the_last_one_the_room_is_erased(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    liked = say(room, ada, reply_to=say(room, ada).id)
    messages.react(slug=room.slug, user_id=bob.pk, message_id=liked.id, emoji="👍")
    Ban.objects.create(room=room, user=make_person("Dan"))
    invites.create_invite(slug=room.slug, user_id=ada.pk, hours=1, max_uses=None)
    members.leave(slug=room.slug, user_id=bob.pk)
    announced.clear()
    members.leave(slug=room.slug, user_id=ada.pk)
    assert announced == [AccessEnded(user_id=None, room_id=room.pk)]
    assert not any(table.objects.exists() for table in (ChatRoom, Message, Reaction, Membership, Ban, Invite))


def leaving(room: ChatRoom, person: User) -> Callable[[], bool]:
    """Answers False when the room is gone."""
    return attempt(partial(members.leave, slug=room.slug, user_id=person.pk), unless=Code.NOT_FOUND)


def test_two_owners_leave_at_the_same_moment(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER, cy: Role.MEMBER})
    together([leaving(room, ada), leaving(room, bob)])
    assert roles(room) == {"Cy": "owner"}
    assert_no_hole(room)


def test_all_leave_at_the_same_moment(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER, cy: Role.MEMBER})
    assert together([leaving(room, person) for person in (ada, bob, cy)]) == [True] * 3
    assert not ChatRoom.objects.exists()


def test_whoever_joins_while_the_last_one_leaves_owns_the_room_or_finds_none(ada: User, cy: User) -> None:
    room = make_room(ada)
    join = attempt(partial(members.join, slug=room.slug, user_id=cy.pk), unless=Code.NOT_FOUND)
    _, joined = together([leaving(room, ada), join])
    assert roles(room) == ({"Cy": "owner"} if joined else {})
    assert ChatRoom.objects.exists() is joined


def test_hand_over(ada: User, bob: User, room: ChatRoom) -> None:
    Membership.objects.filter(room=room, user=bob).update(muted_until=timezone.now() + timedelta(hours=1))
    heir = members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=bob.pk)
    assert (heir.id, heir.role, heir.muted_until) == (bob.pk, Role.OWNER, None), "nobody could lift an owner's mute"
    assert roles(room) == {"Ada": "admin", "Bob": "owner"}
    with refused(Code.FORBIDDEN):
        members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=ada.pk)


def test_the_room_hears_of_roles(ada: User, bob: User, cy: User, announced: list[Event]) -> None:
    room = make_room(ada, members={bob: Role.MEMBER, cy: Role.MEMBER})
    announced.clear()
    for _ in range(2):
        admin = members.change_role(slug=room.slug, user_id=ada.pk, member_id=bob.pk, role=Role.ADMIN)
    assert told_of_members(announced) == [admin]
    heir = members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=bob.pk)
    assert [(member.id, member.role) for member in told_of_members(announced)[1:]] == [
        (bob.pk, "owner"),
        (ada.pk, "admin"),
    ]
    assert told_of_members(announced)[1] == heir
    members.leave(slug=room.slug, user_id=bob.pk)
    successor = told_of_members(announced)[-1]
    assert (successor.id, successor.role) == (ada.pk, "owner")


def test_hand_over_to_another_owner(ada: User, bob: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER})
    members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=bob.pk)
    assert roles(room) == {"Ada": "admin", "Bob": "owner"}


def test_hand_over_needs_somebody_else_who_is_in_and_active(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    bob.is_active = False
    bob.save()
    for nobody in (ada.pk, bob.pk, cy.pk, 10**12):
        with refused(Code.INVALID, "user_id"):
            members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=nobody)
    assert roles(room) == {"Ada": "owner", "Bob": "member"}


def test_two_owners_hand_over_to_each_other_at_the_same_moment(ada: User, bob: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER})

    hand_over = partial(members.hand_over, slug=room.slug)
    together([partial(hand_over, user_id=me.pk, heir_id=heir.pk) for me, heir in ((ada, bob), (bob, ada))])
    assert sorted(roles(room).values()) == ["admin", "owner"]


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
    line, came = announced
    assert isinstance(line, Change)
    assert came == MembershipChanged(cy.pk, room.pk)


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
