"""What this worker needs to do its work: each part says here how to ask whether something is wrong."""

from collections.abc import Callable

# Name -> a check that answers the trouble in a few words, or None when all is well.
checks: dict[str, Callable[[], str | None]] = {}
