"""Who may see which file."""

from typing import NamedTuple

from django.db.models import Q

from backend import storage
from backend.chat.errors import ChatError, Code
from backend.chat.models import Attachment


class StoredFile(NamedTuple):
    """A file to be served: `path` in the storage, `name` for people; `size` in bytes."""

    path: str
    name: str
    type: str
    size: int
    inline: bool  # only what was made here: pictures


def stored_file(*, attachment_id: int, user_id: int, thumbnail: bool = False) -> StoredFile:
    """A file that the person may see: an own one that was not sent, or one of a room they are in; else `not_found`."""
    mine = Q(message=None, uploader=user_id)
    ours = Q(message__room__memberships__user=user_id)
    item = Attachment.objects.filter(mine | ours, pk=attachment_id).first()
    field = item and (item.thumbnail if thumbnail else item.file)
    size = storage.size_of(field.name) if field and field.name else None
    if item is None or not field or size is None:
        raise ChatError(Code.NOT_FOUND, "No such file.")
    return StoredFile(field.name or "", item.name, item.type, size, inline=item.width is not None)
