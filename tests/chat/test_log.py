"""The log under many writers: no place is taken twice, none is left out, nobody waits for ever."""

import random
from functools import partial
from itertools import chain
from typing import Any

from django.db import transaction

from backend.accounts.models import User
from backend.chat import log
from backend.chat.inputs import EditIn, SendIn
from backend.chat.models import ChatRoom, Message
from backend.chat.services.messages import edit_message, react
from backend.chat.services.sending import Send, send_messages
from tests.chat.world import assert_no_hole, make_person, make_room, say, together

WRITERS = 6
ROUNDS = 10


def test_take_seqs_from_many_threads(ada: User) -> None:
    rooms = [make_room(ada) for _ in range(5)]

    def write(seed: int) -> list[tuple[int, int]]:
        order = random.Random(seed)
        taken = []
        for _ in range(ROUNDS):
            # Each in an order of its own: without one fixed order in the database this is a deadlock.
            counts = {room.pk: order.randint(1, 3) for room in order.sample(rooms, 4)}
            with transaction.atomic():
                last = log.take_seqs(counts)
            taken += [(pk, seq) for pk, n in counts.items() for seq in range(last[pk] - n + 1, last[pk] + 1)]
        return taken

    taken = list(chain.from_iterable(together([partial(write, seed) for seed in range(WRITERS)])))
    for room in rooms:
        room.refresh_from_db()
        assert sorted(seq for pk, seq in taken if pk == room.pk) == list(range(2, room.last_seq + 1))


def test_batches_of_several_rooms_from_many_threads(ada: User) -> None:
    rooms = [make_room(ada) for _ in range(4)]

    def write(seed: int) -> None:
        order = random.Random(seed)
        for _ in range(ROUNDS):
            sends = [Send(order.choice(rooms).slug, ada.pk, SendIn(message=str(seed))) for _ in range(8)]
            assert len(send_messages(sends)) == len(sends)

    together([partial(write, seed) for seed in range(WRITERS)])
    assert Message.objects.filter(kind=Message.Kind.TEXT).count() == WRITERS * ROUNDS * 8
    for room in rooms:
        assert_no_hole(room)


def test_changes_that_change_nothing_leave_no_hole(ada: User, room: ChatRoom) -> None:
    message = say(room, ada)
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk, "message_id": message.id}
    same = edit_message(**place, body=EditIn(message="hi"))
    assert same == message
    first = react(**place, emoji="👍")
    assert react(**place, emoji="👍") == first
    assert first.updated_seq == message.updated_seq + 1
    edited = edit_message(**place, body=EditIn(message="ho"))
    assert edited.updated_seq == first.updated_seq + 1
    room.refresh_from_db()
    assert room.last_seq == edited.updated_seq


def test_erase_is_flat_in_the_size_of_the_room(room: ChatRoom, ada: User) -> None:
    other = make_room(make_person("Dan"))
    for _ in range(3):
        react(slug=room.slug, user_id=ada.pk, message_id=say(room, ada, reply_to=say(room, ada).id).id, emoji="👍")
    log.erase(room)
    assert set(Message.objects.values_list("room_id", flat=True)) == {other.pk}
