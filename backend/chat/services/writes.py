"""One write of a person: counted, and in a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from backend.chat import limits


@contextmanager
def one_write(user_id: int) -> Iterator[None]:
    """A transaction for one more write of a person, counted before it begins: Redis may take its time."""
    limits.check_write(user_id=user_id)
    with transaction.atomic():
        yield
