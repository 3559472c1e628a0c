"""Who does not want to hear from whom: a blocked person can't write to the blocker in a direct room."""

from collections.abc import Collection

from .models import Block

REFUSAL = "This person takes no direct messages from you."


def blocked_pairs(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these (sender id, receiver id) are of a sender whom the receiver has blocked."""
    if not pairs:
        return set()
    rows = Block.objects.filter(blocked__in={sender for sender, _ in pairs}, blocker__in={to for _, to in pairs})
    return set(rows.values_list("blocked", "blocker")).intersection(pairs)
