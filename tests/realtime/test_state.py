"""State and events give the state that one would fetch afterwards: for every kind of change, over every door."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import LiveClient, SocketIOClient, WebSocketClient
from tests.people import Person
from tests.servers import ChatServer

pytestmark = pytest.mark.asyncio


class Room:
    """A room of Ada with Bob in it, and one message of Ada's."""

    def __init__(self, server: ChatServer) -> None:
        self.ada = Person.register(server, "Ada")
        self.bob = Person.register(server, "Bob")
        self.cleo = Person.register(server, "Cleo")
        self.slug = self.ada.make_room("State", member_ids=[self.bob.id])
        self.message = self.do(self.ada, "POST", "messages", message="one", client_id="1")["id"]

    def do(self, person: Person, method: str, path: str, **body: Any) -> Any:
        answer = person.api(method, f"rooms/{self.slug}{'/' if path else ''}{path}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def fetch(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.do(self.ada, "GET", "messages?limit=100")["items"]
        return items

    @property
    def path(self) -> str:
        return f"messages/{self.message}"


def edited_twice(room: Room) -> None:
    room.do(room.ada, "PATCH", room.path, message="two")
    room.do(room.ada, "PATCH", room.path, message="three")


def taken_back(room: Room) -> None:
    room.do(room.bob, "PUT", f"{room.path}/reactions/🎉")
    room.do(room.ada, "PUT", f"{room.path}/reactions/🎉")
    room.do(room.bob, "DELETE", f"{room.path}/reactions/🎉")


CHANGES: dict[str, Callable[[Room], Any]] = {
    "sent": lambda room: room.do(room.bob, "POST", "messages", message="hi", reply_to=room.message),
    "retried": lambda room: room.do(room.ada, "POST", "messages", message="one", client_id="1"),
    "edited": edited_twice,
    "edited to the same": lambda room: room.do(room.ada, "PATCH", room.path, message="one"),
    "deleted": lambda room: room.do(room.ada, "DELETE", room.path),
    "reacted": lambda room: room.do(room.bob, "PUT", f"{room.path}/reactions/🎉"),
    "unreacted": taken_back,
    "joined": lambda room: room.do(room.cleo, "POST", "join"),
    "added": lambda room: room.do(room.ada, "POST", "members", user_id=room.cleo.id),
    "left": lambda room: room.do(room.bob, "POST", "leave"),
    "removed": lambda room: room.do(room.ada, "DELETE", f"members/{room.bob.id}"),
    "renamed": lambda room: room.do(room.ada, "PATCH", "", name="New"),
}


@pytest.mark.parametrize("door", [SocketIOClient, WebSocketClient])
@pytest.mark.parametrize("change", CHANGES)
async def test_state_plus_events_is_the_state_fetched_afterwards(
    server: ChatServer, door: type[LiveClient], change: str
) -> None:
    room = Room(server)
    async with await door.open(server.url, room.slug, room.ada.token) as client:
        state = {message["id"]: message for message in client.sync["messages"]}
        position = client.sync["seq"]
        CHANGES[change](room)
        # A last message closes the list: when it is here, everything before it is.
        end = await client.send_message("the end")
        while position < end["updated_seq"]:
            event = await client.events.take(lambda event: event.name in {"message", "message_updated"})
            assert event.payload["updated_seq"] == position + 1, "no hole, nothing twice"
            assert (event.name == "message") == (event.payload["id"] not in state)
            position = event.payload["updated_seq"]
            state[event.payload["id"]] = event.payload
        assert sorted(state.values(), key=lambda message: message["seq"]) == room.fetch()

    # The same for somebody who was away meanwhile: what `since` brings, on top of what they had.
    async with await door.open(server.url, room.slug, room.ada.token, since=2) as late:
        assert late.sync["recovered"]
        assert {message["id"]: message for message in late.sync["messages"]}.items() <= state.items()
        assert [message["updated_seq"] for message in late.sync["messages"]] == sorted(
            message["updated_seq"] for message in state.values() if message["updated_seq"] > 2
        )
