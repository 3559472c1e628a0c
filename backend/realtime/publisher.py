"""Where the domain's events enter the transports: settings.CHAT_PUBLISHER names `publish`.

In a server process they go to its hub. Elsewhere (shell, command, another program) they go to the workers over Redis;
without Redis the sweep of the server finds what was stored within seconds.
"""

import logging
from collections.abc import Sequence
from functools import cache
from typing import Protocol

import redis
from asgiref.sync import async_to_sync
from django.conf import settings

from backend import metrics
from backend.chat.events import AccessEnded, Event

from . import wire
from .revocation import tell_workers

logger = logging.getLogger(__name__)

OUTSIDE = "outside"  # the origin of what no worker has delivered yet


class RunningHub(Protocol):
    def post(self, events: Sequence[Event]) -> None: ...


_running: list[RunningHub] = []


def attach(hub: RunningHub) -> None:
    """From now on this process's events go to its hub."""
    _running.append(hub)


def detach(hub: RunningHub) -> None:
    _running.remove(hub)


def publish(events: Sequence[Event]) -> None:
    """Announce committed events; never fails, and waits a second for Redis at most."""
    if _running:
        _running[-1].post(events)
    elif settings.REDIS_URL:
        try:
            pipe = _redis().pipeline(transaction=False)
            for channel, message in wire.messages(OUTSIDE, events):
                pipe.publish(channel, message)
            pipe.execute()
            for event in events:
                if isinstance(event, AccessEnded):
                    async_to_sync(tell_workers)(event)
        except (redis.RedisError, OSError) as error:
            metrics.bus_dropped.inc(len(events))
            logger.warning("Redis took none of %d events (%s); the sweep brings them.", len(events), error)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
