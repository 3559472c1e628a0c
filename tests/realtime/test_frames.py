"""WebSocket frames as they come: in any pieces, of any kind; and clients that no longer answer."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast
from urllib.parse import urlsplit

import pytest
from websockets.frames import Frame, Opcode

from backend.realtime.engine import PING_EVERY, PONG_WITHIN, Pulse, RawLink
from backend.realtime.websocket import RawSocket
from tests.clients import SocketIOClient
from tests.company import Company
from tests.inbox import SECONDS
from tests.processes import wait_until
from tests.servers import ChatServer

MESSAGES = 40
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frames_of(text: str, pieces: int = 1) -> bytes:
    """A text as a client sends it, in one frame or in several."""
    data = text.encode()
    cuts = [round(len(data) * number / pieces) for number in range(pieces + 1)]
    return b"".join(
        Frame(Opcode.CONT if begin else Opcode.TEXT, data[begin:end], fin=end == len(data)).serialize(mask=True)
        for begin, end in pairwise(cuts)
    )


async def read_frame(reader: asyncio.StreamReader) -> tuple[Opcode, bytes]:
    head, length = await reader.readexactly(2)
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    return Opcode(head & 0x0F), await reader.readexactly(length)


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(6))
async def test_a_stream_in_any_pieces(company: Company, seed: int) -> None:
    order = random.Random(seed)
    host = urlsplit(company.bob.server.url).netloc
    reader, writer = await asyncio.open_connection(*host.split(":"))
    auth = json.dumps({"token": company.bob.token})
    stream = [frames_of(f"40/{company.slug},{auth}")]
    for number in range(MESSAGES):
        text = "é" * order.choice([1, 50, 200, 4_000])
        body = json.dumps(["message", {"message": text, "client_id": f"{seed}-{number}"}], ensure_ascii=False)
        stream.append(frames_of(f"42/{company.slug},{number}{body}", pieces=order.choice([1, 1, 1, 2, 5])))
        if order.random() < 0.2:
            stream.append(Frame(Opcode.PING, b"still there?").serialize(mask=True))
        if order.random() < 0.2:
            stream.append(frames_of("3"))  # a pong of Engine.IO that nobody asked for
    pings = sum(part[0] == 0x89 for part in stream)

    async def write() -> None:
        data = b"".join(stream)
        while data:
            size = order.choice([1, 2, 3, 7, 100, 5_000, 60_000])
            writer.write(data[:size])
            data = data[size:]
            await writer.drain()

    try:
        writer.write(UPGRADE.format(host=host).encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        acks: list[int] = []
        pongs = 0
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(write())
            while len(acks) < MESSAGES or pongs < pings:
                kind, answer = await read_frame(reader)
                if kind is Opcode.PONG:
                    pongs += 1
                elif answer.startswith(head := f"43/{company.slug},".encode()):
                    id, _, ack = answer[len(head) :].partition(b"[")
                    assert json.loads(b"[" + ack)[0]["ok"], ack
                    acks.append(int(id))
        assert acks == list(range(MESSAGES))
    finally:
        writer.close()
    stored = company.bob.api("GET", f"rooms/{company.slug}/messages", params={"limit": 100}).json()["items"]
    assert [item["client_id"] for item in stored if item["client_id"]] == [f"{seed}-{n}" for n in range(MESSAGES)]


@contextlib.asynccontextmanager
async def upgraded(company: Company) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket to Engine.IO, as bytes, after the server's first frame."""
    host = urlsplit(company.bob.server.url).netloc
    reader, writer = await asyncio.open_connection(*host.split(":"))
    try:
        writer.write(UPGRADE.format(host=host).encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        await read_frame(reader)
        yield reader, writer
    finally:
        writer.close()


async def close_code(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(SECONDS):
        while True:
            kind, data = await read_frame(reader)
            if kind is Opcode.CLOSE:
                return int.from_bytes(data[:2], "big")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "stream",
    [
        Frame(Opcode.TEXT, b"4", fin=False).serialize(mask=True) + frames_of("3"),
        b"\x81\x00" * 100_000,
        frames_of("3") + Frame(Opcode.TEXT, b"3").serialize(mask=False),
    ],
    ids=["a text inside another", "many without a mask", "one without a mask"],
)
async def test_what_breaks_the_rules_ends_the_connection(company: Company, stream: bytes) -> None:
    async with upgraded(company) as (reader, writer):
        writer.write(stream)
        assert await close_code(reader) == 1002
    assert company.bob.api("GET", "users/me").status_code == 200


async def ping_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1_000)
        await writer.drain()


@pytest.mark.asyncio
async def test_who_pings_without_end_is_cut_off(company: Company) -> None:
    async with upgraded(company) as (_, writer), asyncio.timeout(SECONDS):
        with pytest.raises(ConnectionError):
            await ping_for_ever(writer)


@pytest.mark.asyncio
async def test_who_goes_with_connects_waiting_leaves_nobody_behind() -> None:
    with ChatServer() as server:  # its own: nobody else is counted
        company = Company.gather(server)
        rooms = [company.bob.make_room(name) for name in ("One", "Two", "Three")]
        auth = json.dumps({"token": company.bob.token})
        for _ in range(5):
            async with upgraded(company) as (_, writer):
                writer.write(b"".join(frames_of(f"40/{slug},{auth}") for slug in rooms))
                await writer.drain()
        for slug in rooms:
            alone = await SocketIOClient.open(server.url, slug, company.bob.token)
            await alone.close()

        def nobody() -> bool:
            return "\nchat_connections 0.0\n" in server.http.get("/metrics").text

        await asyncio.to_thread(wait_until, nobody, what="all connections are gone", seconds=5)


@dataclass
class Recorder:
    """A raw socket that writes down what is done to it."""

    closed: bool = False
    written: list[bytes] = field(default_factory=list)

    def write(self, frames: bytes) -> bool:
        self.written.append(frames)
        return True

    def abort(self) -> None:
        self.closed = True


def test_everybody_is_pinged_and_the_silent_are_let_go() -> None:
    pulse = Pulse()
    sockets = [Recorder() for _ in range(4)]
    talking, silent, gone, stranger = links = [RawLink(cast(RawSocket, socket), "") for socket in sockets]
    for link in links:
        pulse.watch(link, 0.0)
        link.joined = link is not stranger
    sockets[2].closed = True
    for second in range(1, int(PING_EVERY * 4)):
        pulse.beat(float(second))
        talking.alive = True
    assert [len(socket.written) for socket in sockets] == [3, 1, 0, 0]
    assert [socket.closed for socket in sockets] == [False, True, True, True]
    assert sockets[0].written == [b"\x81\x012"] * 3
    assert not silent.alive
    assert gone.alive
    assert PONG_WITHIN < PING_EVERY
