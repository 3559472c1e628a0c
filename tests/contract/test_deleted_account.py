"""What others see, live, of somebody who deletes their account."""

import pytest

from tests.clients import LIVE, Client, LiveClient, Refused, RestClient
from tests.company import Company, Enter
from tests.people import PASSWORD, Person

pytestmark = pytest.mark.asyncio


def join(company: Company) -> Person:
    """Somebody new in the room."""
    dot = Person.register(company.alice.server, "Dot")
    added = company.alice.api("POST", f"rooms/{company.slug}/members", json={"user_id": dot.id})
    assert added.status_code == 201, added.text
    return dot


def end(person: Person, messages: str) -> None:
    answer = person.api("DELETE", "users/me", json={"password": PASSWORD, "messages": messages})
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("messages", ["keep", "delete"])
async def test_they_leave_and_their_connections_end(
    live_door: type[LiveClient], company: Company, enter: Enter, messages: str
) -> None:
    dot = join(company)
    client = await enter(live_door, dot)
    bobs = [await enter(live, company.bob) for live in LIVE]
    sent = [await client.send_message(text) for text in ("One", "Two")]
    end(dot, messages)
    assert (await client.wait_for("bye"))["code"] == "revoked"
    await client.wait_closed()
    with pytest.raises(Refused, match="unauthorized"):
        await live_door.open(dot.server.url, company.slug, dot.token)
    for bob in bobs:
        left = await bob.wait_for("message", lambda message: message["kind"] == "left")
        heard = {event.payload["id"]: event.payload for event in bob.events.all if event.name == "message_updated"}
        gone = [message["id"] for message in sent] if messages == "delete" else []
        assert {pk: payload["message"] for pk, payload in heard.items()} == dict.fromkeys(gone, "")
    history = (await (await enter(RestClient, company.bob)).history())["items"]
    assert history[-1]["seq"] == left["seq"]
    assert {item["sender"]["name"] for item in history if item["sender"]["id"] == dot.id} == {"Deleted user"}
    texts = {item["message"] for item in history if item["sender"]["id"] == dot.id and item["kind"] == "text"}
    assert texts == ({""} if messages == "delete" else {"One", "Two"})


async def test_their_room_has_a_new_owner(door: type[Client], company: Company, enter: Enter) -> None:
    dot = join(company)
    slug = dot.make_room("Dot's", member_ids=[company.bob.id])
    end(dot, "keep")
    assert company.bob.api("GET", f"rooms/{slug}").json()["role"] == "owner"
    client = await door.open(company.bob.server.url, slug, company.bob.token)
    async with client:
        assert (await client.send_message("Alone?"))["sender"]["id"] == company.bob.id
