"""Plain WebSocket clients that break the rules: each gets a clear error, and nobody else notices."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.clients import Refused, WebSocketClient
from tests.company import Company, Enter
from tests.servers import ChatServer

pytestmark = pytest.mark.asyncio

DEEP = "[" * 20_000 + "]" * 20_000
BELOW_ORJSON = "[" * 500 + "]" * 500  # orjson reads it and does not write it


@pytest_asyncio.fixture
async def bob(company: Company, enter: Enter) -> AsyncIterator[WebSocketClient]:
    """A bystander: at the end of each test he still hears and is heard."""
    bob = await enter(WebSocketClient, company.bob)
    yield bob
    sent = await bob.send_message("I am fine")
    assert await bob.wait_for("message", lambda message: message["id"] == sent["id"]) == sent


@pytest_asyncio.fixture
async def alice(bob: WebSocketClient, company: Company, enter: Enter) -> WebSocketClient:
    return await enter(WebSocketClient, company.alice)


async def error_of(alice: WebSocketClient, frame: str | bytes, *, ref: object = None) -> dict[str, Any]:
    """Send exactly this and give the error of the ack."""
    await alice.wire.send(frame)
    ack = await alice.wait_for("ack", lambda ack: ack["ref"] == ref)
    assert not ack["ok"]
    error: dict[str, Any] = ack["error"]
    return error


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "{",
        "[]",
        "5",
        "null",
        '"text"',
        '[{"message":"x"}]',
        DEEP,
        '{"type":"message","message":NaN}',
        '{"type":"nothing"}',
        '{"type":5}',
        '{"type":null}',
        '{"type":["message"]}',
        '{"type":"connect"}',
        '{"type":"sync"}',
        '{"type":"websocket.disconnect"}',
        '{"type":"message","message":"x","room":"other"}',
        '{"type":"typing","typing":"perhaps"}',
        f'{{"ref":{BELOW_ORJSON},"message":"x"}}',
        '{"ref":{"a":1},"message":"x"}',
    ],
)
async def test_a_frame_that_makes_no_sense_is_told(alice: WebSocketClient, frame: str) -> None:
    error = await error_of(alice, frame)
    assert (error["code"], bool(error["fields"])) == ("invalid", True)
    assert (await alice.send_message("Still here"))["message"] == "Still here"


@pytest.mark.parametrize("ref", [7, "seven", 0, "", 1.5, -(2**63)])
async def test_the_ack_has_the_ref_of_its_frame(alice: WebSocketClient, ref: object) -> None:
    assert (await error_of(alice, json.dumps({"type": "nothing", "ref": ref}), ref=ref))["code"] == "invalid"


async def test_half_a_character_is_invalid_and_its_sender_is_told(alice: WebSocketClient) -> None:
    error = await error_of(alice, r'{"message":"\ud83d","ref":"half"}', ref="half")
    assert error["code"] == "invalid"
    assert (await error_of(alice, r'{"message":"x","ref":"\ud83d"}'))["code"] == "invalid"


async def test_a_bare_message_is_a_message(alice: WebSocketClient, bob: WebSocketClient) -> None:
    await alice.wire.send('{"message":"hi"}')
    assert (await bob.wait_for("message"))["message"] == "hi"


async def test_a_binary_frame_is_invalid(alice: WebSocketClient) -> None:
    error = await error_of(alice, b'{"message":"x"}')
    assert (error["code"], "Binary" in error["message"]) == ("invalid", True)


async def test_a_frame_over_64_kib_is_too_large(alice: WebSocketClient) -> None:
    frame = json.dumps({"message": "x" * 64 * 1024, "ref": "large"})
    assert (await error_of(alice, frame, ref="large"))["code"] == "too_large"
    assert (await alice.send_message("Still here"))["message"] == "Still here"


async def test_a_frame_over_256_kib_ends_the_connection(alice: WebSocketClient) -> None:
    await alice.wire.send(json.dumps({"message": "x" * 256 * 1024}))
    assert (await alice.wait_closed()).code == 1009


@pytest.mark.parametrize("since", ["abc", "-1", "1.5", "9" * 40, str(2**63), "%00", "%FF"])
async def test_a_wrong_since_is_invalid(server: ChatServer, company: Company, since: str) -> None:
    with pytest.raises(Refused) as refused:
        await WebSocketClient.open_path(
            server.url, f"/ws/chat/{company.slug}/?since={since}", headers=company.alice.headers
        )
    assert refused.value.code == "invalid"
    assert refused.value.closed is not None
    assert refused.value.closed.code == 4422


@pytest.mark.parametrize(
    "path", ["/", "/ws/", "/ws/chat/", "/ws/chat//", "/ws/chat/a/b/", "/ws/chat/%00/", "/elsewhere"]
)
async def test_a_path_without_a_room_is_not_found(server: ChatServer, company: Company, path: str) -> None:
    with pytest.raises(Refused) as refused:
        await WebSocketClient.open_path(server.url, path, headers=company.alice.headers)
    assert refused.value.code == "not_found"
    assert refused.value.closed is not None
    assert refused.value.closed.code == 4404


async def test_a_long_slug_is_not_found(server: ChatServer, company: Company) -> None:
    with pytest.raises(Refused) as refused:
        await WebSocketClient.open(server.url, "x" * 5_000, company.alice.token)
    assert refused.value.code == "not_found"
