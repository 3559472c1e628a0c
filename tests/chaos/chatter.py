"""A chat client as apps have it: keeps its position and an outbox, comes back by itself. All it does is recorded."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from websockets.exceptions import WebSocketException

from tests.chaos.history import (
    Acked,
    Changed,
    Gone,
    History,
    Participant,
    Received,
    Refused,
    Sent,
    State,
    Synced,
    Unanswered,
)
from tests.clients import Event, LiveClient
from tests.clients import Refused as NotAllowed
from tests.people import Person
from tests.servers import ChatServer
from tests.wire import Closed

FIRST_PAUSE = 0.05  # seconds before trying all workers again, doubled each time
LONGEST_PAUSE = 0.5
OPEN_SECONDS = 3.0  # for one try to get in
OUTBOX = 20  # messages without an ack; over it the app's "send" button is grey
FOR_EVER = 3_600.0


class Chatter:
    """One person in one room, who says `rate` messages a second while it talks.

    It edits some of its own messages if it `edits`, and reacts to others of the user `likes_of`.
    """

    def __init__(
        self,
        history: History,
        person: Person,
        slug: str,
        door: type[LiveClient],
        servers: Sequence[ChatServer],
    ) -> None:
        self.history = history
        self.person = person
        self.name = person.name
        self.slug = slug
        self.door = door
        self.servers = servers
        self.rate = 0.0
        self.edits = False
        self.likes_of: int | None = None
        self.position: int | None = None
        self.outbox: dict[str, str] = {}
        self.connected = asyncio.Event()
        self._live: LiveClient | None = None
        self._on_purpose = False
        self._under_way: set[str] = set()
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._stay: asyncio.Task[None] | None = None
        history.clients[self.name] = Participant(slug, person.id)

    async def start(self) -> None:
        """Come in and stay; raises what keeps it out."""
        self._stay = asyncio.create_task(self._stay_connected())
        self._stay.add_done_callback(lambda _: self._moved.set())
        await self.until(self.connected.is_set)

    async def stop(self) -> None:
        """Leave; raises what went wrong while it was there."""
        if self._stay is not None:
            self._stay.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._stay
        await asyncio.gather(*self._tasks)

    async def until(self, answer: Callable[[], bool]) -> None:
        """Wait until the answer is yes; raises what ended the client."""
        while not answer():
            if self._stay is not None and self._stay.done():
                self._stay.result()
            self._moved.clear()
            await self._moved.wait()

    async def reach(self, seq: int) -> None:
        """Wait until it has got everything up to `seq`."""
        await self.until(lambda: self.position is not None and self.position >= seq)

    def settled(self) -> bool:
        """Whether everything said is answered."""
        return not self.outbox and not self._tasks

    def say(self) -> None:
        """Put one more message into the outbox, and send it if there is a connection."""
        if len(self.outbox) >= OUTBOX:
            return
        number = next(self._numbers)
        self.outbox[f"{self.name}-{number}"] = f"Message {number} of {self.name}"
        self._send_all()

    def cut(self) -> None:
        """Lose the connection, as in a tunnel."""
        if self._live is not None:
            self._on_purpose = True
            self._live.abort()

    async def talk(self, *, seconds: float, cut_every: float | None = None) -> None:
        """Talk for so long; with `cut_every`, lose the connection every so many seconds or so."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self.say, seconds, 1 / self.rate if self.rate else None))
            group.create_task(self._repeat(self.cut, seconds, cut_every))

    async def _repeat(self, action: Callable[[], None], seconds: float, every: float | None) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while every and loop.time() < end:
            await asyncio.sleep(random.uniform(0.5, 1.5) * every)
            action()

    async def _stay_connected(self) -> None:
        while True:
            live = await self._connect()
            self._live, self._on_purpose = live, False
            self.connected.set()
            self._moved.set()
            self._send_all()
            try:
                while True:
                    self._hear(await live.events.take(seconds=FOR_EVER))
            except Closed as closed:
                self.history.add(Gone(self.name, closed.code, self._on_purpose))
            finally:
                self.connected.clear()
                self._live = None
                live.abort()

    async def _connect(self) -> LiveClient:
        """Try the workers in any order, then all again after a growing pause."""
        pause = FIRST_PAUSE
        while True:
            for server in random.sample(self.servers, len(self.servers)):
                since = self.position
                try:
                    async with asyncio.timeout(OPEN_SECONDS):
                        live = await self.door.open(server.url, self.slug, self.person.token, since)
                except NotAllowed as refused:
                    if refused.code != "unavailable":
                        raise
                except (Closed, OSError, TimeoutError, WebSocketException):
                    pass
                else:
                    self._entered(since, live.sync)
                    return live
            await asyncio.sleep(random.uniform(0.5, 1) * pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _entered(self, since: int | None, sync: dict[str, Any]) -> None:
        states = tuple(map(State.of, sync["messages"]))
        self.history.add(Synced(self.name, since, sync["seq"], sync["recovered"], states))
        self.position = sync["seq"]

    def _hear(self, event: Event) -> None:
        if event.name not in {"message", "message_updated"}:
            return
        state = State.of(event.payload)
        self.history.add(Received(self.name, event.name, state))
        self.position = max(state.updated_seq, self.position or 0)
        self._moved.set()
        if event.name == "message" and state.sender == self.likes_of and state.seq % 8 == 4:
            self._spawn(self._change("react", id=state.id, emoji="👍"))

    def _send_all(self) -> None:
        """Send what has no ack and is not under way, in order."""
        if self._live is None:
            return
        for client_id, text in self.outbox.items():
            if client_id not in self._under_way:
                self._under_way.add(client_id)
                self._spawn(self._send(self._live, client_id, text))

    async def _send(self, live: LiveClient, client_id: str, text: str) -> None:
        self.history.add(Sent(self.name, client_id, text))
        try:
            ack = await live.emit("message", {"message": text, "client_id": client_id})
        except (Closed, TimeoutError) as error:
            self.history.add(Unanswered(self.name, client_id, self._on_purpose))
            if isinstance(error, TimeoutError):
                live.abort()
            self._under_way.discard(client_id)
            if self._live is not live:
                self._send_all()
            return
        if ack["ok"]:
            state = State.of(ack["data"])
            self.history.add(Acked(self.name, client_id, state))
            self._under_way.discard(client_id)
            del self.outbox[client_id]
            if self.edits and state.seq % 8 == 0:
                self._spawn(self._change("edit", id=state.id, message=f"{text}, edited"))
            return
        refusal = ack["error"]
        self.history.add(Refused(self.name, client_id, refusal["code"]))
        assert refusal["code"] == "unavailable", refusal
        await asyncio.sleep(min(refusal.get("retry_after") or FIRST_PAUSE, LONGEST_PAUSE))
        self._under_way.discard(client_id)
        self._send_all()

    async def _change(self, event: str, **payload: object) -> None:
        """Change a message once; a lost answer is not asked for again."""
        if self._live is None:
            return
        with contextlib.suppress(Closed, TimeoutError):
            ack = await self._live.emit(event, payload)
            if ack["ok"]:
                self.history.add(Changed(self.name, State.of(ack["data"])))
            else:
                assert ack["error"]["code"] == "unavailable", ack

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        # A failed task stays, for `stop` to raise.
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)
        self._moved.set()
