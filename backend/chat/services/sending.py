"""Sending: a batch of messages in one transaction, each once however often it is tried."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction

from backend.chat import limits, log
from backend.chat.access import Access, AskAccess, check_many, refused
from backend.chat.errors import ChatError, Code, as_chat_error
from backend.chat.events import MessageOut
from backend.chat.inputs import SendIn
from backend.chat.log import NewMessage
from backend.chat.models import Membership, Message
from backend.chat.payloads import message_payloads
from backend.chat.roles import Action
from backend.chat.rows import fetch, pack, table
from backend.chat.services.reads import advance
from backend.chat.services.references import References, Wish

TAKEN = "This client_id belongs to another message of yours."
RACES = 4  # that a batch may lose: each of its messages may be stored by another worker meanwhile


@dataclass(frozen=True, slots=True)
class Send:
    """One person's wish to post `body` into a room."""

    slug: str
    user_id: int
    body: SendIn


class Overtaken(Exception):
    """Somebody's membership ended after it was looked at, and before they wrote."""


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
    try:
        return batch.run()
    except (OperationalError, InterfaceError) as error:
        return batch.run_again_after(error)


class _Batch:
    """Sends that are posted together. `waits`: for each the seconds until its sender may write again.

    Counted once however often the batch runs, and before its transaction: Redis may take its time.
    """

    def __init__(self, sends: Sequence[Send], waits: Sequence[float | None] | None = None) -> None:
        self.sends = sends
        self.waits = waits
        self.reached_commit = False

    def run(self) -> list[Outcome]:
        for _ in range(RACES):
            # Another worker stored one of the client_ids, or put somebody out, at the same moment: now it can be seen.
            with suppress(IntegrityError, Overtaken):
                return self._run_once()
        return self._run_once()

    def _run_once(self) -> list[Outcome]:
        self.reached_commit = False
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
        references = References(
            [
                Wish(access, send.body)
                for send, access in zip(self.sends, accesses, strict=True)
                if isinstance(access, Access)
            ]
        )
        known: dict[Key, Message | NewMessage] = dict(stored)
        fresh: dict[NewMessage, Access] = {}
        results: list[Message | NewMessage | ChatError] = []
        created: list[bool] = []
        for send, access, wait in zip(self.sends, accesses, waits, strict=True):
            key = _key(send)
            twin = known.get(key) if key else None
            result: Message | NewMessage | ChatError
            if isinstance(access, ChatError):
                result = access
            elif twin is not None:
                result = twin if _is_same(send.body, access, twin) else ChatError(Code.CONFLICT, TAKEN)
            else:
                result = _refusal(access, wait) or references.draft(Wish(access, send.body))
            created.append(isinstance(result, NewMessage) and result is not twin)
            if isinstance(result, NewMessage) and isinstance(access, Access) and result is not twin:
                fresh[result] = access
                if key:
                    known[key] = result
            results.append(result)
        payloads: dict[Message | NewMessage, MessageOut] = dict(zip(fresh, log.append(list(fresh)), strict=True))
        # Whoever writes has read what came before, and is still in: nobody goes while the log is held.
        reads = {access.membership_id: payloads[new].seq for new, access in fresh.items()}
        unmoved = reads.keys() - advance(reads)
        if unmoved and Membership.objects.filter(pk__in=unmoved).count() < len(unmoved):
            raise Overtaken
        if old := list({result.pk: result for result in results if isinstance(result, Message)}.values()):
            payloads |= zip(old, message_payloads(old), strict=True)
        return [
            result if isinstance(result, ChatError) else Sent(payloads[result], new)
            for result, new in zip(results, created, strict=True)
        ]

    def _stored(self) -> dict[Key, Message]:
        """What earlier tries of these sends have stored."""
        keys = {key for send in self.sends if (key := _key(send))}
        if not keys:
            return {}
        sql = f"""
            SELECT m.id FROM {table("keys", sender_id="bigint", client_id="text")}
            JOIN chat_message m ON m.sender_id = keys.sender_id AND m.client_id = keys.client_id
        """  # noqa: S608 - our names
        ids = [pk for (pk,) in fetch(sql, *pack(keys))]
        rows = Message.objects.filter(pk__in=ids).select_related("room", "sender") if ids else ()
        return {(row.sender_id, row.client_id or ""): row for row in rows}

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


def _is_same(body: SendIn, access: Access, twin: Message | NewMessage) -> bool:
    """Whether what a `client_id` already stands for is what is asked for now."""
    if twin.room_id != access.room_id or twin.reply_to_id != body.reply_to:
        return False
    if isinstance(twin, Message) and (twin.edited_at or twin.deleted_at):
        return True
    attachments = twin.attachments if isinstance(twin, NewMessage) else twin.attachments.all()
    return (
        twin.message == body.message
        and twin.mention_ids == list(dict.fromkeys(body.mention_ids))
        and {item.pk for item in attachments} == set(body.attachment_ids)
    )


def _refusal(access: Access, wait: float | None) -> ChatError | None:
    return ChatError(Code.RATE_LIMITED, retry_after=wait) if wait is not None else refused(access, Action.WRITE)
