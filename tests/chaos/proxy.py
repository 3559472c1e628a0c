"""A Redis that loses messages: a proxy that lets every third PUBLISH go nowhere and is honest about all else."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Self

from tests.processes import free_port

NOWHERE = b"swallowed"  # a channel that nobody listens to: Redis itself gives the answer
CHUNK = 65_536


class SwallowingProxy:
    """`url` stands for the Redis at `target`; `swallowed` of the `published` messages were lost."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.published = 0
        self.swallowed = 0
        self._connections: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", self.port) as server:
            yield self
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            replies, redis = await asyncio.open_connection("127.0.0.1", self.target)
            try:
                async with asyncio.TaskGroup() as group:
                    there = group.create_task(self._commands(client, redis))
                    back = group.create_task(self._replies(replies, answers))
                    await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
                    there.cancel()
                    back.cancel()
            finally:
                redis.close()
        except* (OSError, asyncio.IncompleteReadError):
            pass  # one of the two went away: so does the other
        finally:
            answers.close()
            self._connections.discard(task)

    async def _commands(self, client: asyncio.StreamReader, redis: asyncio.StreamWriter) -> None:
        while True:
            redis.write(_encode(self._judge(await _read_command(client))))
            await redis.drain()

    async def _replies(self, replies: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        while data := await replies.read(CHUNK):
            answers.write(data)
            await answers.drain()

    def _judge(self, command: list[bytes]) -> list[bytes]:
        if command[0].upper() != b"PUBLISH":
            return command
        self.published += 1
        if self.published % 3:
            return command
        self.swallowed += 1
        return [command[0], NOWHERE, b""]


async def _read_command(client: asyncio.StreamReader) -> list[bytes]:
    """One command in Redis' protocol: an array of bulk strings."""
    count = int((await client.readuntil(b"\r\n"))[1:])
    words = []
    for _ in range(count):
        size = int((await client.readuntil(b"\r\n"))[1:])
        words.append((await client.readexactly(size + 2))[:-2])
    return words


def _encode(words: Iterable[bytes]) -> bytes:
    words = list(words)
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
