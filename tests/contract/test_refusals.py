"""What the server refuses, in the same words through every door."""

from typing import Any

import pytest

from backend.chat.errors import CATALOGUE, Code
from tests.clients import DOORS, Ack, Client, Refused, RestClient
from tests.company import Company, Enter
from tests.people import Person

pytestmark = pytest.mark.asyncio

LONGEST = 4_000

INVALID: dict[str, tuple[str, dict[str, Any], str]] = {  # (event, payload, the field that is named)
    "too long": ("message", {"message": "x" * (LONGEST + 1)}, "message"),
    "empty": ("message", {"message": ""}, "message"),
    "blank": ("message", {"message": " \n\t "}, "message"),
    "NUL": ("message", {"message": "a\0b"}, "message"),
    "number": ("message", {"message": 5}, "message"),
    "null": ("message", {"message": None}, "message"),
    "missing": ("message", {}, "message"),
    "unknown field": ("message", {"message": "x", "massage": "y"}, "massage"),
    "client_id too long": ("message", {"message": "x", "client_id": "x" * 65}, "client_id"),
    "client_id with NUL": ("message", {"message": "x", "client_id": "\0"}, "client_id"),
    "client_id empty": ("message", {"message": "x", "client_id": ""}, "client_id"),
    "reply to nothing": ("message", {"message": "x", "reply_to": 2**63 - 1}, "reply_to"),
    "reply to text": ("message", {"message": "x", "reply_to": "yes"}, "reply_to"),
    "huge reply_to": ("message", {"message": "x", "reply_to": 10**40}, "reply_to"),
    "attachment of nobody": ("message", {"message": "x", "attachment_ids": [2**63 - 1]}, "attachment_ids"),
    "limit 0": ("history", {"limit": 0}, "limit"),
    "limit 101": ("history", {"limit": 101}, "limit"),
    "limit text": ("history", {"limit": "many"}, "limit"),
    "negative place": ("history", {"before": -1}, "before"),
    "huge place": ("history", {"before": 10**40}, "before"),
    "both ends": ("history", {"before": 5, "after": 1}, "before"),
    "around and after": ("history", {"around": 5, "after": 1}, "after"),
    "around and before": ("history", {"around": 5, "before": 9}, "before"),
    "around nothing": ("history", {"around": -1}, "around"),
    "around huge": ("history", {"around": 2**63}, "around"),
    "around text": ("history", {"around": "here"}, "around"),
    "react with text": ("react", {"id": 1, "emoji": "ok"}, "emoji"),
    "react with two": ("react", {"id": 1, "emoji": "👍👍"}, "emoji"),
    "react with a skin tone": ("react", {"id": 1, "emoji": "🏽"}, "emoji"),
    "react with 33": ("react", {"id": 1, "emoji": "👍" * 33}, "emoji"),
    "unreact with NUL": ("unreact", {"id": 1, "emoji": "\0"}, "emoji"),
    "read below zero": ("read", {"seq": -1}, "seq"),
    "read huge": ("read", {"seq": 2**63}, "seq"),
    "read nothing": ("read", {}, "seq"),
}


def assert_refused(client: Client, ack: Ack, code: Code) -> dict[str, Any]:
    """The ack is an error object of that code; over REST with the catalogue's status."""
    assert not ack["ok"], ack
    error: dict[str, Any] = ack["error"]
    assert error["code"] == code
    assert error["message"]
    assert error.keys() <= {"code", "message", "fields", "retry_after"}
    if isinstance(client, RestClient):
        assert client.status == CATALOGUE[code].status
    return error


@pytest.mark.parametrize("case", INVALID)
async def test_invalid_input_names_the_field(door: type[Client], company: Company, enter: Enter, case: str) -> None:
    event, payload, field = INVALID[case]
    alice = await enter(door, company.alice)
    error = assert_refused(alice, await alice.emit(event, payload), Code.INVALID)
    assert list(error["fields"]) == [field]
    assert (await alice.send_message("Still here"))["seq"] == alice.sync["seq"] + 1, "nothing was stored"


async def test_errors_are_the_same_through_every_door(company: Company, enter: Enter) -> None:
    clients = [await enter(door, company.alice) for door in DOORS]
    for case, (event, payload, _) in INVALID.items():
        if event != "history":  # a query string has text where JSON has numbers
            errors = [(await client.emit(event, payload))["error"] for client in clients]
            assert errors[0] == errors[1] == errors[2], case


async def test_the_longest_text_fits(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    text = "😀" * LONGEST  # 16 KB as UTF-8, 48 KB as escaped JSON
    assert (await alice.send_message(text))["message"] == text


async def test_a_wrong_token_stays_out(door: type[Client], company: Company, enter: Enter) -> None:
    stranger = Person(server=company.alice.server, id=0, name="", email="", token="0" * 64)
    with pytest.raises(Refused) as refused:
        await enter(door, stranger)
    assert refused.value.error == {"code": "unauthorized", "message": CATALOGUE[Code.UNAUTHORIZED].message}


async def test_who_is_no_member_stays_out(door: type[Client], company: Company, enter: Enter) -> None:
    with pytest.raises(Refused) as refused:
        await enter(door, company.mallory)
    assert refused.value.code == "forbidden"


async def test_an_unknown_room_is_not_found(door: type[Client], company: Company) -> None:
    with pytest.raises(Refused) as refused:
        await door.open(company.alice.server.url, "no-such-room-abcde", company.alice.token)
    assert refused.value.code == "not_found"


async def test_the_same_client_id_with_another_text_is_a_conflict(
    door: type[Client], company: Company, enter: Enter
) -> None:
    alice = await enter(door, company.alice)
    sent = await alice.send_message("One", client_id=company.slug)
    assert_refused(alice, await alice.emit("message", {"message": "Two", "client_id": company.slug}), Code.CONFLICT)
    assert (await alice.history(limit=1))["items"] == [sent]


async def test_another_ones_message_cannot_be_changed(door: type[Client], company: Company, enter: Enter) -> None:
    alice, bob = await enter(door, company.alice), await enter(door, company.bob)
    sent = await alice.send_message("Mine")
    assert_refused(bob, await bob.emit("edit", {"id": sent["id"], "message": "Stolen"}), Code.FORBIDDEN)
    assert_refused(bob, await bob.emit("delete", {"id": sent["id"]}), Code.FORBIDDEN)
    for event in ("pin", "unpin"):
        assert_refused(bob, await bob.emit(event, {"id": sent["id"]}), Code.FORBIDDEN)
    assert (await alice.history(limit=1))["items"] == [sent]


async def test_a_message_of_another_room_is_not_found(door: type[Client], company: Company, enter: Enter) -> None:
    elsewhere = Company.gather(company.alice.server)
    async with elsewhere.doorman() as enter_elsewhere:
        foreign = await (await enter_elsewhere(door, company.alice)).send_message("Elsewhere")
    alice = await enter(door, company.alice)
    for event, payload in (("edit", {"message": "x"}), ("delete", {}), ("pin", {}), ("unpin", {})):
        assert_refused(alice, await alice.emit(event, {"id": foreign["id"], **payload}), Code.NOT_FOUND)
    ack = await alice.emit("message", {"message": "x", "reply_to": foreign["id"]})
    assert "reply_to" in assert_refused(alice, ack, Code.INVALID)["fields"]


@pytest.mark.parametrize("event", ["delete", "pin", "unpin"])
@pytest.mark.parametrize("message_id", ["one", 0, -1, 1.5, 2**63])
async def test_what_is_no_id_of_a_message(
    door: type[Client], company: Company, enter: Enter, event: str, message_id: object
) -> None:
    alice = await enter(door, company.alice)
    error = assert_refused(alice, await alice.emit(event, {"id": message_id}), Code.INVALID)
    assert list(error["fields"]) == ["message_id" if isinstance(alice, RestClient) else "id"]
