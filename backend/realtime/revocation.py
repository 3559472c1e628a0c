"""Live revocation: who loses a right loses the connections that stood on it, on every worker.

Told over the channel layer at once; found by a check against the database every few seconds when nothing tells.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from channels.layers import get_channel_layer
from django.utils import timezone

from backend.accounts import queries, tokens
from backend.chat import access
from backend.chat.errors import ChatError, Code
from backend.chat.events import AccessEnded
from backend.threads import always_in_db_thread

from .connections import Connection

logger = logging.getLogger(__name__)

GROUP = "chat.workers"
TICK = 1.0  # seconds: how late an expired token is noticed
CHECK_EVERY = 10  # ticks
CHECK_AT_ONCE = 500  # connections a query
RETRY = 1.0
REJOIN_EVERY = 3600.0  # the Redis channel layer forgets members of a group after a day
PATIENCE = 2.0  # seconds for the channel layer


async def tell_workers(event: AccessEnded) -> None:
    """Send the event to every worker through the channel layer."""
    async with asyncio.timeout(PATIENCE):
        await get_channel_layer().group_send(GROUP, {"type": "access.ended", **asdict(event)})


async def listen(end_access: Callable[[AccessEnded], None]) -> None:
    """Hear what other processes tell, for ever; a channel layer that fails is asked again."""
    layer = get_channel_layer()
    channel = await layer.new_channel("worker")
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                await layer.group_add(GROUP, channel)
            async with asyncio.timeout(REJOIN_EVERY):
                while True:
                    message: dict[str, Any] = await layer.receive(channel)
                    message.pop("type")
                    end_access(AccessEnded(**message))
        except TimeoutError:
            continue  # a place in a group expires: take it again
        except Exception as error:
            logger.warning("The channel layer: %s; trying again in %s s.", error or type(error).__name__, RETRY)
            await asyncio.sleep(RETRY)


async def check_forever(connections: Callable[[], Iterable[Connection]]) -> None:
    """End the connections whose token or membership is no more."""
    ticks = 0
    while True:
        await asyncio.sleep(TICK)
        ticks += 1
        end_expired(connections())
        if ticks % CHECK_EVERY:
            continue
        try:
            everybody = list(connections())
            for start in range(0, len(everybody), CHECK_AT_ONCE):
                for connection, code in await always_in_db_thread(_ended, everybody[start : start + CHECK_AT_ONCE]):
                    connection.end(code)
        except Exception as error:
            logger.warning("Could not check the connections (%s); again in %s s.", error, CHECK_EVERY)


def end_expired(connections: Iterable[Connection]) -> None:
    """End the connections whose token has expired."""
    now = timezone.now()
    for connection in list(connections):
        if connection.identity.expiry is not None and connection.identity.expiry <= now:
            connection.end("revoked")


def check_again(connection: Connection) -> None:
    """Raises if a connection on its way in has lost its token or membership since it was checked (synchronous)."""
    for _, code in _ended([connection]):
        raise ChatError(Code.UNAUTHORIZED if code == "revoked" else Code.FORBIDDEN)


def _ended(connections: list[Connection]) -> list[tuple[Connection, str]]:
    # Looked at once: meanwhile the event loop goes on to let people in.
    places = [(connection.room_id, connection.user_id) for connection in connections]
    alive = tokens.alive({connection.identity.digest for connection in connections})
    members = access.members_among({place for place in places if place[0]})
    # Without a token and a room, in an inbox by a Django session, there is only the person to look at.
    sessions = {connection.user_id for connection in connections if not connection.identity.digest}
    active = queries.active_among(sessions) if sessions else set()
    ended = []
    for connection, place in zip(connections, places, strict=True):
        digest = connection.identity.digest
        if not (digest in alive if digest else connection.user_id in active):
            ended.append((connection, "revoked"))
        elif place[0] and place not in members:
            ended.append((connection, "removed"))
    return ended
