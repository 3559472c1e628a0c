"""Blocking people: no direct messages from them. The rule itself: chat/blocks.py."""

from backend.accounts import queries
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.models import Block

BLOCKS_A_PERSON = 1_000


def block(*, user_id: int, person_id: int) -> None:
    """Want no direct messages from a person; doing it again changes nothing.

    Raises `invalid` for oneself, `not_found`, and `conflict` at enough of them.
    """
    if person_id == user_id:
        raise invalid(user_id="Nobody can block themselves.")
    if queries.find_user(user_id=person_id) is None:
        raise ChatError(Code.NOT_FOUND, "No such person.")
    if Block.objects.filter(blocker=user_id).count() >= BLOCKS_A_PERSON:
        raise ChatError(Code.CONFLICT, f"One person blocks {BLOCKS_A_PERSON:,} people at most.")
    Block.objects.bulk_create([Block(blocker_id=user_id, blocked_id=person_id)], ignore_conflicts=True)


def unblock(*, user_id: int, person_id: int) -> None:
    """Take it back; doing it again changes nothing."""
    Block.objects.filter(blocker=user_id, blocked=person_id).delete()
