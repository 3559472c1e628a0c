"""This worker's realtime side, put together: the bus, the hub, and the Socket.IO server on top of them."""

import asyncio
import gc
import sys
from contextlib import suppress

from django.conf import settings

from backend import metrics, readiness
from backend.chat import batched

from . import publisher
from .bus import Bus, LocalBus, RedisBus
from .hub import Hub
from .manager import LocalManager, RedisManager
from .server import ChatServer
from .websocket import before_shutdown

DRAIN_SECONDS = 10.0
SWITCH_INTERVAL = 0.0005
GC_THRESHOLDS = (50_000, 20, 100)

_drained: asyncio.Task[None] | None = None

bus: Bus
manager: LocalManager | RedisManager
if settings.REDIS_URL:
    bus = RedisBus(settings.REDIS_URL)
    manager = RedisManager(bus, settings.REDIS_URL)
else:
    bus = LocalBus()
    manager = LocalManager()

hub = Hub(bus)
sio = ChatServer(hub, manager)


async def start() -> None:
    # The event loop and the database threads share one interpreter lock: with Python's 5 ms a thread waits that long
    # after each answer of the database while the loop is writing to a large room.
    sys.setswitchinterval(SWITCH_INTERVAL)
    # Every connection is a few dozen objects that live long: Python's garbage collector, left to itself, walks them
    # all again and again, for half of the time of a busy server.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    await hub.start()
    if isinstance(manager, RedisManager):
        await hub.listen_outside(manager.channel, manager.hear)
    sio.start()
    publisher.attach(hub)
    metrics.connections.set_function(lambda: sum(1 for _ in hub.connections()))
    readiness.checks |= {"redis": bus.trouble, "shutdown": lambda: "draining" if hub.draining else None}
    before_shutdown.append(drain)


async def drain() -> None:
    """Before the server closes its sockets: answer what was taken, say `bye`; who does not read is not waited for."""
    global _drained
    hub.draining = True
    _drained = _drained or asyncio.create_task(_drain())
    await asyncio.shield(_drained)


async def _drain() -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            await asyncio.gather(*(connection.drain() for connection in hub.connections()), return_exceptions=True)
            await batched.drain()
            await sio.finish()


async def stop() -> None:
    publisher.detach(hub)
    sio.websockets.stop()
    await sio.shutdown()
    await hub.stop()
