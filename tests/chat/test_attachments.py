"""Files on their way into a message, at the edges and at the same moment."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat import cleanup
from backend.chat.attachment_queries import stored_file
from backend.chat.errors import ChatError, Code
from backend.chat.inputs import SendIn
from backend.chat.models import Attachment, ChatRoom
from backend.chat.services.attachments import UNSENT_TIME, discard, prepare, store
from backend.chat.services.messages import delete_message
from backend.chat.services.sending import Send, Sent, send_messages
from tests.chat.world import queries, refused, say, together
from tests.pictures import album, picture


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(user: User, name: str = "a.txt", content: bytes = b"tea") -> int:
    return store(user_id=user.pk, prepared=prepare(file=ContentFile(content, name=name))).id


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [(1, 1), (9_000, 2), (2, 9_000), (2_561, 1)])
def test_a_picture_of_an_odd_shape(ada: User, size: tuple[int, int]) -> None:
    pk = upload(ada, "a.png", picture(size=size))
    item = Attachment.objects.get(pk=pk)
    assert item.width is not None
    assert item.height is not None
    assert max(item.width, item.height) == min(max(size), 2560)
    assert min(item.width, item.height) >= 1


def test_an_album_is_its_first_picture(ada: User) -> None:
    item = Attachment.objects.get(pk=upload(ada, "a.jpg", album((60, 40), (30, 20))))
    assert (item.type, item.width, item.height) == ("image/webp", 60, 40)


def test_the_storage_does_not_learn_what_the_sender_claims() -> None:
    claimed = SimpleUploadedFile("a.txt", b"<script>", content_type="text/html")
    prepared = prepare(file=claimed)
    assert prepared.type == "text/plain"
    assert not hasattr(prepared.content, "content_type")
    assert b"".join(prepared.content.chunks()) == b"<script>"


def test_nothing_stays_of_an_upload_whose_account_ended(ada: User, folder: Path) -> None:
    prepared = prepare(file=ContentFile(picture(), name="a.png"))
    User.objects.update(is_active=False)
    with refused(Code.UNAUTHORIZED):
        store(user_id=ada.pk, prepared=prepared)
    assert files(folder) == []
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("by", ["discard", "cleanup"])
def test_sent_or_thrown_away_but_never_both(ada: User, room: ChatRoom, folder: Path, by: str) -> None:
    for _ in range(10):
        pk = upload(ada)
        if by == "cleanup":
            Attachment.objects.update(created_at=Attachment.objects.get(pk=pk).created_at - 2 * UNSENT_TIME)
        send = Send(room.slug, ada.pk, SendIn(message="Look", attachment_ids=[pk]))

        def throw_away(pk: int = pk) -> object:
            if by == "cleanup":
                return list(cleanup.drop_unsent())
            try:
                return discard(user_id=ada.pk, attachment_id=pk)
            except ChatError as error:
                return error

        calls: list[Callable[[], object]] = [partial(send_messages, [send]), throw_away]
        outcomes, _ = together(calls)
        assert isinstance(outcomes, list)
        [outcome] = outcomes
        if isinstance(outcome, Sent):
            assert stored_file(attachment_id=pk, user_id=ada.pk).size == 3
            delete_message(slug=room.slug, user_id=ada.pk, message_id=outcome.message.id)
        else:
            assert outcome.code == Code.INVALID
        assert files(folder) == []
        assert not Attachment.objects.exists()


def test_looking_costs_one_query(ada: User, bob: User, room: ChatRoom) -> None:
    pk = upload(bob)
    say(room, bob, attachment_ids=[pk])
    with queries() as statements:
        stored_file(attachment_id=pk, user_id=ada.pk)
    assert len(statements) == 1


def test_deleting_a_message_without_files_asks_once_for_them(ada: User, room: ChatRoom) -> None:
    message = say(room, ada)
    with queries() as statements:
        delete_message(slug=room.slug, user_id=ada.pk, message_id=message.id)
    about_files = [statement for statement in statements if '"chat_attachment"' in statement]
    assert len(about_files) == 2  # what is to be dropped, and the payload
