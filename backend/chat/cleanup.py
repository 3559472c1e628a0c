"""What nobody needs any more: uploads that were never sent, and files without a row.

In batches, each a short transaction of its own: the chat goes on meanwhile, and an end half-way loses nothing.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from backend import storage
from backend.accounts.models import AVATAR_FOLDER, User
from backend.chat.models import ATTACHMENT_FOLDER, Attachment
from backend.chat.services.attachments import UNSENT_TIME, drop

BATCH = 200
PREFIX = 2  # characters of the (random) names that are looked up together: 256 queries however many files there are


class Progress(NamedTuple):
    """So much was looked at and deleted since the step before."""

    seen: int
    deleted: int


def drop_unsent() -> Iterator[Progress]:
    """Delete the uploads of over a day ago that no message has, and what erased rooms left behind."""
    old = Attachment.objects.filter(message=None, created_at__lt=timezone.now() - UNSENT_TIME)
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            deleted = drop(old.filter(pk__in=ids))
        yield Progress(len(ids), deleted)


def delete_strays() -> Iterator[Progress]:
    """Delete the files of over a day ago that no row names."""
    yield from _delete_strays(ATTACHMENT_FOLDER, _attachments)
    yield from _delete_strays(AVATAR_FOLDER, _avatars)


def _delete_strays(root: str, rows_name: Callable[[str], set[str]]) -> Iterator[Progress]:
    before = timezone.now() - UNSENT_TIME
    for folder, files in storage.walk(root):
        for prefix, group in groupby(sorted(files), key=lambda file: file[:PREFIX]):
            paths = [f"{folder}/{file}" for file in group]
            named = rows_name(f"{folder}/{prefix}")
            # A file is stored before its row is: a young one may be about to get it.
            strays = [path for path in paths if path not in named and storage.is_older(path, before)]
            storage.delete(strays)
            yield Progress(len(paths), len(strays))


def _attachments(start: str) -> set[str]:
    rows = Attachment.objects.filter(Q(file__startswith=start) | Q(thumbnail__startswith=start))
    return {path for row in rows.values_list("file", "thumbnail") for path in row}


def _avatars(start: str) -> set[str]:
    return set(User.objects.filter(avatar__startswith=start).values_list("avatar", flat=True))
