"""Pins: who may, in which order, how many, and what becomes of them."""

from functools import partial
from typing import Any

import pytest

from backend.accounts.models import User
from backend.chat import queries as reading
from backend.chat.errors import ChatError, Code
from backend.chat.events import Change, Event, MessageOut
from backend.chat.models import ChatRoom, Message
from backend.chat.services.messages import PINS_A_ROOM, delete_message, pin_message, unpin_message
from backend.chat.services.rooms import open_direct
from tests.chat.costs import effort, fill
from tests.chat.world import make_room, queries, refused, say, together


def pins(room: ChatRoom) -> list[MessageOut]:
    return reading.pins(room=room).items


def test_pin_and_take_it_off(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    first, second = say(room, bob, "first"), say(room, ada, "second")
    announced.clear()
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk}
    pinned = pin_message(**place, message_id=first.id)
    assert pinned == first.model_copy(update={"updated_seq": second.seq + 1, "pinned_at": pinned.pinned_at})
    assert pin_message(**place, message_id=first.id) == pinned
    newer = pin_message(**place, message_id=second.id)
    assert pins(room) == [newer, pinned]
    off = unpin_message(**place, message_id=second.id)
    assert off == newer.model_copy(update={"updated_seq": newer.updated_seq + 1, "pinned_at": None})
    assert unpin_message(**place, message_id=second.id) == off
    assert pins(room) == [pinned]
    assert announced == [Change(room.pk, room.slug, "message_updated", payload) for payload in (pinned, newer, off)]
    again = pin_message(**place, message_id=second.id)
    assert pins(room) == [again, pinned]
    assert again.updated_seq == off.updated_seq + 1, "what changed nothing took no place"


def test_both_pin_in_a_direct_room(ada: User, bob: User, cy: User) -> None:
    room = ChatRoom.objects.get(slug=open_direct(user_id=ada.pk, other_id=bob.pk)[0].slug)
    message = say(room, ada)
    for person in (ada, bob):
        pin_message(slug=room.slug, user_id=person.pk, message_id=message.id)
        unpin_message(slug=room.slug, user_id=person.pk, message_id=message.id)
    with refused(Code.FORBIDDEN):
        pin_message(slug=room.slug, user_id=cy.pk, message_id=message.id)


def test_a_deleted_message_is_pinned_no_longer(ada: User, room: ChatRoom) -> None:
    message = say(room, ada)
    pin_message(slug=room.slug, user_id=ada.pk, message_id=message.id)
    tombstone = delete_message(slug=room.slug, user_id=ada.pk, message_id=message.id)
    assert (tombstone.pinned_at, pins(room)) == (None, [])


@pytest.fixture
def almost_full(ada: User, room: ChatRoom) -> list[MessageOut]:
    """The pins of a room that takes one more."""
    for message in fill(room, PINS_A_ROOM - 1, sender=ada):
        pin_message(slug=room.slug, user_id=ada.pk, message_id=message.pk)
    return pins(room)


def test_a_room_has_only_so_many(ada: User, room: ChatRoom, almost_full: list[MessageOut]) -> None:
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk}
    last, one_more = say(room, ada), say(room, ada)
    pin_message(**place, message_id=last.id)
    with refused(Code.CONFLICT):
        pin_message(**place, message_id=one_more.id)
    assert pin_message(**place, message_id=last.id).pinned_at, "what is pinned stays so"
    elsewhere = make_room(ada)
    pin_message(slug=elsewhere.slug, user_id=ada.pk, message_id=say(elsewhere, ada).id)
    unpin_message(**place, message_id=last.id)
    added = pin_message(**place, message_id=one_more.id)
    assert pins(room) == [added, *almost_full]
    assert added.updated_seq == one_more.seq + 3, "what was refused took no place"


def test_the_limit_holds_at_the_same_moment(ada: User, room: ChatRoom, almost_full: list[MessageOut]) -> None:
    def try_to_pin(message_id: int) -> Code | None:
        try:
            pin_message(slug=room.slug, user_id=ada.pk, message_id=message_id)
        except ChatError as error:
            return error.code
        return None

    done = together([partial(try_to_pin, say(room, ada).id) for _ in range(4)])
    assert (done.count(None), done.count(Code.CONFLICT)) == (1, 3)
    assert len(pins(room)) == PINS_A_ROOM


def test_cost_does_not_grow_with_the_log_and_queries_not_with_the_pins(ada: User, room: ChatRoom) -> None:
    counts = []
    for count in (10, 40):
        pinned = fill(room, count, sender=ada)
        Message.objects.filter(pk__in=[message.pk for message in pinned]).update(pinned_at=pinned[0].created_at)
        with queries() as statements:
            pins(room)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 3
    efforts = []
    for count in (1_000, 4_000):
        fill(room, count, sender=ada)
        with effort() as spent:
            assert len(pins(room)) == PINS_A_ROOM
        efforts.append(sum(spent))
    assert 0 < efforts[1] < 1.5 * efforts[0]
