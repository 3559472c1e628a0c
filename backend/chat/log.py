"""The log of a room: the one place that hands out `seq`.

Whoever writes here holds the room's counter row until commit, so places are taken in commit order, without holes.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Literal

from django.db import connection, transaction
from django.utils import timezone

from backend import metrics
from backend.accounts.models import User

from .errors import ChatError, Code
from .events import Change, MessageOut
from .models import Attachment, ChatRoom, Message, Reaction
from .payloads import message_payloads
from .publishing import publish


def take_seqs(counts: dict[int, int]) -> dict[int, int]:
    """Take `counts[room_id]` places in each room, inside a transaction; answers each room's new `last_seq`.

    One statement for any number of rooms; rows are locked in the order of their ids, so two workers never deadlock.
    Raises `not_found` when a room is gone.
    """
    if not counts:
        return {}
    values = ", ".join(["(%s, %s)"] * len(counts))
    params = [number for pair in sorted(counts.items()) for number in pair]
    # Not `FOR UPDATE`, which would also wait for everybody who only refers to the room.
    lock = ", locked AS (SELECT r.id FROM chat_chatroom r JOIN taken USING (id) ORDER BY r.id FOR NO KEY UPDATE OF r)"
    has_lock = connection.features.has_select_for_update
    sql = f"""
        WITH taken(id, n) AS (VALUES {values}){lock if has_lock else ""}
        UPDATE chat_chatroom SET last_seq = last_seq + taken.n
        FROM taken{" JOIN locked ON locked.id = taken.id" if has_lock else ""}
        WHERE chat_chatroom.id = taken.id
        RETURNING chat_chatroom.id, chat_chatroom.last_seq
    """  # noqa: S608 - only placeholders are formatted in
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        last: dict[int, int] = dict(cursor.fetchall())
    if len(last) < len(counts):
        raise ChatError(Code.NOT_FOUND, "No such room.")  # deleted since its access check
    return last


def append(messages: Sequence[Message]) -> list[MessageOut]:
    """Give new messages the next places of their rooms, in the order given, store and announce them."""
    if not messages:
        return []
    counts = Counter(message.room_id for message in messages)
    last = take_seqs(counts)
    following = {room_id: last[room_id] - count for room_id, count in counts.items()}
    now = timezone.now()
    for message in messages:
        following[message.room_id] += 1
        message.seq = message.updated_seq = following[message.room_id]
        message.created_at = now
    Message.objects.bulk_create(messages)
    transaction.on_commit(partial(metrics.messages_stored.inc, len(messages)))
    return _announce("message", messages)


def append_line(*, room: ChatRoom, actor: User, kind: Message.Kind, text: str = "") -> MessageOut:
    """Append a system line: somebody joined, left, renamed the room to `text` ..."""
    [line] = append([Message(room=room, sender=actor, kind=kind, message=text)])
    room.last_seq = line.seq
    return line


def lock(slug: str) -> ChatRoom:
    """Hold a room's log until commit: nobody writes to it meanwhile; raises `not_found`."""
    room = ChatRoom.objects.select_for_update(no_key=True).filter(slug=slug).first()
    if room is None:
        raise ChatError(Code.NOT_FOUND, "No such room.")
    return room


def erase(room: ChatRoom) -> None:
    """Delete a room's whole log in a few statements; the ORM's cascade would load every message first."""
    Reaction.objects.filter(message__room=room).delete()
    Attachment.objects.filter(message__room=room).update(message=None)  # the row is what finds its files again
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chat_message WHERE room_id = %s", [room.pk])


def open_message(room: ChatRoom, message_id: int) -> Message:
    """A message about to change, with the room's next place as its `updated_seq`; raises `not_found`.

    Taking the place first holds the room until commit: nobody changes the message at the same time.
    """
    seq = take_seqs({room.pk: 1})[room.pk]
    message = Message.objects.select_related("sender").filter(room=room, pk=message_id, deleted_at=None).first()
    if message is None or message.kind != Message.Kind.TEXT:
        raise ChatError(Code.NOT_FOUND, "No such message.")
    message.room = room
    message.updated_seq = seq
    return message


def record(message: Message) -> MessageOut:
    """Store and announce the change of a message that `open_message` gave."""
    message.save()
    return _announce("message_updated", [message])[0]


def give_back(message: Message) -> MessageOut:
    """Nothing changed after all: the place that `open_message` took is given back by rolling back."""
    message.refresh_from_db(fields=["updated_seq"])
    [payload] = message_payloads([message])
    transaction.set_rollback(True)  # last: no query is possible after it
    return payload


def _announce(event: Literal["message", "message_updated"], messages: Sequence[Message]) -> list[MessageOut]:
    payloads = message_payloads(messages, new=event == "message")
    publish(
        [
            Change(message.room_id, message.room.slug, event, payload)
            for message, payload in zip(messages, payloads, strict=True)
        ]
    )
    return payloads
