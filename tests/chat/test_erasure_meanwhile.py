"""The end of an account, which takes many steps: what happens between them, or at the same moment."""

from collections.abc import Callable
from functools import partial

from backend.accounts.models import User
from backend.accounts.tokens import identity_of
from backend.chat.errors import Code
from backend.chat.models import ChatRoom, Membership, Message, Reaction, Role
from backend.chat.services import erasure, invites
from backend.chat.services.members import add_member
from backend.chat.services.messages import react
from backend.chat.services.rooms import open_direct
from tests.chat.world import assert_no_hole, attempt, make_room, say, together


def test_a_direct_room_of_two_who_go_at_the_same_moment_goes(ada: User, bob: User, cy: User) -> None:
    open_direct(user_id=ada.pk, other_id=bob.pk)
    kept, _ = open_direct(user_id=ada.pk, other_id=cy.pk)
    both = [erasure.delete_account(identity=identity_of(user), keep_messages=True) for user in (ada, bob)]
    for steps in both:
        next(steps)
    for steps in both:
        list(steps)
    assert [room.slug for room in ChatRoom.objects.all()] == [kept.slug]
    assert not Message.objects.filter(message__contains="Ada").exists()


def test_a_room_that_goes_meanwhile_stops_nothing(ada: User, bob: User, room: ChatRoom) -> None:
    other = make_room(ada, members={bob: Role.MEMBER})
    say(room, bob)
    say(other, bob)
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=False)
    next(steps)
    room.messages.all().delete()
    other.messages.all().delete()
    room.delete()
    other.delete()
    list(steps)
    bob.refresh_from_db()
    assert bob.deleted_at is not None


def test_who_is_brought_into_rooms_meanwhile_leaves_them_too(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    other = make_room(ada)
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=True)
    direct = None
    for _ in steps:  # the first has left the room
        if direct is None:
            add_member(slug=other.slug, user_id=ada.pk, member_id=bob.pk)
            make_room(ada, members={bob: Role.MEMBER})
            direct, _ = open_direct(user_id=cy.pk, other_id=bob.pk)
    bob.refresh_from_db()
    assert bob.deleted_at is not None
    assert list(Membership.objects.filter(user=bob).values_list("room__name", flat=True)) == ["Deleted user & Cy"]


def test_what_is_written_meanwhile_goes_too(ada: User, bob: User, room: ChatRoom) -> None:
    direct, _ = open_direct(user_id=ada.pk, other_id=bob.pk)
    talk = ChatRoom.objects.get(slug=direct.slug)
    hers = say(talk, ada)
    say(talk, bob)
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=False)
    next(steps)
    next(steps)
    say(talk, bob, "from a socket that has not ended yet")
    react(slug=talk.slug, user_id=bob.pk, message_id=hers.id, emoji="👍")
    list(steps)
    assert not Message.objects.filter(sender=bob, kind=Message.Kind.TEXT).exclude(message="").exists()
    assert not Reaction.objects.exists()


def test_who_is_deactivated_meanwhile_leaves_too(bob: User, room: ChatRoom) -> None:
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=True)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    list(steps)
    assert not Membership.objects.filter(user=bob).exists()


def test_the_end_and_coming_in_at_the_same_moment(ada: User, bob: User, cy: User) -> None:
    rooms = [make_room(ada) for _ in range(3)]
    link = invites.create_invite(slug=make_room(ada, kind="private").slug, user_id=ada.pk, hours=1, max_uses=None)
    add = [partial(add_member, slug=room.slug, user_id=ada.pk, member_id=bob.pk) for room in rooms]
    calls: list[Callable[[], object]] = [
        lambda: list(erasure.delete_account(identity=identity_of(bob), keep_messages=True)),
        *(attempt(call, unless=Code.INVALID) for call in add),
        attempt(partial(make_room, ada, members={bob: Role.MEMBER}), unless=Code.INVALID),
        attempt(partial(open_direct, user_id=cy.pk, other_id=bob.pk), unless=Code.INVALID),
        attempt(partial(invites.accept_invite, code=link.code, user_id=bob.pk), unless=Code.UNAUTHORIZED),
    ]
    together(calls)
    bob.refresh_from_db()
    assert bob.deleted_at is not None
    left = Membership.objects.filter(user=bob).values_list("room__name", flat=True)
    assert set(left) <= {"Deleted user & Cy"}
    for room in rooms:
        assert_no_hole(room)
