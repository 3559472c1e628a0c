"""The log of a room: the one place that hands out `seq`.

Whoever writes here holds the room's counter row until commit, so places are taken in commit order, without holes.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from backend import metrics
from backend.accounts.models import User

from .errors import ChatError, Code
from .events import Change, MessageOut, QuoteOut, UserBrief
from .models import Attachment, ChatRoom, Mention, Message, Reaction
from .payloads import attachment_out, message_payloads, user_brief
from .publishing import publish
from .rows import fetch, pack, table


def take_seqs(counts: dict[int, int]) -> dict[int, int]:
    """Take `counts[room_id]` places in each room, inside a transaction; answers each room's new `last_seq`.

    One statement for any number of rooms; rows are locked in the order of their ids, so two workers never deadlock.
    Raises `not_found` when a room is gone.
    """
    if not counts:
        return {}
    # Not `FOR UPDATE`, which would also wait for everybody who only refers to the room.
    lock = ", locked AS (SELECT r.id FROM chat_chatroom r JOIN taken USING (id) ORDER BY r.id FOR NO KEY UPDATE OF r)"
    has_lock = connection.features.has_select_for_update
    sql = f"""
        WITH taken AS (SELECT * FROM {table("counts", id="bigint", n="bigint")}){lock if has_lock else ""}
        UPDATE chat_chatroom SET last_seq = last_seq + taken.n
        FROM taken{" JOIN locked ON locked.id = taken.id" if has_lock else ""}
        WHERE chat_chatroom.id = taken.id
        RETURNING chat_chatroom.id, chat_chatroom.last_seq
    """  # noqa: S608 - our names
    last: dict[int, int] = dict(fetch(sql, *pack(counts.items())))
    if len(last) < len(counts):
        raise ChatError(Code.NOT_FOUND, "No such room.")  # deleted since its access check
    return last


@dataclass(slots=True, eq=False)
class NewMessage:
    """A message that is about to be stored; `attachments` belong to no message yet."""

    room_id: int
    slug: str
    sender: UserBrief
    kind: Message.Kind
    message: str
    client_id: str | None = None
    quote: QuoteOut | None = None
    mention_ids: list[int] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def reply_to_id(self) -> int | None:
        return self.quote.id if self.quote else None


def append(messages: Sequence[NewMessage]) -> list[MessageOut]:
    """Give new messages the next places of their rooms, in the order given, store and announce them."""
    if not messages:
        return []
    counts = Counter(message.room_id for message in messages)
    last = take_seqs(counts)
    following = {room_id: last[room_id] - count for room_id, count in counts.items()}
    seqs: list[int] = []
    for message in messages:
        following[message.room_id] += 1
        seqs.append(following[message.room_id])
    payloads = _insert(messages, seqs)
    _insert_details(messages, payloads)
    transaction.on_commit(partial(metrics.messages_stored.inc, len(messages)))
    publish(
        [
            Change(message.room_id, message.slug, "message", payload)
            for message, payload in zip(messages, payloads, strict=True)
        ]
    )
    return payloads


def _insert(messages: Sequence[NewMessage], seqs: Sequence[int]) -> list[MessageOut]:
    """Store messages at their places, in one statement."""
    now = timezone.now()
    columns = {
        "room_id": "bigint",
        "sender_id": "bigint",
        "message": "text",
        "kind": "text",
        "seq": "bigint",
        "client_id": "text",
        "reply_to_id": "bigint",
        "mention_ids": "jsonb",
    }
    names = ", ".join(columns)
    sql = f"""
        INSERT INTO chat_message ({names}, updated_seq, created_at)
        SELECT {names}, seq, %s FROM {table("new", **columns)}
        RETURNING room_id, seq, id
    """  # noqa: S608 - our names
    rows = [
        (new.room_id, new.sender.id, new.message, new.kind, seq, new.client_id, new.reply_to_id, new.mention_ids)
        for new, seq in zip(messages, seqs, strict=True)
    ]
    found = fetch(sql, connection.ops.adapt_datetimefield_value(now), *pack(rows))
    ids = {(room_id, seq): pk for room_id, seq, pk in found}
    return [
        MessageOut(
            id=ids[new.room_id, seq],
            room=new.slug,
            seq=seq,
            updated_seq=seq,
            kind=new.kind,
            sender=new.sender,
            message=new.message,
            client_id=new.client_id,
            reply_to=new.reply_to_id,
            quote=new.quote,
            mention_ids=new.mention_ids,
            reactions=[],
            attachments=[attachment_out(attachment) for attachment in new.attachments],
            created_at=now,
            edited_at=None,
            deleted_at=None,
            pinned_at=None,
        )
        for new, seq in zip(messages, seqs, strict=True)
    ]


def _insert_details(messages: Sequence[NewMessage], payloads: Sequence[MessageOut]) -> None:
    """Store what only some messages have: who is mentioned, what is attached."""
    both = list(zip(messages, payloads, strict=True))
    Mention.objects.bulk_create(
        Mention(message_id=payload.id, user_id=user_id, room_id=new.room_id, seq=payload.seq)
        for new, payload in both
        for user_id in new.mention_ids
    )
    for new, payload in both:
        if new.attachments:
            Attachment.objects.filter(pk__in=[item.pk for item in new.attachments]).update(message=payload.id)


def append_line(
    *, room: ChatRoom, actor: User, kind: Message.Kind, text: str = "", about: User | None = None
) -> MessageOut:
    """Append a system line: somebody joined, left, renamed the room to `text`, removed whom it is `about` ..."""
    new = NewMessage(room.pk, room.slug, user_brief(actor), kind, text)
    if about:
        new.message, new.mention_ids = about.name, [about.pk]
    [line] = append([new])
    room.last_seq = line.seq
    return line


def hold(room_ids: Collection[int]) -> None:
    """Hold the logs of rooms until commit, in the order in which `take_seqs` takes them."""
    list(ChatRoom.objects.select_for_update(no_key=True).filter(pk__in=room_ids).order_by("pk").values_list("pk"))


def lock(slug: str) -> ChatRoom:
    """Hold a room's log until commit: nobody writes to it meanwhile; raises `not_found`."""
    room = ChatRoom.objects.select_for_update(no_key=True).filter(slug=slug).first()
    if room is None:
        raise ChatError(Code.NOT_FOUND, "No such room.")
    return room


def erase(room: ChatRoom) -> None:
    """Delete a room's whole log in a few statements; the ORM's cascade would load every message first."""
    Reaction.objects.filter(message__room=room).delete()
    Mention.objects.filter(room=room).delete()
    Attachment.objects.filter(message__room=room).update(message=None)  # the row is what finds its files again
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chat_message WHERE room_id = %s", [room.pk])


def open_message(room: ChatRoom, message_id: int, *, kind: Message.Kind = Message.Kind.TEXT) -> Message:
    """A message about to change, with the room's next place as its `updated_seq`; raises `not_found`.

    Taking the place first holds the room until commit: nobody changes the message at the same time.
    """
    seq = take_seqs({room.pk: 1})[room.pk]
    message = Message.objects.select_related("sender").filter(room=room, pk=message_id, deleted_at=None).first()
    if message is None or message.kind != kind:
        raise ChatError(Code.NOT_FOUND, "No such message.")
    message.room = room
    message.updated_seq = seq
    return message


def record(message: Message) -> MessageOut:
    """Store and announce the change of a message that `open_message` gave."""
    message.save()
    [payload] = message_payloads([message])
    publish([Change(message.room_id, message.room.slug, "message_updated", payload)])
    return payload


def give_back(message: Message) -> MessageOut:
    """Nothing changed after all: the place that `open_message` took is given back by rolling back."""
    message.refresh_from_db(fields=["updated_seq"])
    [payload] = message_payloads([message])
    transaction.set_rollback(True)  # last: no query is possible after it
    return payload
