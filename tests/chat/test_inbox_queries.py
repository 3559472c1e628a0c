"""What an inbox reads: the same as the list of rooms, for many people at once, and nothing of those not asked for."""

import secrets

import pytest
from django.utils import timezone

from backend.accounts.models import User
from backend.chat import inbox_queries, room_queries
from backend.chat.inbox_queries import Activity, AskRooms, Entry, Footprint, Seat
from backend.chat.models import ChatRoom, Membership, Role
from backend.chat.services import members, rooms
from backend.chat.services.reads import Read, mark_reads
from tests.chat.costs import effort, fill
from tests.chat.world import make_room, queries, say

FEW, MANY = 10, 1_000


def everything(*people: User) -> list[AskRooms]:
    found = inbox_queries.entries([person.pk for person in people])
    return [
        AskRooms(person.pk, frozenset(entry.room_id for entry in entries))
        for person, entries in zip(people, found, strict=True)
    ]


def join_many(room: ChatRoom, count: int) -> list[int]:
    """So many more members; their ids."""
    emails = [f"{secrets.token_hex(8)}@example.org" for _ in range(count)]
    people = User.objects.bulk_create(User(email=email, name="P") for email in emails)
    Membership.objects.bulk_create(Membership(room=room, user=person) for person in people)
    return [person.pk for person in people]


def test_rooms_are_those_of_the_list(ada: User, bob: User, cy: User) -> None:
    first = make_room(ada, members={bob: Role.ADMIN})
    make_room(bob, kind="private", name="Mine")
    rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    say(first, ada, mention_ids=[bob.pk])
    for person, found in zip((ada, bob, cy), inbox_queries.rooms(everything(ada, bob, cy)), strict=True):
        newest_first = sorted(found.values(), key=lambda room: room.last_message.id if room.last_message else 0)[::-1]
        assert newest_first == room_queries.my_rooms(user_id=person.pk).items
    assert inbox_queries.rooms(everything(bob))[0][first.pk].mention_count == 1


def test_rooms_one_is_not_in_are_not_given(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    asks = [AskRooms(person.pk, frozenset({room.pk, 10**12})) for person in (bob, cy)]
    assert [list(found) for found in inbox_queries.rooms(asks)] == [[room.pk], []]
    assert inbox_queries.rooms([]) == []


def test_entries(ada: User, bob: User, cy: User, room: ChatRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    second = make_room(bob, name="Second")
    mark_reads([Read(room.slug, bob.pk, 1)])
    assert inbox_queries.entries([cy.pk, bob.pk]) == [
        [],
        [Entry(second.pk, second.slug, "Second", 1, 0), Entry(room.pk, room.slug, room.name, 1, 1)],
    ]
    monkeypatch.setattr(inbox_queries, "ROOMS", 1)
    assert [[entry.room_id for entry in found] for found in inbox_queries.entries([bob.pk])] == [[second.pk]]


def test_activity(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    last = say(room, ada, mention_ids=[bob.pk])
    found = inbox_queries.activity({room.pk: {ada.pk, bob.pk, cy.pk}, 10**12: {ada.pk}})
    seats = {ada.pk: Seat(last.seq, 0, 0), bob.pk: Seat(0, 1, 1)}
    assert found == {room.pk: Activity(room.slug, room.name, ChatRoom.Kind.PUBLIC, last.seq, last, seats)}
    assert inbox_queries.activity({}) == {}


def test_a_footprint_changes_with_every_change(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    other = make_room(ada, name="Other")
    seen = [inbox_queries.footprints([bob.pk])]
    assert seen == [{bob.pk: Footprint(1, room.pk, 0)}]
    mark_reads([Read(room.slug, bob.pk, 1)])
    seen.append(inbox_queries.footprints([bob.pk]))
    members.leave(slug=room.slug, user_id=bob.pk)
    seen.append(inbox_queries.footprints([bob.pk]))
    members.join(slug=other.slug, user_id=bob.pk)
    seen.append(inbox_queries.footprints([bob.pk]))
    assert seen[2] == {}
    assert len({footprint.get(bob.pk) for footprint in seen}) == len(seen)


def test_queries_do_not_grow_with_people_and_rooms(ada: User) -> None:
    cost = []
    for count in (FEW, MANY):
        room = make_room(ada)
        people = join_many(room, count)
        for number in range(count // FEW):
            small = make_room(ada, name=f"Room {number}")
            Membership.objects.create(room=small, user_id=people[0])
        asks = {room.pk: set(people), **{small.pk: {people[0]} for small in ChatRoom.objects.exclude(pk=room.pk)}}
        entries = inbox_queries.entries(people)
        wanted = [
            AskRooms(user_id, frozenset(entry.room_id for entry in found))
            for user_id, found in zip(people, entries, strict=True)
        ]
        with queries() as statements:
            inbox_queries.activity(asks)
            inbox_queries.rooms(wanted)
            inbox_queries.entries(people)
            inbox_queries.footprints(people)
        cost.append(len(statements))
    assert cost[0] == cost[1] <= 12


def test_news_cost_the_same_however_many_are_not_there(ada: User, bob: User) -> None:
    costs = []
    room = make_room(ada, members={bob: Role.MEMBER})
    say(room, ada)
    for count in (MANY, 9 * MANY):
        join_many(room, count)
        with effort() as cost:
            inbox_queries.activity({room.pk: {bob.pk}})
        costs.append(sum(cost))
    assert 0 < costs[1] < 1.5 * costs[0]


def test_news_cost_the_same_however_long_the_log(ada: User, bob: User, room: ChatRoom) -> None:
    costs = []
    for count in (MANY, 9 * MANY):
        fill(room, count, sender=bob, deleted_at=timezone.now())
        with effort() as cost:
            inbox_queries.activity({room.pk: {bob.pk}})
        costs.append(sum(cost))
    assert 0 < costs[1] < 1.5 * costs[0]
