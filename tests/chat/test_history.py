"""Pages of a room's log: every page by its place, at a cost that does not hang on how long the log is."""

from collections.abc import Callable
from itertools import combinations

import pytest

from backend.accounts.models import User
from backend.chat.errors import Code
from backend.chat.inputs import HistoryIn
from backend.chat.models import ChatRoom, Reaction
from backend.chat.queries import NEWEST, Position, history, newest, sync
from tests.chat.costs import crowd, effort, fill
from tests.chat.world import make_room, queries, refused


def page(room: ChatRoom, **places: int) -> tuple[list[int], bool, bool]:
    """(places, has_more, has_newer) of a page."""
    found = history(room=room, page=HistoryIn(**places))
    return [message.seq for message in found.items], found.has_more, found.has_newer


@pytest.mark.parametrize("limit", range(1, 8))
def test_every_page_around_every_place(ada: User, room: ChatRoom, limit: int) -> None:
    fill(room, 8, sender=ada)
    every = list(range(1, room.last_seq + 1))
    for place in range(room.last_seq + 3):
        seqs, has_more, has_newer = page(room, around=place, limit=limit)
        before, after = [seq for seq in every if seq < place], [seq for seq in every if seq >= place]
        half = limit // 2
        assert seqs == before[max(len(before) - half, 0) :] + after[: limit - half]
        assert (has_more, has_newer) == (len(before) > half, len(after) > limit - half)


def test_around_meets_before_and_after(ada: User, room: ChatRoom) -> None:
    fill(room, 20, sender=ada)
    middle, _, _ = page(room, around=11, limit=6)
    before, _, _ = page(room, before=middle[0], limit=100)
    after, _, _ = page(room, after=middle[-1], limit=100)
    assert before + middle + after == list(range(1, 22))


def test_what_else_says_whether_there_is_more(ada: User, room: ChatRoom) -> None:
    fill(room, 4, sender=ada)
    assert page(room, limit=2) == ([4, 5], True, False)
    assert page(room, before=3, limit=2) == ([1, 2], False, False)
    assert page(room, after=1, limit=2) == ([2, 3], True, True)
    assert page(room, after=3, limit=2) == ([4, 5], False, False)


@pytest.mark.parametrize("pair", list(combinations(["before", "after", "around"], 2)))
def test_one_place_at_most(room: ChatRoom, pair: tuple[str, str]) -> None:
    with refused(Code.INVALID, pair[0]):
        page(room, **dict.fromkeys(pair, 1))


def test_the_newest_pages_of_many_rooms_are_those_of_each(ada: User) -> None:
    rooms = [make_room(ada) for _ in range(5)]
    for room, more in zip(rooms, (0, 1, NEWEST - 1, NEWEST, 3 * NEWEST), strict=True):
        messages = fill(room, more, sender=ada) if more else []
        Reaction.objects.bulk_create(Reaction(message=message, user=ada, emoji="👍") for message in messages[-1:])
    asks = [Position(room.pk, room.slug, room.last_seq) for room in rooms]
    with queries() as asked:
        pages = newest(asks)
    assert pages == [sync(room=room, since=None) for room in rooms]
    assert [page.has_more for page in pages] == [False, False, False, True, True]
    assert len(asked) == 4
    [earlier] = newest([Position(rooms[4].pk, rooms[4].slug, 10)])
    assert ([message.seq for message in earlier.messages], earlier.seq) == (list(range(1, 11)), 10)


Read = Callable[[ChatRoom], object]

READS: dict[str, Read] = {
    "newest": lambda room: history(room=room, page=HistoryIn()),
    "before": lambda room: history(room=room, page=HistoryIn(before=room.last_seq // 2)),
    "after": lambda room: history(room=room, page=HistoryIn(after=room.last_seq // 2)),
    "around": lambda room: history(room=room, page=HistoryIn(around=room.last_seq // 2)),
    "sync": lambda room: sync(room=room, since=None),
    "sync since": lambda room: sync(room=room, since=room.last_seq - 100),
}


def test_queries_do_not_grow_with_messages_and_members(ada: User, room: ChatRoom) -> None:
    counts = []
    for count in (10, 990):
        quoted = fill(room, 1, sender=ada)[0]
        for sender in crowd(room, count)[:5]:
            messages = fill(room, count // 5, sender=sender, reply_to=quoted)
            Reaction.objects.bulk_create(Reaction(message=message, user=ada, emoji="👍") for message in messages)
        counts.append({name: count_queries(read, room) for name, read in READS.items()})
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 6


def test_a_page_costs_the_same_in_a_long_log(ada: User, room: ChatRoom) -> None:
    spent = []
    for count in (1_000, 4_000):
        fill(room, count, sender=ada)
        spent.append({name: measure(read, room) for name, read in READS.items()})
    for name in READS:
        assert 0 < spent[1][name] < 1.5 * spent[0][name], name


def count_queries(read: Read, room: ChatRoom) -> int:
    with queries() as statements:
        read(room)
    return len(statements)


def measure(read: Read, room: ChatRoom) -> int:
    with effort() as costs:
        read(room)
    return sum(costs)
