"""Blocking people: a list of one's own, and no direct room for them."""

from functools import partial
from typing import Any

import pytest

from backend.accounts.models import User
from backend.chat import moderation_queries
from backend.chat.errors import Code
from backend.chat.inputs import EditIn
from backend.chat.models import Block, ChatRoom
from backend.chat.services import blocks, messages, rooms
from tests.chat.world import attempt, queries, refused, say, together


def block(user: User, person: User) -> None:
    blocks.block(user_id=user.pk, person_id=person.pk)


def blocked(user: User) -> list[str]:
    return [person.name for person in moderation_queries.blocks(user_id=user.pk).items]


def test_block_and_unblock(ada: User, bob: User, cy: User) -> None:
    for person in (bob, cy, bob):
        block(ada, person)
    assert (blocked(ada), blocked(bob)) == (["Cy", "Bob"], [])
    for _ in range(2):
        blocks.unblock(user_id=ada.pk, person_id=cy.pk)
        blocks.unblock(user_id=bob.pk, person_id=ada.pk)
    assert blocked(ada) == ["Bob"]


def test_block_needs_somebody_else_who_is_there(ada: User, bob: User) -> None:
    with refused(Code.INVALID, "user_id"):
        block(ada, ada)
    bob.is_active = False
    bob.save()
    for person_id in (bob.pk, 10**12):
        with refused(Code.NOT_FOUND):
            blocks.block(user_id=ada.pk, person_id=person_id)
    assert blocked(ada) == []


def test_who_went_away_is_still_unblocked(ada: User, bob: User) -> None:
    block(ada, bob)
    bob.is_active = False
    bob.save()
    assert blocked(ada) == ["Bob"]
    blocks.unblock(user_id=ada.pk, person_id=bob.pk)
    assert blocked(ada) == []


def test_enough_people_are_blocked_some_day_and_listed_in_one_query(ada: User, bob: User) -> None:
    cost = []
    for count in (10, blocks.BLOCKS_A_PERSON - 10):
        people = [User(email=f"{count}-{n}@example.org", name="P") for n in range(count)]
        User.objects.bulk_create(people)
        Block.objects.bulk_create(Block(blocker=ada, blocked=person) for person in people)
        with queries() as statements:
            blocked(ada)
        cost.append(len(statements))
    assert cost == [1, 1]
    with refused(Code.CONFLICT):
        block(ada, bob)
    blocks.unblock(user_id=ada.pk, person_id=people[0].pk)
    block(ada, bob)
    assert blocked(ada)[0] == "Bob"


def test_block_the_same_person_at_the_same_moment(ada: User, bob: User) -> None:
    together([partial(block, ada, bob)] * 4)
    assert blocked(ada) == ["Bob"]


def test_the_blocked_open_no_direct_room(ada: User, bob: User, cy: User) -> None:
    block(ada, bob)
    with refused(Code.FORBIDDEN):
        rooms.open_direct(user_id=bob.pk, other_id=ada.pk)
    assert not ChatRoom.objects.exists()
    rooms.open_direct(user_id=cy.pk, other_id=ada.pk)
    blocks.unblock(user_id=ada.pk, person_id=bob.pk)
    assert rooms.open_direct(user_id=bob.pk, other_id=ada.pk)[1]


@pytest.mark.parametrize("blocked_first", [True, False])
def test_a_room_that_is_there_stays_the_room_of_both(ada: User, bob: User, blocked_first: bool) -> None:
    if blocked_first:
        block(ada, bob)
    mine, created = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    assert created, "the one who blocks may still open it"
    block(ada, bob)
    again, created = rooms.open_direct(user_id=bob.pk, other_id=ada.pk)
    assert (again.slug, created) == (mine.slug, False)


def test_blocked_while_opening(ada: User, bob: User) -> None:
    open_direct = attempt(partial(rooms.open_direct, user_id=bob.pk, other_id=ada.pk), unless=Code.FORBIDDEN)
    opened, _ = together([open_direct, attempt(partial(block, ada, bob), unless=Code.CONFLICT)])
    assert ChatRoom.objects.exists() is opened
    assert blocked(ada) == ["Bob"]


def test_the_blocked_put_nothing_before_the_one_who_blocks_them(ada: User, bob: User) -> None:
    room = ChatRoom.objects.get(slug=rooms.open_direct(user_id=ada.pk, other_id=bob.pk)[0].slug)
    message = say(room, bob)
    his: dict[str, Any] = {"slug": room.slug, "user_id": bob.pk, "message_id": message.id}
    messages.react(**his, emoji="👍")
    block(ada, bob)
    for call in (
        partial(messages.edit_message, body=EditIn(message="insult")),
        partial(messages.react, emoji="🎉"),
        messages.pin_message,
        messages.unpin_message,
    ):
        with refused(Code.FORBIDDEN):
            call(**his)
    messages.react(**{**his, "user_id": ada.pk}, emoji="🎉")
    left = messages.unreact(**his, emoji="👍")
    assert [(item.emoji, item.user_ids) for item in left.reactions] == [("🎉", [ada.pk])]
    assert messages.delete_message(**his).deleted_at
    blocks.unblock(user_id=ada.pk, person_id=bob.pk)
    messages.edit_message(**{**his, "message_id": say(room, bob).id}, body=EditIn(message="sorry"))


def test_blocks_do_not_count_in_other_rooms(ada: User, bob: User, room: ChatRoom) -> None:
    message = say(room, bob)
    block(ada, bob)
    messages.react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    messages.edit_message(slug=room.slug, user_id=bob.pk, message_id=message.id, body=EditIn(message="hello"))
