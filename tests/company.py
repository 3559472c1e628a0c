"""The people of a test: two in a room, and one who is not."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self, TypeVar

from tests.clients import Client
from tests.people import Person
from tests.servers import ChatServer

AnyClient = TypeVar("AnyClient", bound=Client)


class Enter(Protocol):
    """Open a door for a person, who leaves when the test ends: `bob = await enter(WebSocketClient, company.bob)`."""

    async def __call__(self, door: type[AnyClient], person: Person, since: int | None = None) -> AnyClient: ...


@dataclass(frozen=True)
class Company:
    """Alice owns the room `slug`, Bob is a member, Mallory is not."""

    slug: str
    alice: Person
    bob: Person
    mallory: Person

    @classmethod
    def gather(cls, server: ChatServer) -> Self:
        """The same people as before, in a new private room."""
        alice, bob, mallory = _people(server)
        return cls(alice.make_room("Tea", kind="private", member_ids=[bob.id]), alice, bob, mallory)

    @asynccontextmanager
    async def doorman(self) -> AsyncIterator[Enter]:
        """Lets people in, through the worker that each of them talks to."""
        async with AsyncExitStack() as stack:

            async def enter(door: type[AnyClient], person: Person, since: int | None = None) -> AnyClient:
                client = await door.open(person.server.url, self.slug, person.token, since)
                stack.push_async_callback(client.close)
                return client

            yield enter


@cache
def _people(server: ChatServer) -> tuple[Person, Person, Person]:
    return Person.register(server, "Alice"), Person.register(server, "Bob"), Person.register(server, "Mallory")
