"""Clients in their inbox: the namespace `/`, and `/ws/inbox/`."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from tests.clients import Event, LiveClient, SocketIOClient, WebSocketClient
from tests.inbox import SECONDS
from tests.people import Person
from tests.servers import ChatServer

INBOX = ""  # stands for a slug
ACTIVITY = ("last_seq", "unread_count", "mention_count", "last_message")


class InboxClient(LiveClient):
    """`rooms` is the inbox by slug, brought forward by what `follow` hears."""

    first: ClassVar[str] = "inbox"
    rooms: dict[str, dict[str, Any]]

    @classmethod
    async def look(cls, person: Person, server: ChatServer | None = None) -> Self:
        """Open a person's inbox, at their server or another one."""
        client = await cls.open((server or person.server).url, INBOX, person.token)
        client.rooms = {room["slug"]: room for room in client.sync["rooms"]}
        return client

    async def follow(self, until: Callable[[dict[str, dict[str, Any]]], Any], *, seconds: float = SECONDS) -> None:
        """Apply what is told until the inbox is as wanted."""
        while not until(self.rooms):
            event = await self.events.take(seconds=seconds)
            self._apply(event)

    def _apply(self, event: Event) -> None:
        name, payload = event
        match name:
            case "room_added":
                self.rooms[payload["room"]["slug"]] = payload["room"]
            case "room_removed":
                self.rooms.pop(payload["slug"], None)
            case "room_activity":
                assert payload.keys() == {"slug", *ACTIVITY}
                self.rooms[payload["slug"]] |= payload
            case "room":
                self.rooms[payload["slug"]] |= payload
            case _:
                raise AssertionError(f"{name} in an inbox")


class WebSocketInbox(InboxClient, WebSocketClient):
    @classmethod
    async def open(cls, url: str, slug: str, token: str, since: int | None = None) -> Self:
        return await cls.open_path(url, "/ws/inbox/", headers={"Authorization": f"Token {token}"})


class SocketIOInbox(InboxClient, SocketIOClient):
    """Its namespace is that of a room without a slug."""


INBOXES: list[type[InboxClient]] = [SocketIOInbox, WebSocketInbox]
