"""Socket.IO clients that break the rules: each gets a clear error, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tests.clients import SocketIOClient
from tests.company import Company, Enter
from tests.inbox import SECONDS
from tests.servers import ChatServer
from tests.wire import EngineIO, Packet, Wire

pytestmark = pytest.mark.asyncio

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)
DEEP = "[" * 20_000 + "]" * 20_000
TOO_LARGE = 64 * 1024
FAR_TOO_LARGE = 256 * 1024


@pytest_asyncio.fixture
async def bob(company: Company, enter: Enter) -> AsyncIterator[SocketIOClient]:
    """A bystander: at the end of each test he still hears and is heard, and has heard nothing strange."""
    bob = await enter(SocketIOClient, company.bob)
    yield bob
    sent = await bob.send_message("I am fine")
    assert await bob.wait_for("message", lambda message: message["id"] == sent["id"]) == sent


@pytest_asyncio.fixture
async def alice(bob: SocketIOClient, company: Company, enter: Enter) -> SocketIOClient:
    return await enter(SocketIOClient, company.alice)


@pytest_asyncio.fixture
async def engine(bob: SocketIOClient, server: ChatServer) -> AsyncIterator[EngineIO]:
    """A connection that is in no namespace yet."""
    async with await EngineIO.open(server.url) as engine:
        yield engine


async def ack_of(alice: SocketIOClient, payload: str, *, id: int = 7) -> dict[str, Any]:
    """Send an event with exactly this text as its JSON, and give the error it is acked with."""
    await alice.engine.send(f"2{alice.namespace},{id}{payload}")
    packet = await alice.engine.packets.take(lambda packet: packet.kind == ACK and packet.id == id)
    [ack] = packet.data
    assert not ack["ok"]
    error: dict[str, Any] = ack["error"]
    return error


async def assert_online(company: Company, people: int) -> None:
    """So many people are in the room, as soon as the server has noticed who left."""
    async with asyncio.timeout(SECONDS):
        while True:
            async with await SocketIOClient.open(company.bob.server.url, company.slug, company.bob.token) as again:
                if again.sync["online"] == people:
                    return


@pytest.mark.parametrize("eio", ["3", "2", "5", "", "four"])
async def test_another_engineio_is_told_over_polling(server: ChatServer, eio: str) -> None:
    answer = server.http.get("/socket.io/", params={"EIO": eio, "transport": "polling"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["code"] == "invalid"
    assert "Engine.IO 4" in answer.json()["message"]


async def test_another_engineio_is_told_over_websocket(server: ChatServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await Wire.connect(server.url, "/socket.io/?EIO=3&transport=websocket")
    assert refused.value.response.status_code == httpx.codes.BAD_REQUEST
    assert "Engine.IO 4" in json.loads(refused.value.response.body)["message"]


async def test_an_unknown_transport_is_told(server: ChatServer) -> None:
    answer = server.http.get("/socket.io/", params={"EIO": "4", "transport": "pigeon"})
    assert (answer.status_code, answer.json()["code"]) == (httpx.codes.BAD_REQUEST, "invalid")


@pytest.mark.parametrize("sid", ["nobody", "a" * 5_000, "\0"])
async def test_an_unknown_session_is_told(server: ChatServer, sid: str) -> None:
    for method in ("GET", "POST"):
        answer = server.http.request(method, "/socket.io/", params={"EIO": "4", "transport": "polling", "sid": sid})
        assert answer.status_code == httpx.codes.BAD_REQUEST


@pytest.mark.parametrize("token", [None, 5, True, [], {}, "", " ", "x" * 10_000, "\0", "ü", "0" * 64])
async def test_a_wrong_token_is_refused(engine: EngineIO, company: Company, token: object) -> None:
    answer = await engine.connect(f"/{company.slug}", {"token": token})
    assert answer.kind == CONNECT_ERROR
    assert answer.data["message"] == answer.data["data"]["code"]
    assert answer.data["message"] in {"unauthorized", "invalid"}


@pytest.mark.parametrize("auth", [None, {}, [], 5, "token", ["token"], {"tokens": "x"}])
async def test_no_token_is_refused(engine: EngineIO, company: Company, auth: object) -> None:
    answer = await engine.connect(f"/{company.slug}", auth)
    assert (answer.kind, answer.data["message"]) == (CONNECT_ERROR, "unauthorized")


@pytest.mark.parametrize("since", ["abc", -1, 1.5, 10**40, 2**63, [], {}])
async def test_a_wrong_since_is_refused(engine: EngineIO, company: Company, since: object) -> None:
    answer = await engine.connect(f"/{company.slug}", {"token": company.alice.token, "since": since})
    assert (answer.kind, answer.data["message"]) == (CONNECT_ERROR, "invalid")
    assert list(answer.data["data"]["fields"]) == ["since"]


@pytest.mark.parametrize("namespace", ["/" + "x" * 5_000, "//", "/../api", "/a b", "/%00", "/tea\n", "/TEA", "/тест"])
async def test_a_namespace_that_is_no_slug_is_not_found(engine: EngineIO, company: Company, namespace: str) -> None:
    answer = await engine.connect(namespace, {"token": company.alice.token})
    assert (answer.kind, answer.data["message"]) == (CONNECT_ERROR, "not_found")


@pytest.mark.parametrize(
    "frame",
    ["", "4", "4x", "49", "47", "4-", "4" + "9" * 300, '4"text"', "4{}", "4null", "x", "9", "99", "ü", "0", "0{}", "b"],
)
async def test_a_frame_that_is_no_packet_ends_the_connection(
    alice: SocketIOClient, company: Company, frame: str
) -> None:
    await alice.engine.wire.send(frame)
    await alice.engine.wait_closed()
    await assert_online(company, 1)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "x",
        "[",
        '["message"',
        '["message",{"message":"\\ud83d"}]',
        '["message",{"\\ud83d":1}]',
        f'["message",{{"message":{DEEP}}}]',
        '["message",NaN]',
        "[]",
        "{}",
        '"message"',
        "null",
        "[null]",
        "[[]]",
        "[{}]",
        '["nothing",{}]',
        '["connect",{}]',
        '["disconnect","client namespace disconnect"]',
        '["message"]',
        '["message",null]',
        '["message","text"]',
        '["message",["list"]]',
        '["message",{"message":"a"},{"message":"b"}]',
        '["message",{"message":{"message":"a"}}]',
        '["sync",{}]',
        '["bye",{"code":"removed"}]',
    ],
)
async def test_an_event_that_makes_no_sense_is_acked_invalid(alice: SocketIOClient, payload: str) -> None:
    error = await ack_of(alice, payload)
    assert (error["code"], bool(error["fields"])) == ("invalid", True)
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_without_an_ack_the_error_comes_as_an_event(alice: SocketIOClient) -> None:
    await alice.tell("nothing", {})
    error = await alice.wait_for("error")
    assert (error["code"], error["event"]) == ("invalid", "nothing")
    await alice.engine.send(f"2{alice.namespace},[]")
    assert (await alice.wait_for("error"))["code"] == "invalid"


async def test_forged_disconnect_leaves_one_connected(alice: SocketIOClient, bob: SocketIOClient) -> None:
    await alice.tell("disconnect", "client namespace disconnect")
    assert (await alice.wait_for("error"))["code"] == "invalid"
    sent = await bob.send_message("Are you there?")
    assert await alice.wait_for("message") == sent


async def test_a_packet_over_64_kib_is_acked_too_large(alice: SocketIOClient) -> None:
    error = await ack_of(alice, json.dumps(["message", {"message": "x" * TOO_LARGE}]))
    assert error["code"] == "too_large"
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_a_frame_over_256_kib_ends_the_connection(alice: SocketIOClient) -> None:
    await alice.tell("message", {"message": "x" * FAR_TOO_LARGE})
    closed = await alice.engine.wait_closed()
    assert closed.code == 1009


async def test_a_binary_event_is_refused(alice: SocketIOClient) -> None:
    await alice.engine.send(f'51-{alice.namespace},8["message",{{"_placeholder":true,"num":0}}]')
    await alice.engine.wire.send(b"\x00" * 1_000)
    packet = await alice.engine.packets.take(lambda packet: packet.kind == ACK and packet.id == 8)
    assert packet.data[0]["error"]["code"] == "invalid"
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_binary_frames_alone_pin_no_memory(alice: SocketIOClient) -> None:
    for _ in range(20):
        await alice.engine.send(f'51-{alice.namespace},["message",{{"_placeholder":true,"num":0}}]')
        await alice.engine.wire.send(b"\x00" * 100_000)
    for _ in range(20):
        assert (await alice.wait_for("error"))["code"] == "invalid"


async def test_a_second_connect_is_a_conflict_and_the_first_stays(alice: SocketIOClient, company: Company) -> None:
    answer = await alice.engine.connect(alice.namespace, {"token": company.alice.token})
    while answer.kind == CONNECT:  # the one that `open` waited for
        answer = await alice.engine.packets.take(lambda packet: packet.kind in {CONNECT, CONNECT_ERROR})
    assert (answer.kind, answer.data["message"]) == (CONNECT_ERROR, "conflict")
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_events_where_one_is_not_connected_are_unauthorized(engine: EngineIO, company: Company) -> None:
    for namespace in ("/", f"/{company.slug}", "/nowhere"):
        await engine.send(Packet(EVENT, namespace, 3, ["message", {"message": "Let me in"}]))
        packet = await engine.packets.take(lambda packet: packet.kind == ACK)
        assert (packet.namespace, packet.data[0]["error"]["code"]) == (namespace, "unauthorized")


async def test_a_half_packet_is_told_where_it_belongs(engine: EngineIO) -> None:
    for text in ("2/", "5x-[]", "2/x,{"):
        await engine.send(text)
        packet = await engine.packets.take()
        assert packet.data[0] == "error"
        assert packet.data[1]["code"] in {"unauthorized", "invalid"}


async def test_leaving_what_one_is_not_in_is_harmless(engine: EngineIO, company: Company) -> None:
    for namespace in ("/", f"/{company.slug}", "/" + "x" * 5_000):
        await engine.send(Packet(DISCONNECT, namespace, None, None))
    assert (await engine.connect(f"/{company.slug}", {"token": company.alice.token})).kind == CONNECT


async def test_acks_that_nobody_asked_for_are_ignored(alice: SocketIOClient) -> None:
    for text in ("3", "31", f"3{alice.namespace},1[]", f'3{alice.namespace},{"9" * 90}["x"]', "61-1[]"):
        await alice.engine.send(text)
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_a_thousand_namespaces_are_each_answered(engine: EngineIO, company: Company) -> None:
    for number in range(1_000):
        await engine.send(Packet(CONNECT, f"/room-{number}", None, {"token": company.alice.token}))
    for number in range(1_000):
        answer = await engine.packets.take()
        assert (answer.namespace, answer.kind) == (f"/room-{number}", CONNECT_ERROR)
        assert answer.data["message"] in {"not_found", "rate_limited"}


async def test_a_connection_holds_a_hundred_rooms(engine: EngineIO, company: Company) -> None:
    slugs = [company.alice.make_room(f"Room {number}") for number in range(101)]
    for slug in slugs[:100]:
        assert (await engine.connect(f"/{slug}", {"token": company.alice.token})).kind == CONNECT
    refused = await engine.connect(f"/{slugs[100]}", {"token": company.alice.token})
    assert (refused.kind, refused.data["message"]) == (CONNECT_ERROR, "forbidden")
    await engine.send(Packet(DISCONNECT, f"/{slugs[0]}", None, None))
    assert (await engine.connect(f"/{slugs[100]}", {"token": company.alice.token})).kind == CONNECT


async def test_who_goes_while_connecting_leaves_no_ghost(
    bob: SocketIOClient, server: ChatServer, company: Company
) -> None:
    for _ in range(20):
        engine = await EngineIO.open(server.url)
        await engine.send(Packet(CONNECT, f"/{company.slug}", None, {"token": company.alice.token}))
        engine.wire.abort()
        await engine.wait_closed()
    await assert_online(company, 1)


async def test_two_rooms_share_a_connection(engine: EngineIO, server: ChatServer, company: Company) -> None:
    tea, cake = company.slug, company.alice.make_room("Cake")
    token = company.alice.token
    in_tea = await SocketIOClient.open(server.url, tea, token, engine=engine)
    in_cake = await SocketIOClient.open(server.url, cake, token, engine=engine)
    for client, slug in ((in_tea, tea), (in_cake, cake)):
        sent = await client.send_message(f"In {slug}")
        assert await client.wait_for("message") == sent
        assert sent["room"] == slug
    await in_tea.leave()
    assert (await in_cake.send_message("Still here"))["room"] == cake
    assert {event.payload["room"] for event in in_tea.events.all if event.name == "message"} == {tea}
