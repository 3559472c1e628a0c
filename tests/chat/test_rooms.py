"""Making, renaming and deleting rooms; the one direct room of two people."""

from functools import partial

import pytest

from backend.accounts.models import User
from backend.chat.errors import Code
from backend.chat.events import AccessEnded, Change, Event, MembershipChanged, Passing, RoomEvent
from backend.chat.models import ChatRoom, Membership, Message, Role
from backend.chat.services import rooms
from tests.chat.world import lines, make_person, make_room, refused, roles, say, together


def test_create(ada: User, bob: User, announced: list[Event]) -> None:
    out = rooms.create_room(owner_id=ada.pk, name="Tea", kind="private", member_ids=[bob.pk, ada.pk, bob.pk])
    room = ChatRoom.objects.get(slug=out.slug)
    assert roles(room) == {"Ada": "owner", "Bob": "member"}
    assert lines(room) == [("created", "Ada", "Tea")]
    assert (out.role, out.kind, out.member_count, out.last_seq) == (Role.OWNER, ChatRoom.Kind.PRIVATE, 2, 1)
    change, *came = announced
    assert isinstance(change, Change)
    assert change.payload == out.last_message
    assert came == [MembershipChanged(user.pk, room.pk) for user in (ada, bob)]


def test_create_refuses_unknown_and_inactive_people_and_direct_rooms(ada: User, bob: User) -> None:
    bob.is_active = False
    bob.save()
    for strangers in ([bob.pk], [ada.pk, 10**12]):
        with refused(Code.INVALID, "member_ids"):
            rooms.create_room(owner_id=ada.pk, name="Tea", kind="public", member_ids=strangers)
    with refused(Code.INVALID, "kind"):
        rooms.create_room(owner_id=ada.pk, name="Tea", kind="direct")
    assert not ChatRoom.objects.exists()


def test_direct_is_the_same_for_both(ada: User, bob: User, cy: User) -> None:
    first, created = rooms.open_direct(user_id=bob.pk, other_id=ada.pk)
    again, created_again = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    other, _ = rooms.open_direct(user_id=ada.pk, other_id=cy.pk)
    assert (created, created_again) == (True, False)
    assert first.slug == again.slug != other.slug
    assert (first.name, first.kind, first.role) == ("Ada & Bob", ChatRoom.Kind.DIRECT, Role.MEMBER)
    assert first.peer is not None
    assert again.peer is not None
    assert (first.peer.name, again.peer.name) == ("Ada", "Bob")


def test_direct_of_long_names(transactional_db: None) -> None:
    one, other = make_person("x" * 60), make_person("y" * 60)
    room, _ = rooms.open_direct(user_id=one.pk, other_id=other.pk)
    assert len(room.name) == 80


def test_direct_needs_another_active_person(ada: User, bob: User) -> None:
    bob.is_active = False
    bob.save()
    for other_id in (ada.pk, bob.pk, 10**12):
        with refused(Code.INVALID, "user_id"):
            rooms.open_direct(user_id=ada.pk, other_id=other_id)
    assert not ChatRoom.objects.exists()


def test_direct_asked_by_both_at_the_same_moment(ada: User, bob: User) -> None:
    pairs = [(ada.pk, bob.pk), (bob.pk, ada.pk)] * 3
    answers = together([partial(rooms.open_direct, user_id=me, other_id=you) for me, you in pairs])
    assert len({room.slug for room, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1
    assert Membership.objects.count() == 2
    assert Message.objects.count() == 1


def test_rename(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    announced.clear()
    out = rooms.rename_room(slug=room.slug, user_id=ada.pk, name="Coffee")
    assert (out.name, out.slug) == ("Coffee", room.slug)
    assert lines(room)[-1] == ("renamed", "Ada", "Coffee")
    line, event = announced
    assert isinstance(line, Change)
    assert line.payload == out.last_message
    news = RoomEvent(slug=room.slug, name="Coffee", kind=ChatRoom.Kind.PUBLIC)
    assert event == Passing(room.pk, room.slug, "room", news)


def test_rename_to_the_same_name_writes_nothing(ada: User, room: ChatRoom, announced: list[Event]) -> None:
    announced.clear()
    rooms.rename_room(slug=room.slug, user_id=ada.pk, name=room.name)
    assert len(lines(room)) == 1
    assert announced == []


def test_delete_takes_everything_and_sends_everybody_away(ada: User, room: ChatRoom, announced: list[Event]) -> None:
    other = make_room(ada)
    say(room, ada, reply_to=say(room, ada).id)
    announced.clear()
    rooms.delete_room(slug=room.slug, user_id=ada.pk)
    assert list(ChatRoom.objects.all()) == [other]
    assert announced == [AccessEnded(user_id=None, room_id=room.pk)]
    with refused(Code.NOT_FOUND):
        rooms.delete_room(slug=room.slug, user_id=ada.pk)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
def test_only_the_owner_deletes(ada: User, cy: User, role: Role) -> None:
    room = make_room(ada, members={cy: role})
    with refused(Code.FORBIDDEN):
        rooms.delete_room(slug=room.slug, user_id=cy.pk)
    assert ChatRoom.objects.filter(pk=room.pk).exists()
