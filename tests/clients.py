"""Clients that speak the wire by hand, one class a door, all with the interface of `Client`.

async with await SocketIOClient.open(server.url, slug, alice.token) as alice:
    sent = await alice.send_message("Hello")
    await alice.wait_for("message", lambda message: message["id"] == sent["id"])
"""

import abc
import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import quote

import httpx
from websockets.typing import Subprotocol

from tests.inbox import SECONDS, Inbox
from tests.wire import Closed, EngineIO, Packet, Wire

Ack = dict[str, Any]  # {ok: true, data} or {ok: false, error}


class Event(NamedTuple):
    name: str
    payload: Any


class Refused(Exception):
    """The server said no; `error` is the error object, `closed` how a WebSocket ended with it."""

    def __init__(self, error: dict[str, Any], closed: Closed | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.closed = closed

    @property
    def code(self) -> str:
        return str(self.error["code"])


class Client(abc.ABC):
    """One person in one room through one door. A context manager; everything waits `SECONDS` at most."""

    door: ClassVar[str]
    sync: dict[str, Any]  # what the server sent first

    @classmethod
    @abc.abstractmethod
    async def open(cls, url: str, slug: str, token: str, since: int | None = None) -> Self:
        """Enter the room; `Refused` if the server does not let us in."""

    @abc.abstractmethod
    async def emit(self, event: str, payload: Any) -> Ack:
        """Send a command and wait for its ack."""

    @abc.abstractmethod
    async def close(self) -> None: ...

    async def call(self, event: str, **payload: Any) -> Any:
        """Send a command and give its data; `Refused` if the ack says no."""
        ack = await self.emit(event, payload)
        if not ack["ok"]:
            raise Refused(ack["error"])
        return ack["data"]

    async def send_message(self, text: str, **details: Any) -> Any:
        return await self.call("message", message=text, **details)

    async def history(self, **page: int) -> Any:
        return await self.call("history", **page)

    async def typing(self, typing: bool = True) -> Any:
        return await self.call("typing", typing=typing)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


class LiveClient(Client):
    """A client that hears what happens: `events.all` is everything so far, `wait_for` takes one."""

    wire: Wire
    first: ClassVar[str] = "sync"  # the event that the server begins with

    def __init__(self) -> None:
        self.events: Inbox[Event] = Inbox()
        self._acks: dict[int, asyncio.Future[Ack]] = {}
        self._ids = itertools.count(1)
        self._closed: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()

    async def wait_for(
        self, name: str, fits: Callable[[Any], Any] = lambda _: True, *, seconds: float = SECONDS
    ) -> Any:
        """The payload of the next event of that name that fits; `Closed` if the connection ends before."""
        event = await self.events.take(lambda event: event.name == name and fits(event.payload), seconds=seconds)
        return event.payload

    async def wait_closed(self, *, seconds: float = SECONDS) -> Closed:
        """How the server ended the connection."""
        async with asyncio.timeout(seconds):
            return await asyncio.shield(self._closed)

    @abc.abstractmethod
    async def tell(self, event: str, payload: Any) -> None:
        """Send a command without asking for an ack."""

    async def close(self) -> None:
        await self.wire.close()

    def abort(self) -> None:
        """Cut the TCP connection, without a goodbye."""
        self.wire.abort()

    def pause_reading(self) -> None:
        """Take no more bytes from the network, as a client that hangs."""
        self.wire.pause_reading()

    def resume_reading(self) -> None:
        self.wire.resume_reading()

    def _expect_ack(self) -> tuple[int, asyncio.Future[Ack]]:
        if self._closed.done():
            raise self._closed.result()
        number = next(self._ids)
        self._acks[number] = asyncio.get_running_loop().create_future()
        return number, self._acks[number]

    def _acked(self, number: object, ack: Ack) -> bool:
        future = self._acks.pop(number, None) if isinstance(number, int) else None
        if future is None or future.done():
            return False
        future.set_result(ack)
        return True

    def end(self, closed: Closed) -> None:
        self.events.end(closed)
        if not self._closed.done():
            self._closed.set_result(closed)
        for future in self._acks.values():
            if not future.done():
                future.set_exception(closed)
                future.exception()  # whoever waits gets it; nobody has to


class WebSocketClient(LiveClient):
    """`/ws/chat/<slug>/`; `frames` has everything as it came, also what was no event."""

    door = "websocket"

    @classmethod
    async def open(cls, url: str, slug: str, token: str, since: int | None = None) -> Self:
        path = f"/ws/chat/{slug}/" + ("" if since is None else f"?since={since}")
        return await cls.open_path(url, path, headers={"Authorization": f"Token {token}"})

    @classmethod
    async def open_path(
        cls, url: str, path: str, *, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] = ()
    ) -> Self:
        """Any path, headers and subprotocols."""
        client = cls()
        options = {"subprotocols": [Subprotocol(name) for name in subprotocols] or None}
        socket = await Wire.connect(url, path, additional_headers=headers, **options)
        client.wire = Wire(socket, client._heard, client.end)
        try:
            first = await client.events.take()
        except Closed as closed:
            if not closed.reason:
                raise
            raise Refused(json.loads(closed.reason), closed) from closed
        except BaseException:
            client.abort()
            raise
        assert first.name == cls.first, first
        client.sync = first.payload
        return client

    async def emit(self, event: str, payload: Any) -> Ack:
        return await self.send({"type": event, **payload})

    async def send(self, frame: dict[str, Any]) -> Ack:
        """Send a frame under a `ref` of its own and wait for the ack."""
        ref, ack = self._expect_ack()
        await self.wire.send(json.dumps({**frame, "ref": ref}))
        async with asyncio.timeout(SECONDS):
            return await ack

    async def tell(self, event: str, payload: Any) -> None:
        await self.wire.send(json.dumps({"type": event, **payload}))

    def _heard(self, text: str) -> None:
        frame = json.loads(text)
        name = frame.pop("type")
        if name == "ack" and self._acked(frame.get("ref"), {key: frame[key] for key in frame if key != "ref"}):
            return
        self.events.put(Event(name, frame))


class SocketIOClient(LiveClient):
    """The namespace `/<slug>`, on a connection of its own or on one that others use too."""

    door = "socketio"

    def __init__(self, engine: EngineIO, namespace: str) -> None:
        super().__init__()
        self.engine = engine
        self.wire = engine.wire
        self.namespace = namespace

    @classmethod
    async def open(
        cls, url: str, slug: str, token: str, since: int | None = None, *, engine: EngineIO | None = None
    ) -> Self:
        own = engine is None
        engine = engine or await EngineIO.open(url)
        client = engine.clients[f"/{slug}"] = cls(engine, f"/{slug}")
        auth = {"token": token} if since is None else {"token": token, "since": since}
        try:
            answer = await engine.connect(client.namespace, auth)
            if answer.kind == 4:
                assert answer.data["message"] == answer.data["data"]["code"], answer
                raise Refused(answer.data["data"])
            client.sync = await client.wait_for(cls.first)
        except BaseException:
            del engine.clients[client.namespace]
            if own:
                await engine.close()
            raise
        return client

    async def emit(self, event: str, payload: Any) -> Ack:
        number, ack = self._expect_ack()
        await self.engine.send(Packet(2, self.namespace, number, [event, payload]))
        async with asyncio.timeout(SECONDS):
            return await ack

    async def tell(self, event: str, payload: Any) -> None:
        await self.engine.send(Packet(2, self.namespace, None, [event, payload]))

    async def leave(self) -> None:
        """Leave the namespace; the connection stays."""
        await self.engine.send(Packet(1, self.namespace, None, None))
        self.engine.clients.pop(self.namespace, None)
        self.end(Closed(0, "left"))

    def heard(self, packet: Packet) -> None:
        match packet.kind:
            case 1:
                self.end(Closed(0, "disconnect"))
            case 2:
                name, payload = packet.data
                self.events.put(Event(name, payload))
            case 3:
                [ack] = packet.data
                self._acked(packet.id, ack)


class RestClient(Client):
    """The operations of a room over REST, answered in the form of an ack; `status` is the last HTTP status."""

    door = "rest"

    def __init__(self, url: str, slug: str, token: str) -> None:
        headers = {"Authorization": f"Token {token}"}
        base = f"{url}/api/rooms/{slug}"
        self._http = httpx.AsyncClient(base_url=base, headers=headers, timeout=SECONDS, trust_env=False)
        self.status = 0

    @classmethod
    async def open(cls, url: str, slug: str, token: str, since: int | None = None) -> Self:
        client = cls(url, slug, token)
        ack = await client._request("GET", "/changes", params={} if since is None else {"since": since})
        if not ack["ok"]:
            await client.close()
            raise Refused(ack["error"])
        client.sync = ack["data"]
        return client

    async def emit(self, event: str, payload: Any) -> Ack:
        rest = {key: value for key, value in payload.items() if key != "id"} if isinstance(payload, dict) else payload
        match event:
            case "message":
                return await self._request("POST", "/messages", json=payload)
            case "history":
                return await self._request("GET", "/messages", params=payload)
            case "edit":
                return await self._request("PATCH", f"/messages/{payload['id']}", json=rest)
            case "delete":
                return await self._request("DELETE", f"/messages/{payload['id']}")
            case "pin" | "unpin":
                return await self._request("PUT" if event == "pin" else "DELETE", f"/messages/{payload['id']}/pin")
            case "react" | "unreact":
                emoji = quote(payload["emoji"], safe="")
                method = "PUT" if event == "react" else "DELETE"
                return await self._request(method, f"/messages/{payload['id']}/reactions/{emoji}")
            case "read":
                return await self._request("POST", "/read", json=payload)
        raise NotImplementedError(f"REST has no {event}")

    async def close(self) -> None:
        await self._http.aclose()

    async def _request(self, method: str, path: str, **request: Any) -> Ack:
        answer = await self._http.request(method, path, **request)
        self.status = answer.status_code
        return {"ok": True, "data": answer.json()} if answer.is_success else {"ok": False, "error": answer.json()}


LIVE: list[type[LiveClient]] = [SocketIOClient, WebSocketClient]
DOORS: list[type[Client]] = [RestClient, *LIVE]
