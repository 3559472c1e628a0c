"""The one door from the domain to the sockets: `publish`, after commit. Nothing else reaches fan-out."""

import logging
from collections.abc import Callable, Sequence
from functools import cache, partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from .events import Event

logger = logging.getLogger(__name__)


@cache
def _publisher() -> Callable[[Sequence[Event]], None]:
    publisher: Callable[[Sequence[Event]], None] = import_string(settings.CHAT_PUBLISHER)
    return publisher


def publish(events: Sequence[Event]) -> None:
    """Announce what happened once the transaction is committed (at once outside of one)."""
    if events:
        transaction.on_commit(partial(announce, list(events)))


def announce(events: Sequence[Event]) -> None:
    """Announce now: what is of the moment and not stored. Callable from async code, it touches no database."""
    # Rows are committed by now: whatever goes wrong here only delays delivery until the sweep.
    try:
        _publisher()(events)
    except Exception:
        logger.exception("Could not announce %d events; clients get them with the next sweep.", len(events))
