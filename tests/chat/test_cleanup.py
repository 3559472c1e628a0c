"""The daily cleanup: deletes what nobody needs, and nothing else."""

import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from backend.accounts.models import User
from backend.accounts.services import set_avatar
from backend.chat.cleanup import delete_strays, drop_unsent
from backend.chat.models import Attachment, ChatRoom
from backend.chat.services.attachments import prepare, store
from backend.chat.services.rooms import delete_room
from tests.chat.world import queries, say
from tests.pictures import picture

TWO_DAYS = timedelta(days=2)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(user: User, name: str = "a.txt", content: bytes = b"tea", *, age: timedelta = TWO_DAYS) -> Attachment:
    out = store(user_id=user.pk, prepared=prepare(file=ContentFile(content, name=name)))
    Attachment.objects.filter(pk=out.id).update(created_at=timezone.now() - age)
    return Attachment.objects.get(pk=out.id)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def grow_old(folder: Path) -> None:
    """All files were stored two days ago."""
    then = time.time() - TWO_DAYS.total_seconds()
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def run() -> str:
    out = StringIO()
    call_command("cleanup", stdout=out)
    return out.getvalue()


def test_it_deletes_old_unsent_uploads_and_keeps_the_rest(ada: User, room: ChatRoom, folder: Path) -> None:
    old, young, sent = upload(ada, "a.png", picture()), upload(ada, age=timedelta(hours=23)), upload(ada)
    say(room, ada, attachment_ids=[sent.pk])
    grow_old(folder)
    assert run() == "1 uploads without a message looked at, 1 deleted.\n2 files looked at, 0 deleted.\n"
    assert set(Attachment.objects.all()) == {young, sent}
    assert files(folder) == {young.file.name, sent.file.name}
    assert old.file.name not in files(folder)


def test_files_of_a_deleted_room(ada: User, room: ChatRoom, folder: Path) -> None:
    sent = upload(ada, "a.png", picture())
    say(room, ada, attachment_ids=[sent.pk])
    delete_room(slug=room.slug, user_id=ada.pk)
    assert len(files(folder)) == 2
    run()
    assert files(folder) == set()
    assert not Attachment.objects.exists()


def test_files_without_a_row(ada: User, folder: Path) -> None:
    kept = upload(ada, "a.png", picture(), age=timedelta(0))
    set_avatar(user_id=ada.pk, file=ContentFile(picture()))
    ada.refresh_from_db()
    for stray in ("attachments/ab/" + "ab" * 16, "attachments/ff/" + "f" * 32, f"avatars/{'0' * 32}.webp"):
        (folder / stray).parent.mkdir(parents=True, exist_ok=True)
        (folder / stray).write_bytes(b"x")
    (folder / "something-else").write_bytes(b"not ours")
    grow_old(folder)
    young = folder / "attachments" / "ab" / "young"
    young.write_bytes(b"its row comes soon")
    assert run().endswith("7 files looked at, 3 deleted.\n")
    assert files(folder) == {
        kept.file.name,
        kept.thumbnail.name,
        ada.avatar.name,
        "something-else",
        "attachments/ab/young",
    }


def test_nothing_to_do(transactional_db: None) -> None:
    assert run() == "0 uploads without a message looked at, 0 deleted.\n0 files looked at, 0 deleted.\n"


def test_batches_are_bounded(ada: User) -> None:
    Attachment.objects.bulk_create(
        Attachment(uploader=ada, name="a", type="text/plain", size=1, file=f"attachments/x{n}") for n in range(450)
    )
    Attachment.objects.update(created_at=timezone.now() - TWO_DAYS)
    steps = drop_unsent()
    counts = []
    with queries() as statements:
        for step in steps:
            counts.append(step.deleted)
    assert counts == [200, 200, 50]
    assert len(statements) == 10
    assert not Attachment.objects.exists()


def test_one_query_for_many_files(ada: User, folder: Path) -> None:
    where = folder / "attachments" / "ab"
    where.mkdir(parents=True)
    for number in range(300):
        (where / f"ab{number}").write_bytes(b"")
    with queries() as statements:
        assert [step.seen for step in delete_strays()] == [300]
    assert len(statements) == 1
