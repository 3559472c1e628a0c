"""Files on their way into a message: taken in, made harmless, and thrown away.

Taking in has two steps, for threads of two kinds: `prepare` burns CPU, `store` waits for the storage.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backend import images, storage
from backend.accounts.queries import hold_active
from backend.chat import media
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import AttachmentOut
from backend.chat.models import Attachment
from backend.chat.payloads import attachment_out

PICTURE_SIDE = 2560  # pixels, the longer side
THUMBNAIL_SIDE = 480
UNSENT_LIMIT = 50  # files of one person that belong to no message yet
UNSENT_TIME = timedelta(hours=24)  # how long they are kept


class Prepared(NamedTuple):
    """A file as it will be stored; the last three are a picture's."""

    name: str
    type: str
    content: "File[bytes]"
    thumbnail: "File[bytes] | None" = None
    width: int | None = None
    height: int | None = None


def prepare(*, file: "File[bytes]") -> Prepared:
    """Check a stranger's file and make it harmless; raises `too_large`, or `invalid` naming `file`."""
    name = media.clean_name(file.name or "")
    try:
        storage.check_size(file)
        file.seek(0)
        head = file.read(media.HEAD)
        if media.is_picture(name, head):
            return _prepare_picture(name, file)
    except ValidationError as error:
        if error.code == storage.TOO_LARGE:
            raise
        raise invalid(file=" ".join(error.messages)) from error
    # Bare: with what Django makes of an upload, a storage such as S3 would keep the type that the sender claims.
    return Prepared(name, media.type_of(name, head), File(file.file))


def store(*, user_id: int, prepared: Prepared) -> AttachmentOut:
    """Keep a file until a message takes it, for a day at most; raises `conflict` when too many wait already."""
    _refuse_too_many(user_id)  # before anything is stored; again below, where nobody comes in between
    item = Attachment(
        uploader_id=user_id,
        name=prepared.name,
        type=prepared.type,
        size=prepared.content.size,
        width=prepared.width,
        height=prepared.height,
    )
    try:
        item.file.save("file", prepared.content, save=False)
        if prepared.thumbnail is not None:
            item.thumbnail.save("thumbnail", prepared.thumbnail, save=False)
        with transaction.atomic():
            if not hold_active([user_id]):
                raise ChatError(Code.UNAUTHORIZED)  # the account ended meanwhile
            _refuse_too_many(user_id)
            item.save()
    except Exception:
        storage.delete(_files(item))
        raise
    return attachment_out(item)


@transaction.atomic
def discard(*, user_id: int, attachment_id: int) -> None:
    """Throw away a file that one has not sent; raises `not_found`."""
    if not drop(Attachment.objects.filter(pk=attachment_id, uploader_id=user_id, message=None)):
        raise ChatError(Code.NOT_FOUND, "No such file of yours, or it was sent.")


def drop(attachments: "QuerySet[Attachment]") -> int:
    """Delete rows inside a transaction, and their files after commit; answers how many there were.

    Held first, in the order in which messages hold what they take: one may be about to take one of these.
    """
    items = list(attachments.order_by("pk").select_for_update())
    if items:
        Attachment.objects.filter(pk__in=[item.pk for item in items]).delete()
        storage.delete_after_commit([name for item in items for name in _files(item)])
    return len(items)


def _prepare_picture(name: str, file: "File[bytes]") -> Prepared:
    image = images.within(images.open_image(file), PICTURE_SIDE)
    thumbnail = images.encode(images.within(image, THUMBNAIL_SIDE))
    content = None
    # As many pixels as the largest still picture has: so moving ones cost no more.
    if animation := images.open_animation(file, pixels=PICTURE_SIDE**2):
        image = animation.frames[0]
        content = images.encode_animation(animation)
    return Prepared(
        name=media.picture_name(name),
        type="image/webp",
        content=ContentFile(content or images.encode(image)),
        thumbnail=ContentFile(thumbnail),
        width=image.width,
        height=image.height,
    )


def _refuse_too_many(user_id: int) -> None:
    # What an erased room left behind waits for its cleanup only, so it does not count for long.
    recent = timezone.now() - UNSENT_TIME
    unsent = Attachment.objects.filter(uploader_id=user_id, message=None, created_at__gt=recent)
    if unsent.count() >= UNSENT_LIMIT:
        raise ChatError(Code.CONFLICT, f"You have {UNSENT_LIMIT} files that were not sent: send or delete some.")


def _files(item: Attachment) -> Iterable[str]:
    return (item.file.name or "", item.thumbnail.name or "")
