"""What goes wrong on a socket, as the one error that its client is told."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.chat.errors import ChatError, Code, as_chat_error, internal

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds; below Engine.IO's ping timeout


def told(error: Exception) -> ChatError:
    """The error to tell; a fault of ours is logged and told without details."""
    known = as_chat_error(error)
    if known is None:
        logger.error("Something failed on a socket.", exc_info=error)
    return known or internal()


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """A connect that takes too long is refused as `unavailable`."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            yield
    except TimeoutError as error:
        raise ChatError(Code.UNAVAILABLE, "This took too long: try again.", retry_after=2) from error
