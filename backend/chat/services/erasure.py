"""The end of an account: the person goes, the row stays, because the log refers to it.

In small transactions, each a step, so that nobody waits long for a room. What identifies the person goes last: whoever
is interrupted before that logs in and asks again.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts import services as accounts
from backend.accounts.models import DELETED_NAME, User
from backend.accounts.queries import get_user
from backend.accounts.tokens import Identity
from backend.chat import limits, log
from backend.chat.errors import ChatError, invalid
from backend.chat.events import MembershipChanged, Passing, RoomEvent
from backend.chat.models import Attachment, Ban, Block, ChatRoom, Invite, Membership, Mention, Message, Mute
from backend.chat.publishing import publish
from backend.chat.services import sessions
from backend.chat.services.attachments import drop
from backend.chat.services.members import go_out
from backend.chat.services.messages import bury
from backend.chat.services.rooms import direct_name, erase

BATCH = 50  # messages that change in one transaction, while their room waits


def confirm(*, user_id: int, password: str, address: str) -> None:
    """Raises `invalid` for a password that is not the person's, `rate_limited` after too many tries."""
    person = get_user(user_id=user_id)
    limits.check_login(address=address, email=person.email)
    if not person.check_password(password):
        raise invalid(password="This is not your password.")  # noqa: S106 - a sentence


def delete_account(*, identity: Identity, keep_messages: bool) -> Generator[int, None, None]:
    """End a person's account, with or without their messages; yields after each transaction how much it changed."""
    user_id = identity.user_id
    sessions.log_out_everywhere(identity=identity)
    written = Message.objects.filter(sender=user_id, kind=Message.Kind.TEXT, deleted_at=None)
    if keep_messages:
        written = written.none()
    reacted = Message.objects.filter(reactions__user=user_id, deleted_at=None)
    removals = Message.objects.filter(mentions__user=user_id, kind=Message.Kind.REMOVED)
    redacted: set[int] = set()  # ids of direct rooms
    is_over = False
    while not is_over:  # others bring people into rooms meanwhile, and who was about to write has written
        yield from _change_all(written, bury)
        yield from _change_all(reacted, partial(_unreact, user_id))
        yield from _change_all(removals, _unname)
        yield from _leave_rooms(user_id)
        yield from _redact_direct_rooms(user_id, redacted)
        joined = Membership.objects.filter(user=user_id).exclude(room__in=redacted)
        is_over = _forget(user_id, unless=[written, reacted, removals, joined])
        yield 1
    yield from _erase_deserted_rooms(user_id)


def _change_all(messages: "QuerySet[Message]", change: Callable[[Message], object]) -> Iterator[int]:
    """Change messages through the log, a batch of one room at a time."""
    rows = messages.order_by("pk").values_list("pk", "room__slug").distinct()
    last = 0
    while page := list(rows.filter(pk__gt=last)[:BATCH]):
        for slug, group in groupby(sorted(page, key=lambda row: row[1]), key=lambda row: row[1]):
            yield _change_some(slug, [pk for pk, _ in group], change)
        last = page[-1][0]


@transaction.atomic
def _change_some(slug: str, ids: list[int], change: Callable[[Message], object]) -> int:
    try:
        room = log.lock(slug)
    except ChatError:
        return 0  # the room was deleted meanwhile, and all in it
    alive = list(Message.objects.filter(pk__in=ids, deleted_at=None).order_by("pk").values_list("pk", "kind"))
    for pk, kind in alive:
        change(log.open_message(room, pk, kind=Message.Kind(kind)))
    return len(alive)


def _unreact(user_id: int, message: Message) -> None:
    message.reactions.filter(user_id=user_id).delete()
    log.record(message)


def _unname(removal: Message) -> None:
    removal.message = DELETED_NAME
    removal.mention_ids = []
    removal.mentions.all().delete()
    log.record(removal)


def _leave_rooms(user_id: int) -> Iterator[int]:
    mine = Membership.objects.filter(user=user_id).exclude(room__kind=ChatRoom.Kind.DIRECT)
    for slug in list(mine.values_list("room__slug", flat=True)):
        with suppress(ChatError):  # removed, or the room deleted, meanwhile
            go_out(slug=slug, user_id=user_id)
        yield 1


def _redact_direct_rooms(user_id: int, redacted: set[int]) -> Iterator[int]:
    """All that are not among the `redacted`, where they are noted."""
    mine = Membership.objects.filter(user=user_id, room__kind=ChatRoom.Kind.DIRECT).exclude(room__in=redacted)
    for room_id, slug in list(mine.values_list("room_id", "room__slug")):
        redacted.add(room_id)
        with suppress(ChatError):  # deleted meanwhile
            _redact_direct_room(slug, user_id)
        yield 1


@transaction.atomic
def _redact_direct_room(slug: str, user_id: int) -> None:
    """The other person keeps the room, under a name without this one's; with nobody left it goes."""
    room = log.lock(slug)
    other = Membership.objects.filter(room=room).exclude(user=user_id).select_related("user").first()
    if other is None or other.user.deleted_at:
        erase(room)
        return
    room.name = direct_name([DELETED_NAME, other.user.name])
    room.save(update_fields=["name"])
    for pk in list(Message.objects.filter(room=room, kind=Message.Kind.CREATED).values_list("pk", flat=True)):
        first = log.open_message(room, pk, kind=Message.Kind.CREATED)
        first.message = room.name
        log.record(first)
    Membership.objects.filter(room=room, user=user_id).update(last_read_seq=0)
    event = RoomEvent(slug=room.slug, name=room.name, kind=ChatRoom.Kind.DIRECT)
    publish([Passing(room.pk, room.slug, "room", event), MembershipChanged(other.user_id, room.pk)])


def _erase_deserted_rooms(user_id: int) -> Iterator[int]:
    """The direct rooms of two who ended their accounts at the same moment: each gave them to the other."""
    mine = Membership.objects.filter(user=user_id, room__kind=ChatRoom.Kind.DIRECT)
    gone = Membership.objects.filter(room=OuterRef("room"), user__deleted_at__isnull=False).exclude(user=user_id)
    for slug in list(mine.filter(Exists(gone)).values_list("room__slug", flat=True)):
        with suppress(ChatError):  # erased by the other one
            _redact_direct_room(slug, user_id)
        yield 1


@transaction.atomic
def _forget(user_id: int, *, unless: "Iterable[QuerySet[Any]]") -> bool:
    """All that is left of the person: from here on nobody can come back to it. Not done while one of these has rows."""
    User.objects.select_for_update().get(pk=user_id)  # from here on nobody brings them into a room
    if any(rows.exists() for rows in unless):
        return False
    accounts.forget(user_id=user_id)
    Block.objects.filter(Q(blocker=user_id) | Q(blocked=user_id)).delete()
    Ban.objects.filter(user=user_id).delete()
    Mute.objects.filter(user=user_id).delete()
    Invite.objects.filter(created_by=user_id).delete()
    Mention.objects.filter(user=user_id).delete()
    drop(Attachment.objects.filter(uploader=user_id, message=None))
    return True
