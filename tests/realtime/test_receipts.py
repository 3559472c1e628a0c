"""Who hears that somebody has read on: everybody in a small room, in a larger one only their own connections."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients import DOORS, LIVE, Client, LiveClient
from tests.company import Company, Enter
from tests.servers import ChatServer, Cluster

pytestmark = pytest.mark.asyncio


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    return Company.gather(two_workers.workers[0])


@pytest.fixture(scope="module")
def discreet(two_workers: Cluster) -> Iterator[ChatServer]:
    """A third worker, to which a room of two people is a large one."""
    with ChatServer(**two_workers.environment, READ_RECEIPTS="1") as server:
        yield server


async def reads_heard(client: LiveClient, last: dict[str, Any], user_id: int) -> list[int]:
    """How far the client was told that a person has read, up to a message that was sent to end the test."""
    await client.wait_for("message", lambda message: message["id"] == last["id"])
    payloads = [event.payload for event in client.events.all if event.name == "read"]
    return [payload["seq"] for payload in payloads if payload["user_id"] == user_id]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.door)
async def test_a_small_room_tells_everybody(
    door: type[Client], company: Company, enter: Enter, two_workers: Cluster
) -> None:
    second = two_workers.workers[1]
    hearers = [await enter(live, who) for live in LIVE for who in (company.alice.at(second), company.bob.at(second))]
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    seq = (await alice.send_message("One"))["seq"]
    for _ in range(2):
        await bob.call("read", seq=seq)
    last = await alice.send_message("The end")
    for hearer in hearers:
        assert await reads_heard(hearer, last, company.bob.id) == [seq]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.door)
async def test_a_larger_room_tells_the_reader_only(
    door: type[Client], company: Company, enter: Enter, two_workers: Cluster, discreet: ChatServer
) -> None:
    places = (discreet, *two_workers.workers)
    alices = [await enter(live, company.alice.at(place)) for live in LIVE for place in places]
    bobs = [await enter(live, company.bob.at(place)) for live in LIVE for place in places]
    seq = (await alices[0].send_message("One"))["seq"]
    bob = await enter(door, company.bob.at(discreet))
    assert await bob.call("read", seq=seq) == {"user_id": company.bob.id, "seq": seq}
    last = await alices[0].send_message("The end")
    for hearer in bobs:
        assert await reads_heard(hearer, last, company.bob.id) == [seq]
    for hearer in alices:
        assert await reads_heard(hearer, last, company.bob.id) == []
    reads = [company.alice.at(place).api("GET", f"rooms/{company.slug}/reads").json()["items"] for place in places]
    assert reads[0] == []
    assert {"user_id": company.bob.id, "seq": seq} in reads[1]
    assert reads[1] == reads[2]
