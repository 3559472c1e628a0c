"""Who is measured: our server and its peers, each started the same way, with what a client has to say to each."""

import json
import os
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import psycopg

from benchmarks.generator import Seat
from tests.processes import ROOT, Server, find_program
from tests.servers import ChatServer, PostgresServer, RedisServer

FOLDER = Path(__file__).parent
PLENTY = "1000000000/second"
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"


class Peer(Server):
    """A program that is given its address, database and Redis in the environment."""

    def __init__(self, arguments: list[str], database: str, redis_url: str) -> None:
        super().__init__()
        self.arguments = arguments
        self.settings = {"PORT": str(self.port), "DATABASE_URL": database, "REDIS_URL": redis_url}

    def command(self) -> list[str]:
        return [argument.replace("$PORT", str(self.port)) for argument in self.arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NODE_ENV": "production", **self.settings}

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Side(ABC):
    """One kind of server. `key` names it on the command line."""

    key: str
    title: str
    table = "message"  # where its messages are
    many_rooms = True  # one connection can be in many rooms

    def __init__(self, postgres: PostgresServer, redis: RedisServer) -> None:
        self.redis = redis
        self.database = postgres.create_database(self.key.replace("-", "_"))
        self.prepare()

    def prepare(self) -> None:
        with psycopg.connect(self.database) as connection:
            connection.execute((FOLDER / "peers" / "schema.sql").read_bytes())

    @abstractmethod
    def server(self) -> Server:
        """A new server of this kind, not started."""

    @abstractmethod
    def rooms(self, count: int, members: int, *, people: int | None = None) -> list[list[Seat]]:
        """New rooms, each with a seat for each member; so many people take the seats in turn, else one a seat."""

    @abstractmethod
    def holder(self, seats: list[Seat]) -> Seat:
        """All these seats, in different rooms, over one connection."""

    def stored(self) -> int:
        """How many messages the database has."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(f"SELECT count(*) FROM {self.table}".encode()).fetchone()
        assert row is not None
        return int(row[0])


class Ours(Side):
    """Rooms are namespaces; every connection has its person's Knox token and a membership."""

    key = "ours"
    title = "chat_api"
    table = "chat_message"

    def prepare(self) -> None:
        server = self.server()
        try:
            server.manage("migrate", "--verbosity", "0")
        finally:
            server.close()

    def server(self) -> ChatServer:
        return ChatServer(**self.environment())

    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "backend.settings",
            "SECRET_KEY": "only-for-benchmarks-but-as-long-as-a-real-one",
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis.url,
            "RATE_MESSAGES": PLENTY,
            "RATE_CONNECT": PLENTY,
            "RATE_LOGIN": PLENTY,
            "LOG_LEVEL": "WARNING",
        }

    def rooms(self, count: int, members: int, *, people: int | None = None) -> list[list[Seat]]:
        made = self.make_rooms(count, members, people=people)
        return [[self.seat(slug, token) for token in tokens] for slug, tokens in made]

    def make_rooms(
        self, count: int, members: int, *, people: int | None = None, messages: int = 0
    ) -> list[tuple[str, list[str]]]:
        """(slug, tokens of its members) of new rooms that have so many messages already."""
        numbers = [count, members, messages, people or count * members]
        command = [sys.executable, "-m", "benchmarks.world", *map(str, numbers)]
        environment = {**os.environ, **self.environment()}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
        return [(slug, tokens) for slug, tokens in json.loads(done.stdout)]

    def seat(self, slug: str, token: str) -> Seat:
        auth = json.dumps({"token": token}, separators=(",", ":"))
        return Seat(
            path=SOCKET_IO,
            greetings=(f"40/{slug},{auth}".encode(),),
            ready=b'["sync"',
            head=f'42/{slug},1["message",{{"message":"'.encode(),
            tail=b'"}]',
            acks=True,
            ack_marks=1,
        )

    def holder(self, seats: list[Seat]) -> Seat:
        greetings = tuple(seat.greetings[0] for seat in seats)
        return Seat(path=SOCKET_IO, greetings=greetings, ready=b'["sync"', ready_count=len(seats))


class OursWebSocket(Ours):
    """The same server through its plain WebSocket door."""

    key = "ours-ws"
    title = "chat_api, plain WebSocket"
    many_rooms = False

    def seat(self, slug: str, token: str) -> Seat:
        return Seat(
            path=f"/ws/chat/{slug}/",
            headers={"Authorization": f"Token {token}"},
            ready=b'{"type":"sync"',
            head=b'{"ref":"1","message":"',
            tail=b'"}',
            acks=True,
            ack_marks=1,
        )

    def holder(self, seats: list[Seat]) -> Seat:
        [seat] = seats
        return seat


class SocketIOPeer(Side):
    """The usual Socket.IO server: one namespace, rooms asked for in `auth`, a message goes to the first."""

    made = 0

    def rooms(self, count: int, members: int, *, people: int | None = None) -> list[list[Seat]]:
        first = self.made
        self.made += count
        return [[self._seat([f"room-{number}"])] * members for number in range(first, first + count)]

    def _seat(self, rooms: list[str]) -> Seat:
        return Seat(
            path=SOCKET_IO,
            greetings=(f"40{json.dumps({'rooms': rooms})}".encode(),),
            ready=b"40",
            head=b'421["message",{"message":"',
            tail=b'"}]',
            acks=True,
        )

    def holder(self, seats: list[Seat]) -> Seat:
        return self._seat([json.loads(seat.greetings[0][2:])["rooms"][0] for seat in seats])


class Node(SocketIOPeer):
    key = "node"
    title = "Node socket.io"

    def server(self) -> Server:
        program = find_program("node")
        return Peer([program, str(FOLDER / "peers" / "node.js")], self.database, self.redis.url)


class Stock(SocketIOPeer):
    key = "stock"
    title = "python-socketio"

    def server(self) -> Server:
        return Peer(uvicorn("benchmarks.peers.stock:application"), self.database, self.redis.url)


class Channels(Side):
    key = "channels"
    title = "Channels tutorial"
    many_rooms = False
    made = 0

    def server(self) -> Server:
        return Peer(uvicorn("benchmarks.peers.tutorial:application"), self.database, self.redis.url)

    def rooms(self, count: int, members: int, *, people: int | None = None) -> list[list[Seat]]:
        first = self.made
        self.made += count
        return [
            [Seat(path=f"/ws/chat/room-{number}/", head=b'{"message":"', tail=b'"}')] * members
            for number in range(first, first + count)
        ]

    def holder(self, seats: list[Seat]) -> Seat:
        [seat] = seats
        return seat


def uvicorn(application: str) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", "$PORT", "--log-level", "warning", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", application, *options]


SIDES: dict[str, type[Side]] = {side.key: side for side in (Ours, Node, Stock, Channels, OursWebSocket)}
DEFAULT_SIDES = ["ours", "node", "stock", "channels"]
