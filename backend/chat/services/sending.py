"""Sending: a batch of messages in one transaction, each once however often it is tried."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction

from backend.chat import limits, log
from backend.chat.access import Access, AskAccess, check_many, muted
from backend.chat.errors import ChatError, Code, as_chat_error, invalid
from backend.chat.events import MessageOut
from backend.chat.inputs import SendIn
from backend.chat.models import Message
from backend.chat.payloads import message_payloads

RACES = 4  # that a batch may lose: each of its messages may be stored by another worker meanwhile


@dataclass(frozen=True, slots=True)
class Send:
    """One person's wish to post `body` into a room."""

    slug: str
    user_id: int
    body: SendIn


class Sent(NamedTuple):
    message: MessageOut
    created: bool  # False: a retry, the message was there already


Outcome = Sent | ChatError
Key = tuple[int, str]  # (sender id, client_id)


def send_message(*, slug: str, user_id: int, body: SendIn) -> Sent:
    """Post one message from synchronous code; raises the refusal."""
    [outcome] = send_messages([Send(slug, user_id, body)])
    if isinstance(outcome, ChatError):
        raise outcome
    return outcome


def send_messages(sends: Sequence[Send]) -> list[Outcome]:
    """Post a batch in one transaction, in the order given; one outcome each, a bad one harms no other.

    A `client_id` seen before gives the same message again, with another content it is a `conflict`.
    """
    batch = _Batch(sends)
    for _ in range(RACES):
        try:
            return batch.run()
        except IntegrityError:
            continue  # Another worker stored one of the client_ids at the same moment: now it can be seen.
        except (OperationalError, InterfaceError) as error:
            return batch.run_again_after(error)
    return batch.run()


class _Batch:
    """Sends that are posted together. `waits`: for each the seconds until its sender may write again.

    Counted once however often the batch runs, and before its transaction: Redis may take its time.
    """

    def __init__(self, sends: Sequence[Send], waits: Sequence[float | None] | None = None) -> None:
        self.sends = sends
        self.waits = waits
        self.reached_commit = False

    def run(self) -> list[Outcome]:
        # Read outside of the transaction too: whatever another worker stores after it makes the insert fail,
        # and the batch runs again.
        stored = self._stored()
        self.waits = waits = self.waits or self._count(stored)
        with transaction.atomic():
            outcomes = self._post(stored, waits)
            self.reached_commit = True
        return outcomes

    def run_again_after(self, error: Error) -> list[Outcome]:
        """The database went away: once more on a new connection.

        When it went during COMMIT nobody knows whether the rows are there. A `client_id` makes repeating safe;
        a message without one is answered `unavailable` rather than perhaps posted twice.
        """
        with suppress(Error):
            connection.close()
        if not self.reached_commit:
            return self.run()
        unknown = as_chat_error(error) or ChatError(Code.UNAVAILABLE)
        safe = [(send, wait) for send, wait in zip(self.sends, self.waits or (), strict=True) if send.body.client_id]
        outcomes = iter(_Batch([send for send, _ in safe], [wait for _, wait in safe]).run())
        return [next(outcomes) if send.body.client_id else unknown for send in self.sends]

    def _post(self, stored: dict[Key, Message], waits: Sequence[float | None]) -> list[Outcome]:
        accesses = check_many([AskAccess(send.slug, send.user_id) for send in self.sends])
        quoted = self._quoted()
        fresh: list[Message] = []
        results: list[Message | ChatError] = []
        created: list[bool] = []
        for send, access, wait in zip(self.sends, accesses, waits, strict=True):
            key = _key(send)
            twin = stored.get(key) if key else None
            result = access if isinstance(access, ChatError) else _result(send, access, twin, wait, quoted)
            new = isinstance(result, Message) and result is not twin
            if new and isinstance(result, Message):
                fresh.append(result)
                if key:
                    stored[key] = result
            results.append(result)
            created.append(new)
        payloads = {payload.id: payload for payload in log.append(fresh)}
        old = [result for result in results if isinstance(result, Message) and result.pk not in payloads]
        payloads |= {payload.id: payload for payload in message_payloads(old)} if old else {}
        return [
            result if isinstance(result, ChatError) else Sent(payloads[result.pk], new)
            for result, new in zip(results, created, strict=True)
        ]

    def _stored(self) -> dict[Key, Message]:
        """What earlier tries of these sends have stored."""
        keys = {key for send in self.sends if (key := _key(send))}
        if not keys:
            return {}
        rows = Message.objects.filter(
            sender_id__in={sender for sender, _ in keys}, client_id__in={client_id for _, client_id in keys}
        ).select_related("room", "sender")
        return {key: row for row in rows if (key := (row.sender_id, row.client_id or "")) in keys}

    def _quoted(self) -> dict[int, int]:
        """The room id of each message that is replied to."""
        ids = {send.body.reply_to for send in self.sends if send.body.reply_to}
        if not ids:
            return {}
        rows = Message.objects.filter(pk__in=ids, kind=Message.Kind.TEXT, deleted_at=None)
        return dict(rows.values_list("pk", "room_id"))

    def _count(self, stored: dict[Key, Message]) -> list[float | None]:
        """Count each message once: a retry is free, of what is stored and within the batch."""
        senders: dict[Key | int, int] = {}  # by client_id, by position for those without
        for index, send in enumerate(self.sends):
            key = _key(send)
            if key not in stored:
                senders[key or index] = send.user_id
        waits = dict(zip(senders, limits.hit_writes(list(senders.values())), strict=True))
        return [waits.get(_key(send) or index) for index, send in enumerate(self.sends)]


def _key(send: Send) -> Key | None:
    return (send.user_id, send.body.client_id) if send.body.client_id else None


def _result(
    send: Send, access: Access, twin: Message | None, wait: float | None, quoted: dict[int, int]
) -> Message | ChatError:
    """The message to answer with (stored already, or new and unsaved), or the refusal."""
    body = send.body
    if twin is not None:
        same = twin.room_id == access.room.pk and twin.reply_to_id == body.reply_to
        changed_since = twin.edited_at or twin.deleted_at
        if same and (changed_since or twin.message == body.message):
            return twin
        return ChatError(Code.CONFLICT, "This client_id belongs to another message of yours.")
    if wait is not None:
        return ChatError(Code.RATE_LIMITED, retry_after=wait)
    if refusal := muted(access):
        return refusal
    if body.reply_to and quoted.get(body.reply_to) != access.room.pk:
        return invalid(reply_to="No such message in this room.")
    if body.attachment_ids:
        return invalid(attachment_ids="No such attachment of yours.")
    return Message(
        room=access.room,
        sender=access.membership.user,
        message=body.message,
        client_id=body.client_id,
        reply_to_id=body.reply_to,
    )
