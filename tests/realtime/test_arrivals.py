"""Those who come, where their room's feed lags behind the database, or has nothing behind it any more."""

import asyncio

import pytest

from backend.chat.errors import ChatError, Code
from backend.chat.models import ChatRoom
from backend.realtime import arrivals
from backend.realtime.arrivals import TRIES, Arrivals
from backend.realtime.catch_up import CatchUp
from backend.realtime.feed import RoomFeed
from backend.realtime.sync import Sync
from tests.realtime.test_feed import change

pytestmark = pytest.mark.asyncio

JOINERS = 20


class Filling(CatchUp):
    """Finds what the database has up to `last`, or nothing: the room is gone."""

    def __init__(self, last: int | None) -> None:
        super().__init__({}, lambda _: pytest.fail("Nothing runs in the background here."))
        self.last = last
        self.fills = 0

    async def fill(self, feed: RoomFeed) -> None:
        self.fills += 1
        await asyncio.sleep(0)
        if self.last is not None:
            feed.catch_up([change(seq) for seq in range(feed.seq + 1, self.last + 1)])


@pytest.fixture
def page_at_8(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every page that is read is that of position 8; the positions that were asked for."""
    asked: list[int] = []

    async def stored_page(room: ChatRoom) -> Sync:
        asked.append(room.last_seq)
        await asyncio.sleep(0)
        return Sync(8, False, [change(8)], has_more=True)

    monkeypatch.setattr(arrivals, "stored_page", stored_page)
    return asked


async def test_all_who_come_at_once_share_one_read_and_what_closes_the_gap(page_at_8: list[int]) -> None:
    feed, filling = RoomFeed(1, "tea", 5), Filling(last=8)
    coming = Arrivals(filling)
    syncs = await asyncio.gather(*(coming.sync(feed, ChatRoom(pk=1, last_seq=8), None) for _ in range(JOINERS)))
    assert {sync.seq for sync in syncs} == {8}
    assert (page_at_8, filling.fills) == ([8], 1)


async def test_nobody_waits_for_ever_for_a_room_that_was_deleted(page_at_8: list[int]) -> None:
    feed, filling = RoomFeed(1, "tea", 5), Filling(last=None)
    with pytest.raises(ChatError) as refused:
        await Arrivals(filling).sync(feed, ChatRoom(pk=1, last_seq=8), None)
    assert refused.value.code == Code.UNAVAILABLE
    assert len(page_at_8) == TRIES


async def test_who_goes_away_stops_nobody_else(page_at_8: list[int]) -> None:
    feed, filling = RoomFeed(1, "tea", 5), Filling(last=8)
    coming = Arrivals(filling)
    first, second = (asyncio.create_task(coming.sync(feed, ChatRoom(pk=1, last_seq=8), None)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).seq == 8
    assert page_at_8 == [8]
