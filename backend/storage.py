"""Uploaded files, kept by Django's storage API: a folder here, or whatever the setting STORAGE names."""

import os
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from typing import IO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction

CHUNK = 64 * 1024  # bytes in memory for each reader
INVALID, TOO_LARGE = "invalid", "too_large"  # codes of the errors that uploads raise


def check_size(file: IO[bytes]) -> None:
    """Raises ValidationError `too_large`, or `invalid` when there is nothing in it."""
    size = file.seek(0, os.SEEK_END)
    if size > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise ValidationError(f"The file is larger than {settings.MAX_UPLOAD_MB} MB.", code=TOO_LARGE)
    if not size:
        raise ValidationError("The file is empty.", code=INVALID)


def size_of(name: str) -> int | None:
    """Bytes; None: there is no such file."""
    try:
        return default_storage.size(name)
    except FileNotFoundError:
        return None


def read(name: str, *, start: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
    """A file piece by piece, `length` bytes from `start` on (None: to its end)."""
    with default_storage.open(name) as file:
        if start:
            file.seek(start)
        left = length
        while left is None or left > 0:
            chunk = file.read(CHUNK if left is None else min(CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


def delete(names: Iterable[str]) -> None:
    """Delete files; those that are gone already, and empty names, are passed over."""
    for name in filter(None, names):
        default_storage.delete(name)


def delete_after_commit(names: Iterable[str]) -> None:
    """Delete files once nothing refers to them for certain (at once outside of a transaction).

    A storage that fails then takes nothing back: `manage.py cleanup` finds what is left.
    """
    kept = list(names)

    def delete_all() -> None:  # no partial: Django's report of a failed hook asks for its name
        delete(kept)

    transaction.on_commit(delete_all, robust=True)


def walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder from `folder` down, with the names of its files."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, files
    for name in folders:
        yield from walk(f"{folder}/{name}")


def is_older(name: str, moment: datetime) -> bool:
    """Whether a file was stored before a moment; False for what is gone."""
    try:
        return default_storage.get_modified_time(name) < moment
    except FileNotFoundError:
        return False
