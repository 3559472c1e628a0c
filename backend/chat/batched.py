"""What the async doors call for every message and every connection: batched, so that cost follows load gently.

Each raises ChatError, or Full at once when too many are waiting.
"""

from collections.abc import Iterable

from backend.accounts.tokens import Identity, authenticate_many
from backend.batching import Batcher

from . import inbox_queries, queries
from .access import Access, AskAccess, check_many
from .admission import Admitted, Knock, admit_many
from .events import ReadOut, RoomOut
from .inputs import SendIn
from .services.reads import Read, mark_reads
from .services.sending import Send, Sent, send_messages

_admissions = Batcher("admissions", admit_many, patience=0.25)
_tokens = Batcher("tokens", authenticate_many)
_accesses = Batcher("accesses", check_many)
_positions = Batcher("positions", queries.positions, patience=0.1)
# While one batch waits for the database, the next can be prepared: a third more messages a second.
_messages = Batcher("messages", send_messages, second_from=100)
_reads = Batcher("reads", mark_reads)
_entries = Batcher("entries", inbox_queries.entries, max_batch=50)
_inboxes = Batcher("inboxes", inbox_queries.rooms, max_batch=50)


async def admit(*, address: str, credential: str | Identity, slug: str | None) -> Admitted:
    """Who comes into a room, or without a slug into their inbox, and what they may there.

    Raises `rate_limited`, `unauthorized`, `not_found` or `forbidden`.
    """
    return await _admissions(Knock(address, credential, slug))


async def authenticate(token: str) -> Identity | None:
    """Whose token this is; None: wrong, expired or of a deactivated person."""
    return await _tokens(token)


async def check_access(*, slug: str, user_id: int) -> Access:
    """The person's access to the room; raises `not_found` or `forbidden`."""
    return await _accesses(AskAccess(slug, user_id))


async def position(*, room_id: int) -> int | None:
    """The room's last `seq`; None: it is gone."""
    return await _positions(room_id)


async def inbox_entries(*, user_id: int) -> list[inbox_queries.Entry]:
    """What is in the person's inbox."""
    return await _entries(user_id)


async def inbox_rooms(*, user_id: int, room_ids: Iterable[int]) -> dict[int, RoomOut]:
    """These rooms as the person sees them, by id; those that they are in."""
    return await _inboxes(inbox_queries.AskRooms(user_id, frozenset(room_ids)))


async def send_message(*, slug: str, user_id: int, body: SendIn) -> Sent:
    """Post a message: answered once it is committed."""
    return await _messages(Send(slug, user_id, body))


async def mark_read(*, slug: str, user_id: int, seq: int) -> ReadOut:
    """Move the person's read pointer forward; answers where it is."""
    return await _reads(Read(slug, user_id, seq))


async def drain() -> None:
    """Wait for all that was taken: no message is left between its door and the database."""
    await _messages.drain()
    await _reads.drain()
    await _admissions.drain()
    await _accesses.drain()
    await _entries.drain()
    await _inboxes.drain()
    await _tokens.drain()
