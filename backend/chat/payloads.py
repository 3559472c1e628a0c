"""Rows into the payloads of the wire."""

from collections.abc import Iterable, Sequence

from django.db.models import prefetch_related_objects

from backend.accounts.models import User

from .events import AttachmentOut, MessageOut, QuoteOut, ReactionOut, UserBrief
from .models import Attachment, Message, Reaction

QUOTE_LENGTH = 200  # characters


def user_brief(user: User) -> UserBrief:
    return UserBrief(id=user.pk, name=user.name, avatar=user.avatar_url)


def message_payloads(messages: Sequence[Message], *, new: bool = False) -> list[MessageOut]:
    """The payloads of messages whose `room` and `sender` are loaded; a few queries for all their details.

    `new`: just created without reactions and attachments, so there is nothing to look up.
    """
    if replies := [message for message in messages if message.reply_to_id]:
        prefetch_related_objects(replies, "reply_to__sender")
    if not new:
        prefetch_related_objects(list(messages), "reactions", "attachments")
    return [_message_payload(message, bare=new) for message in messages]


def _message_payload(message: Message, *, bare: bool) -> MessageOut:
    return MessageOut(
        id=message.pk,
        room=message.room.slug,
        seq=message.seq,
        updated_seq=message.updated_seq,
        kind=Message.Kind(message.kind),
        sender=user_brief(message.sender),
        message=message.message,
        client_id=message.client_id,
        reply_to=message.reply_to_id,
        quote=_quote(message.reply_to) if message.reply_to else None,
        mention_ids=message.mention_ids,
        reactions=[] if bare else _reactions(message.reactions.all()),
        attachments=[] if bare else [_attachment(item) for item in message.attachments.all()],
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        pinned_at=message.pinned_at,
    )


def _quote(message: Message) -> QuoteOut:
    return QuoteOut(
        id=message.pk,
        seq=message.seq,
        sender=user_brief(message.sender),
        message=message.message[:QUOTE_LENGTH],
        deleted_at=message.deleted_at,
    )


def _reactions(reactions: Iterable[Reaction]) -> list[ReactionOut]:
    people: dict[str, list[int]] = {}
    for reaction in sorted(reactions, key=lambda item: item.pk):
        people.setdefault(reaction.emoji, []).append(reaction.user_id)
    return [ReactionOut(emoji=emoji, count=len(ids), user_ids=ids) for emoji, ids in people.items()]


def _attachment(item: Attachment) -> AttachmentOut:
    url = f"/api/attachments/{item.pk}"
    return AttachmentOut(
        id=item.pk,
        name=item.name,
        type=item.type,
        size=item.size,
        width=item.width,
        height=item.height,
        url=url,
        thumbnail=f"{url}?thumbnail=1" if item.thumbnail else None,
    )
