"""Engine.IO over HTTP long-polling, spoken by hand."""

import asyncio
import json
from typing import Any, Self

import httpx

from tests.clients import Event
from tests.inbox import SECONDS, Inbox
from tests.servers import ChatServer
from tests.wire import Packet, Wire

SEPARATOR = "\x1e"


class Poller:
    """An Engine.IO session over polling."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        opened = server.http.get("/socket.io/", params={"EIO": "4", "transport": "polling"})
        self.params = {"EIO": "4", "transport": "polling", "sid": json.loads(opened.text[1:])["sid"]}

    def post(self, body: bytes) -> httpx.Response:
        return self.server.http.post("/socket.io/", params=self.params, content=body)

    def say(self, *packets: Packet) -> None:
        assert self.post(SEPARATOR.join(f"4{packet}" for packet in packets).encode()).text == "OK"

    def poll(self) -> list[Packet]:
        answer = self.server.http.get("/socket.io/", params=self.params)
        return [Packet.parse(text[1:]) for text in answer.text.split(SEPARATOR) if text.startswith("4")]

    def hear(self, event: str) -> list[Packet]:
        """Poll until an event comes, a few times at most; everything up to it."""
        heard: list[Packet] = []
        for _ in range(10):
            heard += self.poll()
            if any(packet.kind == 2 and packet.data[0] == event for packet in heard):
                return heard
        raise AssertionError(f"No {event}, but {heard}")


class PollingClient:
    """Somebody in a room over polling, all the time; `upgrade` goes over to a WebSocket while it hears."""

    sync: dict[str, Any]
    _polling: asyncio.Task[None]

    def __init__(self, url: str) -> None:
        self.events: Inbox[Event] = Inbox()
        self.wire: Wire | None = None
        self._url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=3 * SECONDS, trust_env=False)
        self._params = {"EIO": "4", "transport": "polling"}
        self._upgrading = False

    @classmethod
    async def open(cls, url: str, slug: str, token: str) -> Self:
        client = cls(url)
        opened = await client._http.get("/socket.io/", params=client._params)
        client._params["sid"] = json.loads(opened.text[1:])["sid"]
        await client._post(f"4{Packet(0, f'/{slug}', None, {'token': token})}")
        client._polling = asyncio.create_task(client._poll())
        client.sync = (await client.events.take(lambda event: event.name == "sync")).payload
        return client

    async def upgrade(self) -> None:
        """Probe, take what the open poll still brings, and go on with the WebSocket."""
        path = f"/socket.io/?EIO=4&transport=websocket&sid={self._params['sid']}"
        socket = await Wire.connect(self._url, path)
        await socket.send("2probe")
        assert await socket.recv() == "3probe"
        self._upgrading = True
        await self._polling
        await socket.send("5")
        self.wire = Wire(socket, self._heard, self.events.end)

    async def close(self) -> None:
        if self.wire is not None:
            await self.wire.close()
        else:
            self._upgrading = True
            await self._post("1")
            await self._polling
        await self._http.aclose()

    async def _poll(self) -> None:
        while not self._upgrading:
            answer = await self._http.get("/socket.io/", params=self._params)
            for text in answer.text.split(SEPARATOR):
                if reply := self._heard(text):
                    await self._post(reply)

    async def _post(self, body: str) -> None:
        answer = await self._http.post("/socket.io/", params=self._params, content=body)
        assert answer.text == "OK", answer.text

    def _heard(self, text: str) -> str | None:
        if text[:1] == "4" and (packet := Packet.parse(text[1:])).kind == 2:
            self.events.put(Event(*packet.data))
        return "3" if text[:1] == "2" else None
