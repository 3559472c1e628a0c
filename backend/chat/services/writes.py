"""One write of a person: counted before its transaction begins, because Redis may take its time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from backend.chat import limits, log


@contextmanager
def message_write(slug: str, user_id: int) -> Iterator[None]:
    """A transaction for one more change to a message, which holds its room; raises `rate_limited`, `not_found`."""
    limits.check_write(user_id=user_id)
    with transaction.atomic():
        log.lock(slug)  # or somebody might be out by the time that they write
        yield


@contextmanager
def room_write(user_id: int) -> Iterator[None]:
    """A transaction for one more change to a room, its members or its links; raises `rate_limited`."""
    limits.check_room_write(user_id=user_id)
    with transaction.atomic():
        yield
