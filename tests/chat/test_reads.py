"""Read pointers: forward only, never past the end, many in a few queries."""

from functools import partial

from pytest_django import Settings

from backend.accounts.models import User
from backend.chat.errors import ChatError, Code
from backend.chat.events import Change, Event, MembershipChanged, Passing, ReadOut
from backend.chat.models import ChatRoom, Membership, Role
from backend.chat.services.reads import Read, mark_reads
from tests.chat.world import make_person, make_room, queries, say, together


def pointer(room: ChatRoom, user: User) -> int:
    return Membership.objects.get(room=room, user=user).last_read_seq


def test_forward_only_and_not_past_the_end(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    for _ in range(5):
        say(room, ada)
    announced.clear()
    for wanted, now in ((3, 3), (2, 3), (3, 3), (10**15, 6)):
        assert mark_reads([Read(room.slug, bob.pk, wanted)]) == [ReadOut(user_id=bob.pk, seq=now)]
        assert pointer(room, bob) == now
    expected: list[Event] = []
    for seq in (3, 6):
        expected.append(Passing(room.pk, room.slug, "read", ReadOut(user_id=bob.pk, seq=seq)))
        expected.append(MembershipChanged(bob.pk, room.pk))
    assert announced == expected


def test_larger_rooms_tell_only_the_reader(
    ada: User, bob: User, room: ChatRoom, announced: list[Event], settings: Settings
) -> None:
    settings.READ_RECEIPTS = 2
    larger = make_room(ada, members={bob: Role.MEMBER, make_person("Dee"): Role.MEMBER})
    announced.clear()
    mark_reads([Read(room.slug, bob.pk, 1), Read(larger.slug, bob.pk, 1), Read(larger.slug, ada.pk, 1)])
    expected: list[Event] = [
        Passing(room.pk, room.slug, "read", ReadOut(user_id=bob.pk, seq=1)),
        Passing(larger.pk, larger.slug, "read", ReadOut(user_id=ada.pk, seq=1), only_user=ada.pk),
        Passing(larger.pk, larger.slug, "read", ReadOut(user_id=bob.pk, seq=1), only_user=bob.pk),
        *(MembershipChanged(user.pk, place.pk) for user, place in ((bob, room), (bob, larger), (ada, larger))),
    ]
    assert len(announced) == len(expected)
    assert all(event in announced for event in expected)


def test_one_batch(ada: User, bob: User, cy: User, room: ChatRoom, announced: list[Event]) -> None:
    last = say(room, ada).seq
    announced.clear()
    outcomes = mark_reads(
        [
            Read(room.slug, bob.pk, 1),
            Read(room.slug, cy.pk, 1),
            Read("no-such-room", bob.pk, 1),
            Read(room.slug, bob.pk, last),
            Read(room.slug, ada.pk, 1),
        ]
    )
    codes = [outcome.code if isinstance(outcome, ChatError) else outcome.seq for outcome in outcomes]
    assert codes == [last, Code.FORBIDDEN, Code.NOT_FOUND, last, last]
    assert [event.payload for event in announced if isinstance(event, Passing)] == [ReadOut(user_id=bob.pk, seq=last)]


def test_whoever_writes_has_read_what_came_before(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    say(room, ada)
    announced.clear()
    mine = say(room, bob)
    assert (pointer(room, bob), pointer(room, ada)) == (mine.seq, mine.seq - 1)
    assert [type(event) for event in announced] == [Change]  # it says so itself


def test_queries_do_not_grow_with_the_batch(ada: User) -> None:
    people = [make_person(f"P{number}") for number in range(20)]
    rooms = [make_room(ada, members=dict.fromkeys(people, Role.MEMBER)) for _ in range(3)]
    with queries() as statements:
        mark_reads([Read(room.slug, person.pk, 1) for room in rooms for person in people])
    assert len(statements) == 3
    with queries() as statements:
        mark_reads([Read(room.slug, person.pk, 1) for room in rooms for person in people])
    assert len(statements) == 1


def test_two_workers_never_deadlock_or_go_back(ada: User) -> None:
    rooms = [make_room(ada) for _ in range(8)]
    last = [say(room, ada).seq for room in rooms]
    there = [Read(room.slug, ada.pk, seq) for room, seq in zip(rooms, last, strict=True)]
    back = [Read(room.slug, ada.pk, 1) for room in reversed(rooms)]
    for _ in range(10):
        Membership.objects.update(last_read_seq=0)
        together([partial(mark_reads, reads) for reads in (there, back) * 3])
        assert [pointer(room, ada) for room in rooms] == last
