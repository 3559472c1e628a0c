"""One write of a person: counted before its transaction begins, because Redis may take its time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from backend.chat import limits


@contextmanager
def message_write(user_id: int) -> Iterator[None]:
    """A transaction for one more change to a message; raises `rate_limited`."""
    limits.check_write(user_id=user_id)
    with transaction.atomic():
        yield


@contextmanager
def room_write(user_id: int) -> Iterator[None]:
    """A transaction for one more change to a room, its members or its links; raises `rate_limited`."""
    limits.check_room_write(user_id=user_id)
    with transaction.atomic():
        yield
