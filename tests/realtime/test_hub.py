"""The hub, where what a worker is told comes out of order."""

import asyncio

import pytest

from backend.chat.models import ChatRoom
from backend.realtime import catch_up
from backend.realtime.bus import LocalBus
from backend.realtime.feed import RoomFeed
from backend.realtime.hub import Hub
from backend.realtime.packets import Delivery
from backend.realtime.wire import RoomNews
from tests.inbox import SECONDS
from tests.realtime.test_feed import Recorder, change

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db]


async def test_a_hole_that_opens_while_another_is_filled_is_filled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sweep runs here: it would find the hole seconds later."""
    hub = Hub(LocalBus())
    feed = hub.feeds[1] = RoomFeed(1, "tea", 0)
    member = Recorder(0)
    feed.members.add(member)
    committed = [change(seq) for seq in range(1, 3)]
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def stored_after(room: ChatRoom, seq: int) -> list[Delivery]:
        found = [delivery for delivery in committed if delivery.seq > seq]
        if len(committed) == 2:  # while the database answers, two more are committed, and only the second is heard of
            committed.extend([change(3), change(4)])
            loop.call_soon_threadsafe(hear, change(4))
        return found

    def hear(delivery: Delivery) -> None:
        hub._feed(RoomNews(1, [delivery], []))
        told.set()

    monkeypatch.setattr(catch_up, "stored_after", stored_after)
    hear(change(2))
    told.clear()
    async with asyncio.timeout(SECONDS):
        await told.wait()
        await asyncio.gather(*hub.catch_up._filling.values())
    assert feed.seq == 4
    assert len(member.data()) == 4
