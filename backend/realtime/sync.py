"""What brings a client that comes to the position of the room's feed, encoded."""

from collections import deque
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import orjson

from backend.batching import Batcher
from backend.chat import queries
from backend.chat.events import SyncOut
from backend.chat.models import ChatRoom
from backend.chat.payloads import QUOTE_LENGTH

from .feed import RoomFeed
from .packets import Delivery, delivery

SYNC_BYTES = 512 * 1024  # of messages in one sync: half of what may wait for a client
STEP = 50  # changes of a catch-up that are written at once, so that clients can take them


class Sync(NamedTuple):
    """The `sync` payload with its messages encoded: by change when `recovered`, else by place."""

    seq: int
    recovered: bool
    messages: list[Delivery]
    has_more: bool

    def encode(self, slug: str, online: int) -> bytes:
        return b'{"room":%b,"seq":%d,"recovered":%b,"messages":[%b],"has_more":%b,"online":%d}' % (
            orjson.dumps(slug),
            self.seq,
            orjson.dumps(self.recovered),
            b",".join(message.data for message in self.messages),
            orjson.dumps(self.has_more),
            online,
        )

    def forward(self, newer: Sequence[Delivery], seq: int) -> "Sync":
        """The same brought to a later position by what happened since."""
        messages = {message.message_id: message for message in self.messages}
        for change in newer:
            if self.recovered:
                messages.pop(change.message_id, None)  # its newest state stands where it changed last
            else:
                messages |= {
                    pk: _requoted(message, change) for pk, message in messages.items() if _quotes(message, change)
                }
                if change.place <= self.seq and change.message_id not in messages:
                    continue  # older than the page
            messages[change.message_id] = change
        if self.recovered:
            return Sync(seq, True, list(messages.values()), self.has_more)
        return page(seq, sorted(messages.values(), key=attrgetter("place")), self.has_more)


def _quotes(message: Delivery, change: Delivery) -> bool:
    # Within a JSON text there would be a backslash before each quotation mark.
    return change.event == "message_updated" and b'"reply_to":%d,' % change.message_id in message.data


def _requoted(message: Delivery, change: Delivery) -> Delivery:
    """The message with its quote as what it quotes is now: nobody tells those who come later that it changed."""
    body, quoted = orjson.loads(message.data), orjson.loads(change.data)
    body["quote"] |= {"message": quoted["message"][:QUOTE_LENGTH], "deleted_at": quoted["deleted_at"]}
    return message._replace(data=orjson.dumps(body))


def page(seq: int, messages: list[Delivery], has_more: bool) -> Sync:
    """The newest of these messages, as many as one `sync` may bring."""
    kept: deque[Delivery] = deque()
    size = 0
    for message in reversed(messages[-queries.NEWEST :]):
        size += len(message.data)
        if size > SYNC_BYTES:
            break
        kept.appendleft(message)
    return Sync(seq, False, list(kept), has_more or len(kept) < len(messages))


def stored_sync(room: ChatRoom, since: int) -> Sync:
    """The sync of a client at `since` as the database has it (synchronous)."""
    found = queries.sync(room=room, since=since)
    if not found.recovered:
        return _page_of(found)
    messages = [delivery(message) for message in found.messages]
    if sum(len(message.data) for message in messages) > SYNC_BYTES:
        return _page_of(queries.sync(room=room, since=None))  # more than is sent at once: the client starts anew
    return Sync(found.seq, True, messages, has_more=False)


def _page_of(found: SyncOut) -> Sync:
    return page(found.seq, [delivery(message) for message in found.messages], found.has_more)


def _stored_pages(asks: Sequence[queries.Position]) -> list[Sync]:
    return [_page_of(found) for found in queries.newest(asks)]


_pages = Batcher("pages", _stored_pages, max_batch=20, patience=0.1)


async def stored_page(room: ChatRoom) -> Sync:
    """The newest messages of a room, read together with those of others that are asked for at the same time."""
    return await _pages(queries.Position(room.pk, room.slug, room.last_seq))


def stored_after(room: ChatRoom, seq: int) -> list[Delivery]:
    """The next changes after a position as the database has them (synchronous), `STEP` at most."""
    return [delivery(change.payload) for change in queries.changes(room=room, since=seq, limit=STEP)]


def _stored_after_many(asks: Sequence[queries.Position]) -> list[list[Delivery]]:
    positions = list(set(asks))  # whoever was dropped together comes back with one position
    changes = queries.changes_of_many(positions)
    found = {
        position: [delivery(change.payload) for change in missed]
        for position, missed in zip(positions, changes, strict=True)
    }
    return [found[ask] for ask in asks]


_missed = Batcher("missed", _stored_after_many, max_batch=100, patience=0.1)


async def missed_since(feed: RoomFeed, since: int) -> list[Delivery]:
    """The changes of a room after a position, read together with those that others ask for at the same time."""
    return await _missed(queries.Position(feed.room_id, feed.slug, since))
