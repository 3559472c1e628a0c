"""The client managers of python-socketio: who is connected where. Room events do not pass through here,
they go from the feed straight to the sockets; this serves `emit()` from outside, and disconnects by sid.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import socketio

from .bus import RedisBus

OUTSIDE_CHANNEL = "socketio"  # python-socketio's own, so that an outside `RedisManager(write_only=True)` works


class Admission:
    """Sids enter a namespace when they are authorised, not before, and leave at a cost of their own rooms only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entered: dict[str, list[str | None]] = {}  # the rooms of each sid

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)  # type: ignore[misc]
        self._entered.setdefault(sid, []).append(room)

    def admit(self, eio_sid: str, namespace: str) -> str:
        """Make a checked connection a client of the namespace; gives its sid."""
        sid: str = self.server.eio.generate_id()  # type: ignore[attr-defined]
        for room in (None, sid):
            self.basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        return sid

    def dismiss(self, sid: str, namespace: str) -> None:
        """Forget a client of the namespace."""
        for room in self._entered.pop(sid, ()):
            self.basic_leave_room(sid, namespace, room)  # type: ignore[attr-defined]


class LocalManager(Admission, socketio.AsyncManager):
    """One worker."""


class RedisManager(Admission, socketio.AsyncRedisManager):
    """Several workers: what is emitted anywhere arrives here through the worker's one Redis connection."""

    def __init__(self, bus: RedisBus, url: str) -> None:
        super().__init__(url, channel=OUTSIDE_CHANNEL)
        self._bus = bus
        self._heard: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1_000)

    def hear(self, message: bytes) -> None:
        """A message of the outside channel; over the bound the newest is dropped, as Redis itself would."""
        if not self._heard.full():
            self._heard.put_nowait(message)

    async def _publish(self, data: Any) -> None:
        self._bus.publish(self.channel, orjson.dumps(data))

    async def _listen(self) -> AsyncIterator[bytes]:
        while True:
            yield await self._heard.get()
