"""Everything that is here of one person, as a ZIP file: tables as JSON, and their files."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

import orjson
from django.db.models import F, QuerySet

from backend import storage
from backend.accounts.models import User
from backend.chat.models import Attachment, Ban, Block, Invite, Membership, Message, Reaction
from backend.zipping import Member, zip_stream

PAGE = 500  # rows in memory

Row = Mapping[str, Any]
Rows = QuerySet[Any, Any]  # of a Row each


def export(*, user_id: int) -> Generator[bytes, None, None]:
    """The archive in parts; what it holds in memory depends neither on the messages nor on the size of the files."""
    return zip_stream(_members(user_id))


def _members(user_id: int) -> Iterator[Member]:
    person = User.objects.values("id", "email", "name", "date_joined", "last_login", "last_seen_at", "avatar")
    profile = person.get(pk=user_id)
    yield Member("profile.json", [orjson.dumps(profile, option=orjson.OPT_INDENT_2)])
    for name, rows in _tables(user_id).items():
        yield Member(f"{name}.json", _json(rows))
    if profile["avatar"]:
        yield from _file("avatar.webp", profile["avatar"])
    files = Attachment.objects.filter(uploader=user_id).values("id", "name", "file")
    for row in _each(files):
        yield from _file(f"attachments/{row['id']}-{row['name']}", row["file"])


def _tables(user_id: int) -> dict[str, Rows]:
    """Each is paged by `id`; `slug` is the room's."""
    room, message_room = F("room__slug"), F("message__room__slug")
    return {
        "rooms": Membership.objects.filter(user=user_id).values(
            "id", "role", "joined_at", "last_read_seq", "muted_until", slug=room, name=F("room__name")
        ),
        "messages": Message.objects.filter(sender=user_id).values(
            "id", "seq", "kind", "message", "reply_to_id", "mention_ids", "created_at", "edited_at", "deleted_at",
            slug=room,
        ),
        "reactions": Reaction.objects.filter(user=user_id).values("id", "message_id", "emoji", slug=message_room),
        "attachments": Attachment.objects.filter(uploader=user_id).values(
            "id", "name", "type", "size", "width", "height", "created_at", "message_id", slug=message_room
        ),
        "blocks": Block.objects.filter(blocker=user_id).values("id", "blocked_id", "created_at"),
        "bans": Ban.objects.filter(user=user_id).values("id", "created_at", slug=room),
        "invites": Invite.objects.filter(created_by=user_id).values(
            "id", "code", "created_at", "expires_at", "max_uses", "uses", slug=room
        ),
    }  # fmt: skip


def _pages(rows: Rows) -> Iterator[list[Row]]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield page
        last = page[-1]["id"]


def _each(rows: Rows) -> Iterator[Row]:
    for page in _pages(rows):
        yield from page


def _json(rows: Rows) -> Iterator[bytes]:
    """A JSON array, a row a line."""
    before = b"[\n"
    for page in _pages(rows):
        yield before + b",\n".join(orjson.dumps(row) for row in page)
        before = b",\n"
    yield b"\n]\n" if before != b"[\n" else b"[]\n"


def _file(path: str, stored: str) -> Iterable[Member]:
    """The file, nothing for one that the storage has lost."""
    if storage.size_of(stored) is not None:
        yield Member(path, storage.read(stored), packed=True)
