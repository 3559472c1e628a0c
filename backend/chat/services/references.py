"""What the messages of a batch refer to (quotes, mentions, attachments, blocks), each looked up in one query."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.chat.access import Access, members_among
from backend.chat.blocks import REFUSAL, blocked_pairs
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import QuoteOut
from backend.chat.inputs import SendIn
from backend.chat.log import NewMessage, hold
from backend.chat.models import Attachment, Message
from backend.chat.payloads import quote


class Wish(NamedTuple):
    """Somebody who may write in a room wants to post `body` there."""

    access: Access
    body: SendIn


class References:
    """Loaded inside the transaction; an attachment is held until its end and given out once."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        quoted = {wish.body.reply_to for wish in wishes if wish.body.reply_to}
        if quoted:
            # What is quoted does not change any more: a change before this one would reach the clients before it.
            hold({wish.access.room_id for wish in wishes})
        self._quotes = _quotes(quoted)
        self._members = members_among(
            {(wish.access.room_id, user_id) for wish in wishes for user_id in wish.body.mention_ids}
        )
        self._attachments = _unsent({pk for wish in wishes for pk in wish.body.attachment_ids})
        self._blocked = blocked_pairs({(wish.access.user_id, peer) for wish in wishes if (peer := wish.access.peer_id)})

    def draft(self, wish: Wish) -> NewMessage | ChatError:
        """The message to store, or the refusal that names what it wrongly refers to."""
        access, body = wish
        if (access.user_id, access.peer_id) in self._blocked:
            return ChatError(Code.FORBIDDEN, REFUSAL)
        room_id, quoted = self._quotes.get(body.reply_to or 0, (None, None))
        if body.reply_to and room_id != access.room_id:
            return invalid(reply_to="No such message in this room.")
        if any((access.room_id, user_id) not in self._members for user_id in body.mention_ids):
            return invalid(mention_ids="Only members of the room can be mentioned.")
        attachments = [self._attachments.get(pk) for pk in dict.fromkeys(body.attachment_ids)]
        mine = [item for item in attachments if item is not None and item.uploader_id == access.user_id]
        if len(mine) < len(attachments):
            return invalid(attachment_ids="No such attachment of yours.")
        for item in mine:
            del self._attachments[item.pk]
        return NewMessage(
            room_id=access.room_id,
            slug=access.slug,
            sender=access.brief,
            kind=Message.Kind.TEXT,
            message=body.message,
            client_id=body.client_id,
            quote=quoted,
            mention_ids=list(dict.fromkeys(body.mention_ids)),
            attachments=mine,
        )


def _quotes(ids: set[int]) -> dict[int, tuple[int, QuoteOut]]:
    """The room id and the quote of each message that is replied to."""
    if not ids:
        return {}
    rows = Message.objects.filter(pk__in=ids, kind=Message.Kind.TEXT, deleted_at=None).select_related("sender")
    return {row.pk: (row.room_id, quote(row)) for row in rows}


def _unsent(ids: set[int]) -> dict[int, Attachment]:
    if not ids:
        return {}
    # Held in one order, so that two workers never deadlock.
    rows = Attachment.objects.filter(pk__in=ids, message=None).order_by("pk")
    return {row.pk: row for row in rows.select_for_update()}
