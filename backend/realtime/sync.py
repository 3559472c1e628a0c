"""What brings a client that comes to the position of the room's feed, encoded."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from backend.chat import queries
from backend.chat.models import ChatRoom

from .packets import Delivery, delivery


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
            elif change.event == "message_updated" and change.message_id not in messages:
                continue  # older than the page
            messages[change.message_id] = change
        kept = list(messages.values())
        if not self.recovered and len(kept) > queries.NEWEST:
            return Sync(seq, False, kept[-queries.NEWEST :], True)
        return Sync(seq, self.recovered, kept, self.has_more)


def stored_sync(room: ChatRoom, since: int | None) -> Sync:
    """The sync as the database has it (synchronous)."""
    found = queries.sync(room=room, since=since)
    return Sync(found.seq, found.recovered, [delivery(message) for message in found.messages], found.has_more)


def stored_after(room: ChatRoom, seq: int) -> list[Delivery]:
    """The changes after a position as the database has them (synchronous)."""
    return [delivery(change.payload) for change in queries.changes(room=room, since=seq)]
