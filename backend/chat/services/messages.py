"""What happens to a message after it was sent: editing, deleting, pinning, reacting."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from backend.chat import log
from backend.chat.access import Access, check
from backend.chat.blocks import REFUSAL, blocked_pairs
from backend.chat.errors import ChatError, Code
from backend.chat.events import MessageOut
from backend.chat.inputs import EditIn
from backend.chat.models import ChatRoom, Message, Reaction
from backend.chat.roles import Action, require
from backend.chat.services.attachments import drop
from backend.chat.services.writes import message_write

EMOJIS_A_MESSAGE = 20  # different ones
EMOJIS_A_PERSON = 5  # on one message
PINS_A_ROOM = 50


def _check_write(slug: str, user_id: int) -> Access:
    """Whoever may put something before the others: not before somebody in a direct room who blocks them."""
    access = check(slug=slug, user_id=user_id, to=Action.WRITE)
    if access.peer_id and blocked_pairs([(user_id, access.peer_id)]):
        raise ChatError(Code.FORBIDDEN, REFUSAL)
    return access


def edit_message(*, slug: str, user_id: int, message_id: int, body: EditIn) -> MessageOut:
    """Replace the text of one's own message, within `EDIT_WINDOW_MINUTES`; whom it mentions stays."""
    with message_write(slug, user_id):
        access = _check_write(slug, user_id)
        message = log.open_message(access.room, message_id)
        if message.sender_id != user_id:
            raise ChatError(Code.FORBIDDEN, "Only its sender may edit a message.")
        window = timedelta(minutes=settings.EDIT_WINDOW_MINUTES)
        if window and timezone.now() - message.created_at > window:
            raise ChatError(Code.FORBIDDEN, "It is too late to edit this message.")
        if message.message == body.message:
            return log.give_back(message)
        message.message = body.message
        message.edited_at = timezone.now()
        return log.record(message)


def delete_message(*, slug: str, user_id: int, message_id: int) -> MessageOut:
    """Delete one's own message, or anybody's as an admin: the text goes, a tombstone keeps its place."""
    with message_write(slug, user_id):
        access = check(slug=slug, user_id=user_id)
        message = log.open_message(access.room, message_id)
        if message.sender_id != user_id:
            require(access.role, Action.DELETE_ANY_MESSAGE)
        return bury(message)


def bury(message: Message) -> MessageOut:
    """Store and announce the tombstone of a message that `log.open_message` gave."""
    message.message = ""
    message.mention_ids = []
    message.pinned_at = None
    message.deleted_at = timezone.now()
    message.reactions.all().delete()
    message.mentions.all().delete()
    drop(message.attachments.all())
    return log.record(message)


def pin_message(*, slug: str, user_id: int, message_id: int) -> MessageOut:
    """Pin a message (admins; in a direct room both); doing it again changes nothing. Raises `conflict` at enough."""
    with message_write(slug, user_id):
        message = _open_to_pin(slug, user_id, message_id)
        if message.pinned_at is not None:
            return log.give_back(message)
        if Message.objects.filter(room=message.room, pinned_at__isnull=False).count() >= PINS_A_ROOM:
            raise ChatError(Code.CONFLICT, f"A room has {PINS_A_ROOM} pinned messages at most.")
        message.pinned_at = timezone.now()
        return log.record(message)


def unpin_message(*, slug: str, user_id: int, message_id: int) -> MessageOut:
    """Take the pin off a message, with the same right; doing it again changes nothing."""
    with message_write(slug, user_id):
        message = _open_to_pin(slug, user_id, message_id)
        if message.pinned_at is None:
            return log.give_back(message)
        message.pinned_at = None
        return log.record(message)


def _open_to_pin(slug: str, user_id: int, message_id: int) -> Message:
    access = _check_write(slug, user_id)
    if access.kind != ChatRoom.Kind.DIRECT:
        require(access.role, Action.PIN_MESSAGE)
    return log.open_message(access.room, message_id)


def react(*, slug: str, user_id: int, message_id: int, emoji: str) -> MessageOut:
    """Put one emoji on a message; doing it again changes nothing. Raises `conflict` when it carries enough."""
    with message_write(slug, user_id):
        access = _check_write(slug, user_id)
        message = log.open_message(access.room, message_id)
        mine = set(message.reactions.filter(user_id=user_id).values_list("emoji", flat=True))
        if emoji in mine:
            return log.give_back(message)
        if len(mine) >= EMOJIS_A_PERSON:
            raise ChatError(Code.CONFLICT, f"One person puts {EMOJIS_A_PERSON} emojis on a message at most.")
        emojis = set(message.reactions.values_list("emoji", flat=True).distinct())
        if emoji not in emojis and len(emojis) >= EMOJIS_A_MESSAGE:
            raise ChatError(Code.CONFLICT, f"A message takes {EMOJIS_A_MESSAGE} different emojis at most.")
        Reaction.objects.create(message=message, user_id=user_id, emoji=emoji)
        return log.record(message)


def unreact(*, slug: str, user_id: int, message_id: int, emoji: str) -> MessageOut:
    """Take one's emoji off a message; doing it again changes nothing."""
    with message_write(slug, user_id):
        access = check(slug=slug, user_id=user_id, to=Action.WRITE)
        message = log.open_message(access.room, message_id)
        count, _ = message.reactions.filter(user_id=user_id, emoji=emoji).delete()
        return log.record(message) if count else log.give_back(message)
