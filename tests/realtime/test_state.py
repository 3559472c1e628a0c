"""State and events give the state that one would fetch afterwards: for every kind of change, over every door."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import pytest

from tests.clients import Event, LiveClient, SocketIOClient, WebSocketClient
from tests.people import Person
from tests.servers import ChatServer

pytestmark = pytest.mark.asyncio

QUOTED = 200  # characters of a message that its quotes show


class Room:
    """A room of Ada with Bob in it, one message of Ada's, and one of Bob's that quotes it."""

    def __init__(self, server: ChatServer) -> None:
        self.ada = Person.register(server, "Ada")
        self.bob = Person.register(server, "Bob")
        self.cleo = Person.register(server, "Cleo")
        self.slug = self.ada.make_room("State", member_ids=[self.bob.id])
        self.message = self.do(self.ada, "POST", "messages", message="one", client_id="1")["id"]
        self.reply = self.do(self.bob, "POST", "messages", message="indeed", reply_to=self.message)["id"]

    def do(self, person: Person, method: str, path: str, **body: Any) -> Any:
        answer = person.api(method, f"rooms/{self.slug}{'/' if path else ''}{path}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def messages(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.do(self.ada, "GET", "messages?limit=100")["items"]
        return items

    def pins(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.do(self.ada, "GET", "pins")["items"]
        return items

    def reads(self) -> dict[int, int]:
        return {read["user_id"]: read["seq"] for read in self.do(self.ada, "GET", "reads")["items"]}

    def about(self) -> dict[str, Any]:
        found = self.do(self.ada, "GET", "")
        return {key: found[key] for key in ("slug", "name", "kind")}

    @property
    def path(self) -> str:
        return f"messages/{self.message}"


class State:
    """What a client shows: what it has fetched and, since, what it was told."""

    def __init__(self, room: Room, sync: dict[str, Any]) -> None:
        self.position: int = sync["seq"]
        self.messages: dict[int, dict[str, Any]] = {}
        self.reads = room.reads()
        self.room = room.about()
        self.take(sync["messages"])

    def take(self, messages: Iterable[dict[str, Any]]) -> None:
        """Keep the newest state of messages, and bring what quotes them up to date."""
        for changed in deepcopy(list(messages)):
            self.messages[changed["id"]] = changed
            for message in self.messages.values():
                if message["reply_to"] == changed["id"]:
                    message["quote"]["message"] = changed["message"][:QUOTED]
                    message["quote"]["deleted_at"] = changed["deleted_at"]

    def hear(self, event: Event) -> None:
        match event:
            case Event("message" | "message_updated", message):
                assert message["updated_seq"] == self.position + 1, "no hole, nothing twice"
                assert (event.name == "message") == (message["id"] not in self.messages)
                self.position = message["updated_seq"]
                self.take([message])
                if message["kind"] in {"text", "joined"} and event.name == "message":
                    self.reads[message["sender"]["id"]] = message["seq"]  # who writes has read what came before
            case Event("read", read):
                self.reads[read["user_id"]] = read["seq"]
            case Event("room", news):
                self.room = news

    def assert_same_as_fetched(self, room: Room) -> None:
        messages = sorted(self.messages.values(), key=lambda message: message["seq"])
        assert messages == room.messages()
        pinned = [message for message in messages if message["pinned_at"]]
        assert sorted(pinned, key=lambda message: message["pinned_at"], reverse=True) == room.pins()
        assert self.room == room.about()
        fetched = room.reads()
        assert {user_id: self.reads[user_id] for user_id in fetched} == fetched  # who left is still in ours


def edited_twice(room: Room) -> None:
    room.do(room.ada, "PATCH", room.path, message="two")
    room.do(room.ada, "PATCH", room.path, message="three")


def taken_back(room: Room) -> None:
    room.do(room.bob, "PUT", f"{room.path}/reactions/🎉")
    room.do(room.ada, "PUT", f"{room.path}/reactions/🎉")
    room.do(room.bob, "DELETE", f"{room.path}/reactions/🎉")


def quoted_and_changed(room: Room, method: str, **body: Any) -> None:
    """One more reply, and a change of what it quotes and of itself."""
    reply = room.do(room.ada, "POST", "messages", message="so it is", reply_to=room.message)
    room.do(room.ada, method, room.path, **body)
    room.do(room.bob, "PUT", f"messages/{reply['id']}/reactions/🎉")


def pinned_both(room: Room) -> None:
    room.do(room.ada, "PUT", f"messages/{room.reply}/pin")
    room.do(room.ada, "PUT", f"{room.path}/pin")


def unpinned_one(room: Room) -> None:
    pinned_both(room)
    room.do(room.ada, "DELETE", f"{room.path}/pin")


def pinned_and_deleted(room: Room) -> None:
    pinned_both(room)
    room.do(room.ada, "DELETE", room.path)


def read_on(room: Room) -> None:
    for seq in (1, 3, 2):
        room.do(room.bob, "POST", "read", seq=seq)


CHANGES: dict[str, Callable[[Room], Any]] = {
    "sent": lambda room: room.do(room.bob, "POST", "messages", message="hi", reply_to=room.message),
    "mentioned": lambda room: room.do(room.bob, "POST", "messages", message="hi", mention_ids=[room.ada.id]),
    "retried": lambda room: room.do(room.ada, "POST", "messages", message="one", client_id="1"),
    "edited": edited_twice,
    "edited to the same": lambda room: room.do(room.ada, "PATCH", room.path, message="one"),
    "edited at length": lambda room: room.do(room.ada, "PATCH", room.path, message="long " * 100),
    "deleted": lambda room: room.do(room.ada, "DELETE", room.path),
    "quoted and edited": lambda room: quoted_and_changed(room, "PATCH", message="another"),
    "quoted and deleted": lambda room: quoted_and_changed(room, "DELETE"),
    "reacted": lambda room: room.do(room.bob, "PUT", f"{room.path}/reactions/🎉"),
    "unreacted": taken_back,
    "pinned": pinned_both,
    "unpinned": unpinned_one,
    "pinned and deleted": pinned_and_deleted,
    "read": read_on,
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
        before, state = State(room, client.sync), State(room, client.sync)
        CHANGES[change](room)
        # A last message closes the list: when it is here, everything before it is.
        end = await client.send_message("the end")
        while state.position < end["updated_seq"]:
            state.hear(await client.events.take())
        state.assert_same_as_fetched(room)
        await assert_the_same_for_others(server, door, room, before)  # from what the worker remembers
    await assert_the_same_for_others(server, door, room, before)  # from the database


async def assert_the_same_for_others(server: ChatServer, door: type[LiveClient], room: Room, before: State) -> None:
    """Who was away meanwhile gets to the same by `since`, on top of what they had; who comes anew by `sync` alone."""
    async with await door.open(server.url, room.slug, room.ada.token, since=before.position) as late:
        assert late.sync["recovered"]
        positions = [message["updated_seq"] for message in late.sync["messages"]]
        assert positions == sorted(positions)
        had = deepcopy(before)
        had.take(late.sync["messages"])
        assert sorted(had.messages.values(), key=lambda message: message["seq"]) == room.messages()
    async with await door.open(server.url, room.slug, room.ada.token) as new:
        assert new.sync["messages"] == room.messages()
