"""The demo's JavaScript client, run by Node, while its server dies, its words get lost and its page is reloaded."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.company import Company
from tests.js.leash import RoomClient
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer

Open = Callable[..., RoomClient]
TOO_MANY = 501  # changes, for a client to catch up with


@pytest.fixture(scope="module")
def mortal() -> Iterator[ChatServer]:
    """A server that these tests kill."""
    with ChatServer() as server:
        yield server
        assert "Traceback" not in server.log.read_text(), server.log_end()


@pytest.fixture
def company(mortal: ChatServer) -> Iterator[Company]:
    yield Company.gather(mortal)
    if mortal.process is None:
        mortal.start()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "storage.json"


@pytest.fixture
def open_page(node: str, node_modules: Path, company: Company, storage: Path) -> Iterator[Open]:
    """Open a page in the room, Alice's or another person's; all have the same localStorage."""
    opened: list[RoomClient] = []

    def open_page(person: Person = company.alice) -> RoomClient:
        opened.append(RoomClient(node, node_modules, person, company.slug, storage))
        return opened[-1]

    yield open_page
    for page in opened:
        page.crash()


def say(person: Person, slug: str, *texts: str, client_id: str | None = None) -> None:
    for text in texts:
        answer = person.api("POST", f"rooms/{slug}/messages", json={"message": text, "client_id": client_id})
        assert answer.status_code == httpx.codes.CREATED, answer.text


def say_offline(person: Person, slug: str, *texts: str) -> None:
    """The same while the server is down: another process writes to its database."""
    code = (
        "from backend.chat.inputs import SendIn; from backend.chat.services.sending import send_message\n"
        f"for text in {texts!r}: send_message(slug={slug!r}, user_id={person.id}, body=SendIn(message=text))"
    )
    person.server.manage("shell", "--command", code)


def stored(company: Company) -> list[dict[str, Any]]:
    """The newest page of the room."""
    items: list[dict[str, Any]] = company.bob.api("GET", f"rooms/{company.slug}/messages").json()["items"]
    return items


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["message"] for message in messages if message["kind"] == "text"]


def syncs(look: dict[str, Any]) -> list[dict[str, Any]]:
    return [payload for event, payload in look["heard"] if event == "sync"]


def tries(look: dict[str, Any]) -> list[tuple[str, str]]:
    """(client_id, text) of each message as often as it was sent."""
    return [(payload["client_id"], payload["message"]) for event, payload in look["said"] if event == "message"]


def wait_until_stored(company: Company, text: str) -> None:
    wait_until(lambda: text in texts(stored(company)), what=f"{text!r} is stored", seconds=10)


def test_it_keeps_its_position_over_the_death_of_its_server(open_page: Open, company: Company) -> None:
    server, room = company.alice.server, open_page()
    room.come()
    say(company.bob, company.slug, "one", "two")
    room.ask("until", "heard", "two")
    position = room.look()["position"]
    server.kill9()
    room.ask("until", "status", "offline")
    say_offline(company.bob, company.slug, "three", "four")
    server.start()
    room.ask("until", "heard", "four")
    say(company.bob, company.slug, "five")
    room.ask("until", "heard", "five")

    look = room.look()
    assert look["messages"] == stored(company), "nothing is missing, nothing doubled, all in order"
    assert [sync["recovered"] for sync in syncs(look)] == [False, True]
    assert [message["updated_seq"] for message in syncs(look)[1]["messages"]] == [position + 1, position + 2]
    assert texts([payload for event, payload in look["heard"] if event == "message"]) == ["one", "two", "five"]


def test_what_is_said_offline_goes_out_in_order(open_page: Open, company: Company) -> None:
    server, room = company.alice.server, open_page()
    room.come()
    server.kill9()
    room.ask("until", "status", "offline")
    said = [f"line {number}" for number in range(10)]
    ids = [room.ask("send", text) for text in said]
    assert [item["client_id"] for item in room.look()["pending"]] == ids
    server.start()
    room.ask("until", "settled")

    look = room.look()
    assert (look["pending"], texts(look["messages"])) == ([], said)
    assert look["messages"] == stored(company)
    assert tries(look) == list(zip(ids, said, strict=True))


def test_a_message_that_never_arrived_is_sent_again(open_page: Open, company: Company) -> None:
    server, room = company.alice.server, open_page()
    room.come()
    server.pause()
    client_id = room.ask("send", "hello")
    room.ask("until", "said", "hello")
    server.kill9()
    server.start()
    room.ask("until", "settled")
    look = room.look()
    assert tries(look) == [(client_id, "hello")] * 2
    assert look["messages"] == stored(company)
    assert texts(look["messages"]) == ["hello"]


def test_a_message_whose_ack_was_lost_is_found_in_the_log(open_page: Open, company: Company) -> None:
    server, room = company.alice.server, open_page()
    room.come()
    room.ask("deafen")
    client_id = room.ask("send", "hello")
    wait_until_stored(company, "hello")
    assert [item["client_id"] for item in room.look()["pending"]] == [client_id]
    server.kill9()
    server.start()
    room.ask("until", "settled")
    look = room.look()
    assert look["pending"] == []
    assert look["messages"] == stored(company)
    assert texts(look["messages"]) == ["hello"]


def test_a_stored_message_sent_again_is_one_message(open_page: Open, company: Company) -> None:
    page = open_page()
    page.come()
    page.ask("deafen")
    client_id = page.ask("send", "hello")
    wait_until_stored(company, "hello")
    page.crash()
    newer = [f"line {number}" for number in range(50)]  # a whole page: the sync says nothing of what is older
    say(company.bob, company.slug, *newer)

    reloaded = open_page()
    reloaded.come()
    look = reloaded.look()
    assert tries(look) == [(client_id, "hello")]
    assert look["pending"] == []
    assert texts(stored(company)) == newer
    items = company.bob.api("GET", f"rooms/{company.slug}/messages?limit=100").json()["items"]
    assert texts(items) == ["hello", *newer]


def test_a_reload_sends_what_was_not_sent(open_page: Open, company: Company) -> None:
    page = open_page()
    said = ["one", "two", "three"]
    ids = [page.ask("send", text) for text in said]
    page.crash()
    reloaded = open_page()
    assert [item["client_id"] for item in reloaded.look()["pending"]] == ids
    reloaded.come()
    assert texts(stored(company)) == said
    assert [message["client_id"] for message in stored(company)[-3:]] == ids
    reloaded.crash()
    assert open_page().look()["pending"] == [], "what is sent waits no more"


def test_a_final_error_stops_its_message_only(open_page: Open, company: Company) -> None:
    room = open_page()
    room.come()
    refused = room.ask("send", "x" * 4_001)
    room.ask("send", "short")
    room.ask("until", "settled")
    look = room.look()
    assert [(item["client_id"], item["code"]) for item in look["pending"]] == [(refused, "invalid")]
    assert texts(stored(company)) == ["short"]
    room.ask("retry", refused)
    room.ask("until", "settled")
    assert [item["code"] for item in room.look()["pending"]] == ["invalid"]
    assert [id for id, _ in tries(room.look())].count(refused) == 2
    room.ask("discard", refused)
    assert room.look()["pending"] == []
    assert open_page().look()["pending"] == []


def test_a_conflict_is_retried_under_another_id(open_page: Open, company: Company, storage: Path) -> None:
    elsewhere = company.alice.make_room("Elsewhere")
    say(company.alice, elsewhere, "one", client_id=company.slug)
    item = {"client_id": company.slug, "message": "two", "queued_at": 1}
    key = f"chat-outbox:{company.alice.id}:{company.slug}:{company.slug}"
    storage.write_text(json.dumps([[key, json.dumps(item)]]))
    room = open_page()
    room.come()
    assert [item["code"] for item in room.look()["pending"]] == ["conflict"]
    assert texts(stored(company)) == []
    room.ask("retry", company.slug)
    room.ask("until", "settled")
    assert room.look()["pending"] == []
    assert texts(stored(company)) == ["two"]
    assert stored(company)[-1]["client_id"] != company.slug


def test_who_is_removed_stays_away(open_page: Open, company: Company) -> None:
    room = open_page(company.bob)
    room.come()
    company.alice.api("DELETE", f"rooms/{company.slug}/members/{company.bob.id}")
    room.ask("until", "status", "refused")
    look = room.look()
    assert look["error"]["code"] == "forbidden"
    assert [payload["code"] for event, payload in look["heard"] if event == "bye"] == ["removed"]
    assert room.rest() == 0, "no connection and no timer is left"


def test_too_large_a_hole_starts_anew(open_page: Open, company: Company) -> None:
    server, room = company.alice.server, open_page()
    say(company.bob, company.slug, "old")
    room.come()
    assert "old" in texts(room.look()["messages"])
    server.kill9()
    room.ask("until", "status", "offline")
    say_offline(company.bob, company.slug, *(f"line {number}" for number in range(TOO_MANY)))
    server.start()
    room.ask("until", "heard", f"line {TOO_MANY - 1}")
    look = room.look()
    assert [sync["recovered"] for sync in syncs(look)] == [False, False]
    assert look["messages"] == stored(company), "the newest page, and nothing older with a hole between"
    assert look["hasMore"]


def test_a_jump_to_an_old_message_and_the_way_back(open_page: Open, company: Company) -> None:
    lines = [f"line {number}" for number in range(150)]
    say(company.bob, company.slug, *lines)
    room = open_page()
    room.come()
    assert "line 40" not in texts(room.look()["messages"])
    goal = room.look()["messages"][0]["seq"] - 60
    room.ask("loadAround", goal)
    look = room.look()
    places = [message["seq"] for message in look["messages"]]
    assert goal in places
    assert places == list(range(places[0], places[-1] + 1))
    assert (look["hasMore"], look["hasNewer"]) == (True, True)
    say(company.bob, company.slug, "said meanwhile")
    while room.look()["hasNewer"]:
        assert "said meanwhile" not in texts(room.look()["messages"]), "there is a hole before it"
        room.ask("loadNewer")
    look = room.look()
    assert [message["seq"] for message in look["messages"]] == list(range(places[0], look["position"] + 1))
    assert look["messages"][-50:] == stored(company)

    room.ask("loadAround", 3)
    room.ask("send", "from far away")
    room.ask("until", "settled")
    assert "from far away" not in texts(room.look()["messages"])
    room.ask("loadNewest")
    assert room.look()["messages"] == stored(company)
    assert texts(stored(company))[-1] == "from far away"


def test_a_reply_is_sent_without_what_is_only_shown(open_page: Open, company: Company) -> None:
    say(company.bob, company.slug, "Tea?")
    question = stored(company)[-1]
    room = open_page()
    room.ask("send", "Yes", {"reply_to": question["id"], "preview": {"quote": {"message": "Tea?"}}})
    room.crash()
    reloaded = open_page()
    assert reloaded.look()["pending"][0]["preview"] == {"quote": {"message": "Tea?"}}
    reloaded.come()
    answer = reloaded.look()["messages"][-1]
    assert (answer["message"], answer["reply_to"], answer["quote"]["message"]) == ("Yes", question["id"], "Tea?")
