"""Engine.IO over HTTP long-polling, spoken by hand."""

import json

import httpx

from tests.servers import ChatServer
from tests.wire import Packet

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
