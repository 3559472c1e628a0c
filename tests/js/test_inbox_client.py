"""The demo's inbox client, run by Node: what happens in one's rooms, over the death of the server too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.js.leash import InboxClient
from tests.people import Person
from tests.servers import ChatServer

Open = Callable[[Person], InboxClient]


@pytest.fixture(scope="module")
def mortal() -> Iterator[ChatServer]:
    """A server that these tests kill."""
    with ChatServer() as server:
        yield server
        assert "Traceback" not in server.log.read_text(), server.log_end()


@pytest.fixture
def ann(mortal: ChatServer) -> Iterator[Person]:
    yield Person.register(mortal, "Ann Berg")
    if mortal.process is None:
        mortal.start()


@pytest.fixture
def bob(mortal: ChatServer) -> Person:
    return Person.register(mortal, "Bob Okafor")


@pytest.fixture
def come(node: str, node_modules: Path) -> Iterator[Open]:
    """Opens the inbox of a person and waits for the rooms."""
    opened: list[InboxClient] = []

    def come(person: Person) -> InboxClient:
        opened.append(InboxClient(node, node_modules, person))
        opened[-1].come()
        return opened[-1]

    yield come
    for inbox in opened:
        inbox.crash()


def say(person: Person, slug: str, text: str, **more: Any) -> int:
    answer = person.api("POST", f"rooms/{slug}/messages", json={"message": text, **more})
    assert answer.is_success, answer.text
    return int(answer.json()["seq"])


def slugs(inbox: InboxClient) -> list[str]:
    return [room["slug"] for room in inbox.look()["rooms"]]


def test_it_holds_my_rooms_as_rest_gives_them(come: Open, ann: Person, bob: Person) -> None:
    first = ann.make_room("First", member_ids=[bob.id])
    second = ann.make_room("Second", member_ids=[bob.id])
    say(bob, first, "hello")
    inbox = come(ann)
    assert inbox.look()["rooms"] == ann.api("GET", "rooms").json()["items"]
    assert slugs(inbox) == [first, second], "the one where something was said last is first"


def test_what_is_said_moves_its_room_up_and_counts(come: Open, ann: Person, bob: Person) -> None:
    first = ann.make_room("First", member_ids=[bob.id])
    second = ann.make_room("Second", member_ids=[bob.id])
    inbox = come(ann)
    assert slugs(inbox) == [second, first]
    say(bob, first, "hello")
    inbox.ask("until", "last", first, "hello")
    seq = say(bob, first, "hello Ann", mention_ids=[ann.id])
    inbox.ask("until", "like", first, {"unread_count": 2, "mention_count": 1, "last_seq": seq})
    assert slugs(inbox) == [first, second]
    assert ann.api("POST", f"rooms/{first}/read", json={"seq": seq}).is_success
    inbox.ask("until", "like", first, {"unread_count": 0, "mention_count": 0})
    assert inbox.look()["rooms"][0]["name"] == "First", "what activity does not tell stays"


def test_rooms_come_change_and_go(come: Open, ann: Person, bob: Person) -> None:
    inbox = come(bob)
    assert inbox.look()["rooms"] == []
    slug = ann.make_room("Kitchen", kind="private", member_ids=[bob.id])
    inbox.ask("until", "room", slug)
    assert inbox.look()["rooms"] == [bob.api("GET", f"rooms/{slug}").json()]
    assert ann.api("PATCH", f"rooms/{slug}", json={"name": "Canteen"}).is_success
    inbox.ask("until", "like", slug, {"name": "Canteen"})
    assert ann.api("DELETE", f"rooms/{slug}/members/{bob.id}").is_success
    inbox.ask("until", "gone", slug)


def test_it_comes_back_with_what_is_there_then(come: Open, ann: Person, bob: Person, mortal: ChatServer) -> None:
    slug = ann.make_room("Kitchen", member_ids=[bob.id])
    inbox = come(ann)
    mortal.kill9()
    inbox.ask("until", "status", "offline")
    assert slugs(inbox) == [slug], "what was known is still shown"
    mortal.start()
    say(bob, slug, "back?")
    inbox.ask("until", "last", slug, "back?")


def test_after_the_log_out_it_stays_away(come: Open, ann: Person) -> None:
    inbox = come(ann)
    assert ann.api("POST", "auth/logout").is_success
    inbox.ask("until", "status", "refused")
    assert inbox.look()["error"]["code"] == "unauthorized"
    assert inbox.rest() == 0, "no connection and no timer is left"
