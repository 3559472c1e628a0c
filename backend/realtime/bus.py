"""The bus: how workers hear each other. Nothing depends on it being heard: the database is the log.

`LocalBus` for a single worker; `RedisBus` for several. Publishing never blocks and never fails.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from backend import metrics

logger = logging.getLogger(__name__)

OUTBOX = 10_000  # messages waiting for Redis; over it the oldest go, the sweep brings their content
RETRY = 1.0  # seconds between tries to come back
ECHO_EVERY = 2.0
ECHO_LATE = 5.0
SUBSCRIBE_WAIT = 1.0

Listener = Callable[[str, bytes], None]


class Bus(Protocol):
    alone: bool  # there is no other worker: nothing needs to be published

    async def start(self, listener: Listener, on_return: Callable[[], None]) -> None:
        """`listener(channel, data)` hears everything; `on_return` is told when a lost connection is back."""

    async def stop(self) -> None: ...

    def publish(self, channel: str, data: bytes) -> None: ...

    async def subscribe(self, *channels: str) -> None:
        """Returns once nothing published from now on is missed, or after a short wait without Redis."""

    async def unsubscribe(self, *channels: str) -> None: ...

    def trouble(self) -> str | None:
        """Why other workers may not be heard; None: all is well."""


class LocalBus:
    """One worker: there is nobody else to hear."""

    alone = True

    async def start(self, listener: Listener, on_return: Callable[[], None]) -> None:
        pass

    async def stop(self) -> None:
        pass

    def publish(self, channel: str, data: bytes) -> None:
        pass

    async def subscribe(self, *channels: str) -> None:
        pass

    async def unsubscribe(self, *channels: str) -> None:
        pass

    def trouble(self) -> str | None:
        return None


class RedisBus:
    """Redis pub/sub: a channel a room, subscribed only while this worker has members there."""

    alone = False

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=ECHO_LATE, socket_connect_timeout=2, health_check_interval=0, max_connections=8
        )
        self._echo_channel = f"chat-echo:{secrets.token_hex(8)}"
        self._channels: set[str] = {self._echo_channel}
        self._awaited: dict[str, list[asyncio.Future[None]]] = {}
        self._outbox: deque[tuple[str, bytes]] = deque(maxlen=OUTBOX)
        self._outbox_filled = asyncio.Event()
        self._pubsub: PubSub | None = None
        self._heard_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, listener: Listener, on_return: Callable[[], None]) -> None:
        self._listener = listener
        self._on_return = on_return
        self._heard_at = time.monotonic()
        for work in (self._listen, self._publish_all, self._echo):
            self._tasks.append(asyncio.create_task(self._forever(work)))

    async def stop(self) -> None:
        await self._flush()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def publish(self, channel: str, data: bytes) -> None:
        if len(self._outbox) == OUTBOX:
            metrics.bus_dropped.inc()
        self._outbox.append((channel, data))
        self._outbox_filled.set()

    async def subscribe(self, *channels: str) -> None:
        self._channels.update(channels)
        if self._pubsub is None or not channels:
            return
        confirmed = {channel: asyncio.get_running_loop().create_future() for channel in channels}
        for channel, future in confirmed.items():
            self._awaited.setdefault(channel, []).append(future)
        try:
            async with asyncio.timeout(SUBSCRIBE_WAIT):
                await self._pubsub.subscribe(*channels)
                await asyncio.gather(*confirmed.values())
        except Exception:  # redis-py raises more than RedisError while the listener loses the connection
            logger.warning("Redis did not confirm a subscription; the sweep brings what is missed.")
        finally:
            for channel, future in confirmed.items():
                self._forget(channel, future)

    async def unsubscribe(self, *channels: str) -> None:
        self._channels.difference_update(channels)
        if self._pubsub is None or not channels:  # without a channel, Redis would take it for all of them
            return
        try:
            async with asyncio.timeout(SUBSCRIBE_WAIT):
                await self._pubsub.unsubscribe(*channels)
        except Exception:
            logger.debug("Redis took no unsubscription: the listener comes back without this channel.", exc_info=True)

    def trouble(self) -> str | None:
        if self._pubsub is None:
            return "not connected to Redis"
        silence = time.monotonic() - self._heard_at
        return f"heard nothing from Redis for {silence:.0f} s" if silence > ECHO_LATE else None

    def _forget(self, channel: str, future: asyncio.Future[None]) -> None:
        """Wait no longer for a confirmation; others may still wait for the same channel's."""
        if waiting := self._awaited.get(channel):
            if future in waiting:
                waiting.remove(future)
            if not waiting:
                del self._awaited[channel]

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` again whenever Redis fails it."""
        while True:
            try:
                await work()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis: %s; trying again in %s s.", error or type(error).__name__, RETRY)
            except Exception:
                logger.exception("The bus stumbled; trying again in %s s.", RETRY)
            await asyncio.sleep(RETRY)

    async def _listen(self) -> None:
        pubsub = self._redis.pubsub()
        try:
            known = set(self._channels)
            await pubsub.subscribe(*known)
            self._heard_at = time.monotonic()
            self._pubsub = pubsub
            if late := self._channels - known:
                await pubsub.subscribe(*late)
            logger.info("Listening to Redis on %d channels.", len(self._channels))
            self._on_return()
            while True:
                # Echoes come every few seconds: a longer silence means that the connection is dead.
                message = await pubsub.get_message(timeout=ECHO_LATE)
                if message is None:
                    raise TimeoutError("no echo")
                self._heard_at = time.monotonic()
                self._take(message["type"], message["channel"].decode(), message["data"])
        finally:
            self._pubsub = None
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    def _take(self, kind: str, channel: str, data: bytes) -> None:
        if kind == "subscribe":
            for confirmed in self._awaited.pop(channel, ()):
                if not confirmed.done():
                    confirmed.set_result(None)
        elif kind == "message" and channel != self._echo_channel:
            try:
                self._listener(channel, data)
            except Exception:
                logger.exception("Could not read a message on %s.", channel)

    async def _publish_all(self) -> None:
        while True:
            await self._outbox_filled.wait()
            self._outbox_filled.clear()
            await self._flush()

    async def _flush(self) -> None:
        """Everything that waits, in one round trip."""
        if not self._outbox:
            return
        messages = list(self._outbox)
        self._outbox.clear()
        try:
            async with asyncio.timeout(2):
                try:
                    await self._send(messages)
                except ConnectionLost:
                    await self._send(messages)  # a connection from before Redis went away fails once
        except (RedisError, OSError, TimeoutError) as error:
            metrics.bus_dropped.inc(len(messages))
            logger.warning("Redis took none of %d messages (%s); the sweep brings them.", len(messages), error)

    async def _send(self, messages: list[tuple[str, bytes]]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for channel, data in messages:
            pipe.publish(channel, data)
        await pipe.execute()

    async def _echo(self) -> None:
        while True:
            self.publish(self._echo_channel, b"")
            await asyncio.sleep(ECHO_EVERY)
