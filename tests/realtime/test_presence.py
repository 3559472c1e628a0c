"""Presence: who is told as come and gone, over connections, workers and ended leases."""

import pytest

from backend.chat.events import PresenceOut
from backend.realtime.presence import GRACE, LEASE, NAMED, RoomPresence, Roster
from tests.clients import LIVE
from tests.company import Company
from tests.servers import ChatServer


def news(joined: list[int], left: list[int], online: int) -> PresenceOut:
    return PresenceOut(joined=joined, left=left, online=online)


def test_a_person_is_told_once_for_any_number_of_connections() -> None:
    presence = RoomPresence()
    presence.come(1)
    presence.come(1)
    assert presence.news(0) == news([1], [], 1)
    presence.go(1)
    assert presence.news(1) is None
    assert not presence.restless


def test_a_reconnect_is_not_told() -> None:
    presence = RoomPresence()
    presence.come(1)
    presence.news(0)
    presence.go(1)
    assert presence.news(1) is None
    assert presence.online() == 1
    presence.come(1)
    assert presence.news(1 + GRACE * 2) is None


def test_who_stays_away_is_told_as_gone() -> None:
    presence = RoomPresence()
    presence.come(1)
    presence.come(2)
    assert presence.news(0) == news([1, 2], [], 2)
    presence.go(2)
    assert presence.news(1) is None
    assert presence.restless
    assert presence.news(1 + GRACE) == news([], [2], 1)
    assert not presence.restless


def test_people_of_other_workers_count_until_their_lease_ends() -> None:
    presence = RoomPresence()
    presence.come(1)
    presence.hear("b", Roster(2, [1, 2]), 0)
    assert presence.news(0) == news([1, 2], [], 2)
    assert presence.named() == [1, 2]
    presence.hear("b", Roster(2, [1, 2]), 10)
    assert presence.news(LEASE + 5) is None
    assert presence.news(LEASE + 10) is None, "away, but not yet told"
    assert presence.news(LEASE + 10 + GRACE) == news([], [2], 1)


def test_a_move_to_another_worker_is_not_told() -> None:
    presence = RoomPresence()
    presence.hear("b", Roster(1, [2]), 0)
    presence.news(0)
    presence.hear("b", Roster(0, []), 1)
    presence.hear("c", Roster(1, [2]), 2)
    assert presence.news(1 + GRACE) is None


def test_of_a_large_room_only_the_number_is_told() -> None:
    presence = RoomPresence()
    for user_id in range(NAMED + 1):
        presence.come(user_id)
    assert presence.roster() == Roster(NAMED + 1, None)
    assert presence.news(0) == news([], [], NAMED + 1)
    assert presence.named() == []
    presence.hear("b", Roster(500, None), 0)
    assert presence.news(1) == news([], [], NAMED + 501)
    assert presence.news(2) is None


@pytest.mark.asyncio
async def test_above_the_setting_nobody_is_named() -> None:
    with ChatServer(PRESENCE_NAMED="1") as server:
        company = Company.gather(server)
        async with company.doorman() as enter:
            alice = await enter(LIVE[0], company.alice)
            assert (await alice.wait_for("presence"))["joined"] == [company.alice.id]
            bob = await enter(LIVE[1], company.bob)
            assert bob.sync["online"] == 2
            assert await alice.wait_for("presence") == {"joined": [], "left": [], "online": 2}
            await bob.close()
            assert await alice.wait_for("presence", lambda told: told["online"] == 1)
