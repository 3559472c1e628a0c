"""Deletes what nobody needs any more; for cron, once a day."""

import time
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand

from backend.chat.cleanup import Progress, delete_strays, drop_unsent

PAUSE = 2.0  # seconds between two lines about the same work


class Command(BaseCommand):
    help = "Delete uploads that were not sent within a day, and files that belong to nothing. Safe beside the server."

    def handle(self, *args: Any, **options: Any) -> None:
        self.report("uploads without a message", drop_unsent())
        self.report("files", delete_strays())

    def report(self, what: str, steps: Iterable[Progress]) -> None:
        """Do the work, and say every few seconds how far it is."""
        seen = deleted = 0
        said = time.monotonic()
        for step in steps:
            seen += step.seen
            deleted += step.deleted
            if time.monotonic() - said > PAUSE:
                self.stdout.write(f"... {seen:,} {what} looked at, {deleted:,} deleted")
                said = time.monotonic()
        self.stdout.write(f"{seen:,} {what} looked at, {deleted:,} deleted.")
