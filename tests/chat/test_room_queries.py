"""The lists of rooms and members: what is in them, and that more rows cost neither more queries nor more reading."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat import room_queries
from backend.chat.access import check
from backend.chat.errors import Code
from backend.chat.events import ReadOut, ReadsOut, RoomOut
from backend.chat.inputs import EditIn, MembersIn, RoomSearchIn, SendIn
from backend.chat.models import ChatRoom, Membership, Mention, Message, Reaction, Role
from backend.chat.services import members, rooms
from backend.chat.services.messages import delete_message, edit_message
from backend.chat.services.reads import Read, mark_reads
from backend.chat.services.sending import Send, send_messages
from tests.chat.costs import crowd, effort, fill
from tests.chat.world import make_person, make_room, queries, refused, say


def mine(user: User) -> list[RoomOut]:
    return room_queries.my_rooms(user_id=user.pk).items


def public(user: User, **search: object) -> list[str]:
    page = room_queries.public_rooms(user_id=user.pk, search=RoomSearchIn.model_validate(search))
    return [room.name for room in page.items]


def unread(room: ChatRoom, user: User) -> int:
    return room_queries.room(slug=room.slug, user_id=user.pk).unread_count


def test_mine_sorted_by_what_was_said_last(ada: User, bob: User, cy: User) -> None:
    first, second = (make_room(ada, members={bob: Role.ADMIN}, name=name) for name in ("First", "Second"))
    make_room(cy, name="Not mine")
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    last = say(first, ada)
    assert [room.name for room in mine(bob)] == ["First", "Ada & Bob", "Second"]
    room = mine(bob)[0]
    assert (room.slug, room.kind, room.role, room.member_count) == (first.slug, "public", Role.ADMIN, 2)
    assert (room.last_seq, room.last_read_seq, room.unread_count) == (2, 0, 1)
    assert room.last_message == last
    assert [room.peer.name if room.peer else None for room in mine(bob)] == [None, "Ada", None]
    assert [room.slug for room in mine(cy)] == [ChatRoom.objects.get(name="Not mine").slug]
    say(second, bob)
    assert [room.name for room in mine(ada)] == ["Second", "First", "Ada & Bob"]
    assert mine(bob)[2].slug == direct.slug


def test_unread_leaves_out_mine_system_lines_and_deleted_ones(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    say(room, bob)
    members.join(slug=room.slug, user_id=cy.pk)
    assert (unread(room, bob), unread(room, ada)) == (0, 1)
    gone = say(room, ada)
    delete_message(slug=room.slug, user_id=ada.pk, message_id=gone.id)
    assert (unread(room, bob), unread(room, ada)) == (0, 0)
    last = say(room, ada)
    assert unread(room, bob) == 1
    mark_reads([Read(room.slug, bob.pk, last.seq)])
    assert unread(room, bob) == 0


def test_unread_stops_at_99(ada: User, bob: User, room: ChatRoom) -> None:
    send_messages([Send(room.slug, ada.pk, SendIn(message="hi"))] * 98)
    assert unread(room, bob) == 98
    send_messages([Send(room.slug, ada.pk, SendIn(message="hi"))] * 40)
    assert unread(room, bob) == 99


def test_unread_is_counted_among_the_newest_messages(ada: User, bob: User, room: ChatRoom) -> None:
    say(room, ada)
    fill(room, room_queries.UNREAD_WINDOW - 1, sender=bob)
    assert unread(room, bob) == 1
    fill(room, 1, sender=bob)
    assert unread(room, bob) == 0
    say(room, ada)
    assert unread(room, bob) == 1


@pytest.mark.parametrize("nothing_unread", ["own", "system lines", "tombstones"])
def test_cost_does_not_grow_with_a_log_never_read(ada: User, bob: User, room: ChatRoom, nothing_unread: str) -> None:
    fields: dict[str, dict[str, Any]] = {
        "own": {"sender": bob},
        "system lines": {"sender": ada, "kind": Message.Kind.JOINED},
        "tombstones": {"sender": ada, "deleted_at": timezone.now()},
    }
    costs = []
    for count in (1_000, 9_000):
        fill(room, count, **fields[nothing_unread])
        with effort() as cost:
            assert [found.unread_count for found in mine(bob)] == [0]
        costs.append(sum(cost))
    assert 0 < costs[1] < 1.5 * costs[0]


def mention(room: ChatRoom, user: User, *messages: Message) -> None:
    """Name a person in messages that are there already."""
    Mention.objects.bulk_create(Mention(message=each, user=user, room=room, seq=each.seq) for each in messages)


def mentions(room: ChatRoom, user: User) -> int:
    return room_queries.room(slug=room.slug, user_id=user.pk).mention_count


def test_mentions_are_counted_from_where_one_has_read(ada: User, bob: User, room: ChatRoom) -> None:
    first, second, third = (say(room, ada, str(number), mention_ids=[bob.pk]) for number in range(3))
    say(room, ada)
    elsewhere = make_room(ada, members={bob: Role.MEMBER})
    say(elsewhere, ada, mention_ids=[ada.pk, bob.pk])
    assert (mentions(room, bob), mentions(room, ada)) == (3, 0)
    assert (mentions(elsewhere, bob), mentions(elsewhere, ada)) == (1, 0), "I have read what I wrote"
    mark_reads([Read(room.slug, bob.pk, first.seq)])
    assert (mentions(room, bob), unread(room, bob)) == (2, 3)
    edited = edit_message(slug=room.slug, user_id=ada.pk, message_id=third.id, body=EditIn(message="nobody"))
    assert (edited.mention_ids, mentions(room, bob)) == ([bob.pk], 2)
    tombstone = delete_message(slug=room.slug, user_id=ada.pk, message_id=second.id)
    assert (tombstone.mention_ids, mentions(room, bob)) == ([], 1)
    mark_reads([Read(room.slug, bob.pk, third.seq)])
    assert (mentions(room, bob), unread(room, bob)) == (0, 1)


def test_mentions_stop_at_99_and_are_not_only_among_the_newest(ada: User, bob: User, room: ChatRoom) -> None:
    mention(room, bob, *fill(room, 98, sender=ada))
    fill(room, room_queries.UNREAD_WINDOW, sender=bob)
    assert (mentions(room, bob), unread(room, bob)) == (98, 0)
    mention(room, bob, *fill(room, 5, sender=ada))
    assert mentions(room, bob) == 99


def test_strangers_have_no_mentions(ada: User, cy: User, room: ChatRoom) -> None:
    mention(room, cy, *fill(room, 1, sender=ada))
    assert mentions(room, cy) == 0


def test_cost_does_not_grow_with_mentions(ada: User, bob: User, room: ChatRoom) -> None:
    costs = []
    for count in (1_000, 3_000):
        mention(room, bob, *fill(room, count, sender=ada))
        with effort() as cost:
            assert mentions(room, bob) == 99
        costs.append(sum(cost))
    assert 0 < costs[1] < 1.5 * costs[0]


def more_rooms(owner: User, member: User, count: int) -> None:
    """So many rooms with one message each, with a reaction and a mention, and a tenth as many direct ones."""
    start = ChatRoom.objects.count()
    rooms = ChatRoom.objects.bulk_create(
        ChatRoom(name="Room", slug=f"room-{number}", last_seq=1) for number in range(start, start + count)
    )
    Membership.objects.bulk_create(Membership(room=room, user=user) for room in rooms for user in (owner, member))
    now = timezone.now()
    messages = Message.objects.bulk_create(
        Message(room=room, sender=owner, seq=1, updated_seq=1, created_at=now) for room in rooms
    )
    Reaction.objects.bulk_create(Reaction(message=message, user=owner, emoji="👍") for message in messages)
    Mention.objects.bulk_create(Mention(message=each, user=member, room=each.room, seq=1) for each in messages)
    for room in rooms[: count // 10]:
        room.kind = ChatRoom.Kind.DIRECT
    ChatRoom.objects.bulk_update(rooms, ["kind"])


def test_queries_do_not_grow_with_rooms_people_and_messages(ada: User, bob: User) -> None:
    cost = []
    for count in (10, 990):
        more_rooms(ada, bob, count)
        with queries() as statements:
            found = mine(bob)
        cost.append(len(statements))
    assert len(found) == 1_000
    assert sum(room.mention_count for room in found) == 1_000
    assert cost[0] == cost[1] <= 5


def test_how_far_everybody_has_read(ada: User, bob: User, room: ChatRoom, settings: Settings) -> None:
    fill(room, 4, sender=ada)
    mark_reads([Read(room.slug, bob.pk, 3)])
    access = check(slug=room.slug, user_id=ada.pk)
    told = ReadsOut(items=[ReadOut(user_id=ada.pk, seq=0), ReadOut(user_id=bob.pk, seq=3)])
    for members_at_most, reads in ((2, told), (1, ReadsOut(items=[])), (0, ReadsOut(items=[]))):
        settings.READ_RECEIPTS = members_at_most
        assert room_queries.reads(access=access) == reads


def test_reads_cost_no_more_in_a_large_room(ada: User, room: ChatRoom, settings: Settings) -> None:
    access = check(slug=room.slug, user_id=ada.pk)
    settings.READ_RECEIPTS = 1_000_000
    cost = []
    for count in (8, 990):
        crowd(room, count)
        with queries() as statements:
            assert len(room_queries.reads(access=access).items) == Membership.objects.filter(room=room).count()
        cost.append(len(statements) - 1)  # the count above
    assert cost == [2, 2]
    settings.READ_RECEIPTS = 100
    efforts = []
    for count in (1, 3_000):
        crowd(room, count)
        with effort() as spent:
            assert room_queries.reads(access=access).items == []
        efforts.append(sum(spent))
    assert 0 < efforts[1] < 1.5 * efforts[0]


def test_public_rooms(ada: User, bob: User, cy: User) -> None:
    make_room(ada, name="Green tea", members={bob: Role.MEMBER})
    make_room(ada, name="Black TEA")
    make_room(ada, name="Secret tea", kind="private")
    make_room(ada, name="Coffee")
    assert public(bob, q="tea") == ["Black TEA", "Green tea"]
    assert public(bob, q="%") == []
    assert public(bob) == ["Coffee", "Black TEA", "Green tea"]
    found = room_queries.public_rooms(user_id=bob.pk, search=RoomSearchIn(q="tea")).items
    assert [(room.role, room.unread_count, room.last_message is None) for room in found] == [
        (None, 0, True),
        (Role.MEMBER, 0, False),
    ]


def test_public_rooms_by_page(ada: User) -> None:
    for number in range(5):
        make_room(ada, name=f"Room {number}")
    names, before, more = [], None, True
    while more:
        page = room_queries.public_rooms(user_id=ada.pk, search=RoomSearchIn(limit=2, before=before))
        names.append([room.name for room in page.items])
        before, more = page.items[-1].slug, page.has_more
    assert names == [["Room 4", "Room 3"], ["Room 2", "Room 1"], ["Room 0"]]


def test_what_strangers_see(ada: User, cy: User, room: ChatRoom) -> None:
    say(room, ada)
    seen = room_queries.room(slug=room.slug, user_id=cy.pk)
    assert (seen.role, seen.last_message, seen.unread_count, seen.member_count) == (None, None, 0, 2)
    with refused(Code.FORBIDDEN):
        room_queries.room(slug=make_room(ada, kind="private").slug, user_id=cy.pk)
    with refused(Code.NOT_FOUND):
        room_queries.room(slug="no-such-room", user_id=cy.pk)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_members_by_page(ada: User, bob: User, cy: User, limit: int) -> None:
    room = make_room(ada, members={bob: Role.ADMIN})
    members.join(slug=room.slug, user_id=cy.pk)
    access = check(slug=room.slug, user_id=bob.pk)
    found, after, more = [], None, True
    while more:
        page = room_queries.members(access=access, page=MembersIn(after=after, limit=limit))
        assert len(page.items) <= limit
        found += [(member.name, member.role) for member in page.items]
        after, more = page.items[-1].id, page.has_more
    assert found == [("Ada", Role.OWNER), ("Bob", Role.ADMIN), ("Cy", Role.MEMBER)]


def test_members_cost_one_query_at_any_number(ada: User) -> None:
    cost = []
    for count in (3, 30):
        room = make_room(ada, members={make_person(f"P{count}-{n}"): Role.MEMBER for n in range(count)})
        access = check(slug=room.slug, user_id=ada.pk)
        with queries() as statements:
            room_queries.members(access=access, page=MembersIn())
        cost.append(len(statements))
    assert cost == [1, 1]
