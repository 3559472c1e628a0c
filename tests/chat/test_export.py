"""The export: all that is mine, nothing that is not, in pages."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from backend.accounts.models import User
from backend.accounts.services import set_avatar
from backend.chat.export import export
from backend.chat.inputs import SendIn
from backend.chat.models import Attachment, Ban, Block, ChatRoom, Invite
from backend.chat.services.attachments import prepare, store
from backend.chat.services.messages import delete_message, react
from backend.chat.services.sending import Send, send_messages
from tests.chat.world import make_room, queries, say
from tests.pictures import picture


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def read(user: User) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    """The archive, and the JSON files in it by their names."""
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export(user_id=user.pk))))
    assert archive.testzip() is None
    names = [name for name in archive.namelist() if name.endswith(".json")]
    return archive, {name.removesuffix(".json"): json.loads(archive.read(name)) for name in names}


def upload(user: User, name: str, content: bytes) -> int:
    return store(user_id=user.pk, prepared=prepare(file=ContentFile(content, name=name))).id


def test_everything_of_mine(ada: User, bob: User, room: ChatRoom) -> None:
    set_avatar(user_id=bob.pk, file=io.BytesIO(picture()))
    sent, unsent, lost = upload(bob, "a.txt", b"tea"), upload(bob, "é.png", picture()), upload(bob, "b.txt", b"lost")
    theirs, mine = say(room, ada, "not mine"), say(room, bob, "mine 😀", attachment_ids=[sent])
    gone = say(room, bob, "gone")
    delete_message(slug=room.slug, user_id=bob.pk, message_id=gone.id)
    react(slug=room.slug, user_id=bob.pk, message_id=theirs.id, emoji="👍")
    react(slug=room.slug, user_id=ada.pk, message_id=mine.id, emoji="🎉")
    upload(ada, "secret.txt", b"not mine")
    lost_file = Attachment.objects.get(pk=lost).file
    lost_file.storage.delete(lost_file.name or "")
    Block.objects.create(blocker=bob, blocked=ada)
    Block.objects.create(blocker=ada, blocked=bob)
    Ban.objects.create(room=make_room(ada), user=bob)
    Invite.objects.create(room=room, code="mine", created_by=bob, expires_at=timezone.now())
    Invite.objects.create(room=room, code="theirs", created_by=ada, expires_at=timezone.now())

    archive, data = read(bob)

    assert (data["profile"]["email"], data["profile"]["name"]) == (bob.email, "Bob")
    assert "password" not in data["profile"]
    assert [(row["slug"], row["role"]) for row in data["rooms"]] == [(room.slug, "member")]
    assert [(row["slug"], row["message"]) for row in data["messages"]] == [(room.slug, "mine 😀"), (room.slug, "")]
    assert [(row["message_id"], row["emoji"]) for row in data["reactions"]] == [(theirs.id, "👍")]
    assert [row["id"] for row in data["attachments"]] == [sent, unsent, lost]
    assert [row["message_id"] for row in data["attachments"]] == [mine.id, None, None]
    assert [row["blocked_id"] for row in data["blocks"]] == [ada.pk]
    assert len(data["bans"]) == 1
    assert [row["code"] for row in data["invites"]] == ["mine"]
    assert [name for name in archive.namelist() if not name.endswith(".json")] == [
        "avatar.webp",
        f"attachments/{sent}-a.txt",
        f"attachments/{unsent}-é.webp",
    ]
    assert archive.read(f"attachments/{sent}-a.txt") == b"tea"
    assert archive.read("avatar.webp")[:4] == b"RIFF"


def test_somebody_who_did_nothing(ada: User) -> None:
    archive, data = read(ada)
    assert {name: rows for name, rows in data.items() if rows and name != "profile"} == {}
    assert len(archive.namelist()) == len(data) == 8


def test_many_messages_come_in_pages(ada: User, room: ChatRoom) -> None:
    texts = [str(number) for number in range(1_200)]
    send_messages([Send(room.slug, ada.pk, SendIn(message=text)) for text in texts])
    with queries() as statements:
        _, data = read(ada)
    assert [row["message"] for row in data["messages"] if row["kind"] == "text"] == texts
    assert sum('FROM "chat_message"' in statement for statement in statements) == 4
    assert all("LIMIT 500" in statement for statement in statements if 'FROM "chat_message"' in statement)
