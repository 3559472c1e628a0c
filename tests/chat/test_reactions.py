"""Reactions: once each, taken back, and no more than a message can carry."""

from functools import partial
from typing import Any

from backend.accounts.models import User
from backend.chat.errors import ChatError, Code
from backend.chat.events import Change, Event
from backend.chat.models import ChatRoom, Reaction, Role
from backend.chat.services.messages import EMOJIS_A_MESSAGE, EMOJIS_A_PERSON, react, unreact
from tests.chat.world import make_person, make_room, refused, say, together


def test_react_and_take_it_back(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    message = say(room, ada)
    announced.clear()
    react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="🎉")
    both = react(slug=room.slug, user_id=ada.pk, message_id=message.id, emoji="👍")
    assert [(item.emoji, item.count, item.user_ids) for item in both.reactions] == [
        ("👍", 2, [bob.pk, ada.pk]),
        ("🎉", 1, [bob.pk]),
    ]
    left = unreact(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    again = unreact(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji="👍")
    assert again == left
    assert [(item.emoji, item.user_ids) for item in left.reactions] == [("🎉", [bob.pk]), ("👍", [ada.pk])]
    assert [event.event for event in announced if isinstance(event, Change)] == ["message_updated"] * 4


def test_a_person_puts_only_so_many_on_one_message(ada: User, bob: User, room: ChatRoom) -> None:
    message = say(room, ada)
    place: dict[str, Any] = {"slug": room.slug, "message_id": message.id}
    for number in range(EMOJIS_A_PERSON):
        react(**place, user_id=bob.pk, emoji=f"e{number}")
    with refused(Code.CONFLICT):
        react(**place, user_id=bob.pk, emoji="one-more")
    again = react(**place, user_id=bob.pk, emoji="e0")
    assert len(again.reactions) == EMOJIS_A_PERSON
    react(**place, user_id=ada.pk, emoji="one-more")
    unreact(**place, user_id=bob.pk, emoji="e0")
    assert len(react(**place, user_id=bob.pk, emoji="one-more").reactions) == EMOJIS_A_PERSON


def test_a_message_takes_only_so_many_different_ones(ada: User) -> None:
    people = [make_person(f"P{number}") for number in range(EMOJIS_A_MESSAGE + 1)]
    room = make_room(ada, members=dict.fromkeys(people, Role.MEMBER))
    place: dict[str, Any] = {"slug": room.slug, "message_id": say(room, ada).id}
    for number in range(EMOJIS_A_MESSAGE):
        react(**place, user_id=people[number].pk, emoji=f"e{number}")
    with refused(Code.CONFLICT):
        react(**place, user_id=people[-1].pk, emoji="one-more")
    assert react(**place, user_id=people[-1].pk, emoji="e0").reactions[0].count == 2


def test_the_limit_holds_at_the_same_moment(ada: User, room: ChatRoom) -> None:
    message = say(room, ada)

    def try_to_react(emoji: str) -> Code | None:
        try:
            react(slug=room.slug, user_id=ada.pk, message_id=message.id, emoji=emoji)
        except ChatError as error:
            return error.code
        return None

    done = together([partial(try_to_react, f"e{number}") for number in range(EMOJIS_A_PERSON + 2)])
    assert done.count(None) == EMOJIS_A_PERSON
    assert done.count(Code.CONFLICT) == 2
    assert Reaction.objects.count() == EMOJIS_A_PERSON
