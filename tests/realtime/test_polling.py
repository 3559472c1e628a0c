"""Engine.IO over HTTP long-polling, spoken by hand: what goes wrong there, and a broken upgrade."""

import httpx
import pytest

from tests.clients import SocketIOClient
from tests.company import Company, Enter
from tests.polling import Poller
from tests.servers import ChatServer
from tests.wire import Packet, Wire

pytestmark = pytest.mark.asyncio


@pytest.fixture
def poller(server: ChatServer, company: Company) -> Poller:
    poller = Poller(server)
    poller.say(Packet(0, f"/{company.slug}", None, {"token": company.alice.token}))
    poller.hear("sync")
    return poller


@pytest.mark.parametrize("body", [b"", b"x", b"9", b"\xff\xfe", b"4\x1e", b"bA", b"d=4", b"[]"])
async def test_a_body_that_is_no_packet_is_told(poller: Poller, body: bytes) -> None:
    answer = poller.post(body)
    assert (answer.status_code, answer.json()["code"]) == (httpx.codes.BAD_REQUEST, "invalid")


async def test_too_large_a_body_is_told(poller: Poller) -> None:
    answer = poller.post(b"4" + b"x" * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (httpx.codes.REQUEST_ENTITY_TOO_LARGE, "too_large")


async def test_many_packets_in_one_body_all_arrive(poller: Poller, company: Company) -> None:
    namespace = f"/{company.slug}"
    poller.say(*(Packet(2, namespace, number, ["message", {"message": f"{number}"}]) for number in range(100)))
    acks: list[Packet] = []
    while len(acks) < 100:
        acks += [packet for packet in poller.poll() if packet.kind == 3]
    assert [packet.data[0]["data"]["message"] for packet in acks] == [str(number) for number in range(100)]


@pytest.mark.parametrize("probe", [None, "2probe", "garbage"])
async def test_polling_goes_on_after_a_broken_upgrade(
    poller: Poller, company: Company, enter: Enter, server: ChatServer, probe: str | None
) -> None:
    bob = await enter(SocketIOClient, company.bob)
    socket = await Wire.connect(server.url, f"/socket.io/?EIO=4&transport=websocket&sid={poller.params['sid']}")
    if probe:
        await socket.send(probe)
    if probe == "2probe":
        assert await socket.recv() == "3probe"
    socket.transport.abort()
    await socket.wait_closed()
    sent = await bob.send_message("Still there?")
    [message] = [packet.data for packet in poller.hear("message") if packet.data[0] == "message"]
    assert message == ["message", sent]
