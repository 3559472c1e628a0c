"""Rows into the payloads of the wire."""

from collections.abc import Iterable, Sequence

from django.db.models import prefetch_related_objects

from backend.accounts.models import User

from .events import AttachmentOut, MessageOut, QuoteOut, ReactionOut, UserBrief
from .models import Attachment, Message, Reaction

QUOTE_LENGTH = 200  # characters


def user_brief(user: User) -> UserBrief:
    return UserBrief(id=user.pk, name=user.name, avatar=user.avatar_url)


def message_payloads(messages: Sequence[Message]) -> list[MessageOut]:
    """The payloads of messages whose `room` and `sender` are loaded; a few queries for all their details."""
    if replies := [message for message in messages if message.reply_to_id]:
        prefetch_related_objects(replies, "reply_to__sender")
    prefetch_related_objects(list(messages), "reactions", "attachments")
    return [_message_payload(message) for message in messages]


def _message_payload(message: Message) -> MessageOut:
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
        quote=quote(message.reply_to) if message.reply_to else None,
        mention_ids=message.mention_ids,
        reactions=_reactions(message.reactions.all()),
        attachments=[attachment_out(item) for item in message.attachments.all()],
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        pinned_at=message.pinned_at,
    )


def quote(message: Message) -> QuoteOut:
    """What a reply shows of a message whose `sender` is loaded."""
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


def attachment_out(item: Attachment) -> AttachmentOut:
    """Where a file is fetched, and what is known of it."""
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
