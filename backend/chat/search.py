"""Searching what was written in the rooms of a person."""

from .access import Access
from .errors import invalid
from .events import FoundOut, SearchOut
from .inputs import SearchIn
from .models import Membership, Message
from .payloads import message_payloads
from .search_index import find
from .search_text import fold, snippet, terms

END = 2**63 - 1  # an id above all others
MAX_TERMS = 10  # each is looked for in all texts


def search(*, user_id: int, access: Access | None, page: SearchIn) -> SearchOut:
    """The messages that hold all words of `q`, newest first: in one room (`access`), or in all of the person's.

    Raises `invalid` when `q` has no word or too many of them, or when there is too much to look through.
    """
    wanted = terms(fold(page.q))
    if not wanted:
        raise invalid(q="Say a word to look for: letters or digits.")
    if len(wanted) > MAX_TERMS:
        raise invalid(q=f"Look for {MAX_TERMS} different words at most.")
    room_ids = [access.room.pk] if access else _room_ids(user_id)
    found = find(page.q, room_ids=room_ids, before=page.before or END, limit=page.limit + 1)
    # Read once more: what was deleted meanwhile is not shown.
    rows = Message.objects.filter(pk__in=found[: page.limit], deleted_at=None).select_related("room", "sender")
    messages = message_payloads(sorted(rows, key=lambda row: row.pk, reverse=True))
    items = [FoundOut(message=message, snippet=snippet(message.message, wanted)) for message in messages]
    return SearchOut(items=items, has_more=len(found) > page.limit)


def _room_ids(user_id: int) -> list[int]:
    return list(Membership.objects.filter(user=user_id).values_list("room_id", flat=True))
