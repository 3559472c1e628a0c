"""What the async doors call for every message and every connection: batched, so that cost follows load gently.

Each raises ChatError; a full queue is `unavailable` at once.
"""

from typing import TypeVar

from backend.accounts.tokens import Identity, authenticate_many
from backend.batching import Batcher, Full

from . import limits
from .access import Access, AskAccess, check_many
from .errors import ChatError, Code
from .events import ReadOut, SendIn
from .services.messages import Send, Sent, send_messages
from .services.reads import Read, mark_reads

Item = TypeVar("Item")
Result = TypeVar("Result")

_tokens = Batcher(authenticate_many)
_accesses = Batcher(check_many)
_messages = Batcher(send_messages)
_connects = Batcher(limits.hit_connects)
_reads = Batcher(mark_reads)


async def _call(batcher: Batcher[Item, Result], item: Item) -> Result:
    try:
        return await batcher(item)
    except Full as error:
        raise ChatError(Code.UNAVAILABLE, str(error), retry_after=error.retry_after) from error


async def authenticate(token: str) -> Identity | None:
    """Whose token this is; None: wrong, expired or of a deactivated person."""
    return await _call(_tokens, token)


async def check_connects(*, address: str) -> None:
    """One more connect from an address; raises `rate_limited`."""
    wait = await _call(_connects, address)
    if wait is not None:
        raise ChatError(Code.RATE_LIMITED, retry_after=wait)


async def check_access(*, slug: str, user_id: int) -> Access:
    """The person's access to the room; raises `not_found` or `forbidden`."""
    return await _call(_accesses, AskAccess(slug, user_id))


async def send_message(*, slug: str, user_id: int, body: SendIn) -> Sent:
    """Post a message: answered once it is committed."""
    return await _call(_messages, Send(slug, user_id, body))


async def mark_read(*, slug: str, user_id: int, seq: int) -> ReadOut:
    """Move the person's read pointer forward; answers where it is."""
    return await _call(_reads, Read(slug, user_id, seq))


async def drain() -> None:
    """Wait for all that was taken: no message is left between its door and the database."""
    await _messages.drain()
    await _reads.drain()
    await _accesses.drain()
    await _tokens.drain()
