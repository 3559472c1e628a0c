"""What the server says: every payload, the same over REST, Socket.IO and WebSocket. What clients say: inputs.py."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel

from .models import ChatRoom, Message, Role


class UserBrief(BaseModel):
    id: int
    name: str
    avatar: str | None


class ReactionOut(BaseModel):
    emoji: str
    count: int
    user_ids: list[int]


class AttachmentOut(BaseModel):
    id: int
    name: str
    type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail: str | None


class QuoteOut(BaseModel):
    """What a reply shows of the message it answers: its beginning, empty when that was deleted."""

    id: int
    seq: int
    sender: UserBrief
    message: str
    deleted_at: datetime | None


class MessageOut(BaseModel):
    """A message in its newest state. `seq` is its place, `updated_seq` the reader's new position."""

    id: int
    room: str
    seq: int
    updated_seq: int
    kind: Message.Kind
    sender: UserBrief
    message: str
    client_id: str | None
    reply_to: int | None
    quote: QuoteOut | None
    mention_ids: list[int]
    reactions: list[ReactionOut]
    attachments: list[AttachmentOut]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    pinned_at: datetime | None

    @cached_property
    def as_json(self) -> bytes:
        """As it goes over the wire: its sender's ack and everybody's event share it."""
        return self.model_dump_json().encode()


class SyncOut(BaseModel):
    """Brings a client to `seq`. `recovered` true: `messages` is all that changed after its `since`."""

    room: str
    seq: int
    recovered: bool
    messages: list[MessageOut]
    has_more: bool
    online: int


class HistoryOut(BaseModel):
    """A page of messages by place, oldest first.

    `has_more`: there are newer ones when asked for `after`, else older ones. `has_newer`: there are newer ones;
    told where `after` or `around` was asked, else false.
    """

    items: list[MessageOut]
    has_more: bool
    has_newer: bool = False


class PinsOut(BaseModel):
    """What is pinned in a room, the newest pin first."""

    items: list[MessageOut]


class TypingOut(BaseModel):
    user_id: int
    typing: bool


class ReadOut(BaseModel):
    user_id: int
    seq: int


class ReadsOut(BaseModel):
    """How far each member has read; nothing in larger rooms."""

    items: list[ReadOut]


class PresenceOut(BaseModel):
    joined: list[int]
    left: list[int]
    online: int


class RoomOut(BaseModel):
    """A room as one of its members sees it (`role` None: not a member, a public room).

    `unread_count` and `mention_count` stop at 99. Unread ones are counted among the newest 500 messages of the room,
    without my own and those that were deleted.
    """

    slug: str
    name: str
    kind: ChatRoom.Kind
    created_at: datetime
    member_count: int
    last_seq: int
    role: Role | None
    last_read_seq: int
    unread_count: int
    mention_count: int
    last_message: MessageOut | None
    peer: UserBrief | None = None  # the other person of a direct room


class RoomsOut(BaseModel):
    items: list[RoomOut]


class RoomPageOut(BaseModel):
    """A page of rooms, newest first; `has_more`: go on with `before` = the last one's slug."""

    items: list[RoomOut]
    has_more: bool


class MemberOut(UserBrief):
    """A person as a member of one room."""

    role: Role
    joined_at: datetime
    muted_until: datetime | None
    last_seen: datetime | None


class MemberPageOut(BaseModel):
    """A page of members, in the order they came; `has_more`: go on with `after` = the last one's id."""

    items: list[MemberOut]
    has_more: bool


class BanOut(BaseModel):
    user: UserBrief
    by: UserBrief | None
    created_at: datetime


class BanPageOut(BaseModel):
    """A page of bans, newest first; `has_more`: go on with `before` = the last one's user id."""

    items: list[BanOut]
    has_more: bool


class InviteOut(BaseModel):
    """An invite link as the room's admins see it; `url` is its page on this server. `max_uses` None: no limit."""

    id: int
    code: str
    url: str
    created_at: datetime
    expires_at: datetime
    max_uses: int | None
    uses: int
    created_by: UserBrief


class InvitesOut(BaseModel):
    items: list[InviteOut]


class InvitedRoomOut(BaseModel):
    slug: str
    name: str
    kind: ChatRoom.Kind
    member_count: int


class InvitationOut(BaseModel):
    """What an invite link leads to, as whoever holds it sees it."""

    room: InvitedRoomOut
    expires_at: datetime


class BlocksOut(BaseModel):
    items: list[UserBrief]


class FoundOut(BaseModel):
    """`snippet` is HTML: the part of the text around its first match, matches in `<mark>`, all else escaped."""

    message: MessageOut
    snippet: str


class SearchOut(BaseModel):
    """A page of messages, newest first; `has_more`: go on with `before` = the last one's id."""

    items: list[FoundOut]
    has_more: bool


class RoomEvent(BaseModel):
    """Something about the room itself changed; what it is now."""

    slug: str
    name: str
    kind: ChatRoom.Kind


class ActivityOut(BaseModel):
    """Told in an inbox: something was said in a room, or I have read on in it."""

    slug: str
    last_seq: int
    unread_count: int
    mention_count: int
    last_message: MessageOut | None


class RoomAddedOut(BaseModel):
    """Told in an inbox: I am in a room now."""

    room: RoomOut


class RoomRemovedOut(BaseModel):
    """Told in an inbox: I am not in that room any more, or it is gone."""

    slug: str


class ByeOut(BaseModel):
    """Said before the server ends the connection: revoked, removed, slow, draining."""

    code: Literal["revoked", "removed", "slow", "draining"]
    retry_after: float | None = None


# --- inside: what the domain announces after commit ------------------------------


class Change(NamedTuple):
    """One durable change: `payload.updated_seq` is its place in the room's log."""

    room_id: int
    slug: str
    event: Literal["message", "message_updated"]
    payload: MessageOut


@dataclass(frozen=True, slots=True)
class Passing:
    """Something of the moment: carries no seq, may be dropped.

    `skip_user`: whom not to tell; `only_user`: the one person to tell.
    """

    room_id: int
    slug: str
    event: Literal["typing", "read", "room", "member"]
    payload: BaseModel
    skip_user: int | None = None
    only_user: int | None = None


@dataclass(frozen=True, slots=True)
class AccessEnded:
    """A right to be connected ended: a person's (None: everybody's) in a room (None: everywhere).

    `digest` narrows it to the connections of one token.
    """

    user_id: int | None
    room_id: int | None = None
    digest: str | None = None

    def concerns(self, room_id: int, digest: str | None) -> bool:
        """Whether a connection of that person, in that room, with that token, has to end."""
        return self.room_id in (None, room_id) and self.digest in (None, digest)


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """What a room is to one person changed: they came in, or have read on. That they are out is an AccessEnded."""

    user_id: int
    room_id: int


Event = Change | Passing | AccessEnded | MembershipChanged
