"""The words of the wire: every payload in and out, the same over REST, Socket.IO and WebSocket."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .models import MESSAGE_LENGTH, ChatRoom, Message, Role

# --- out: what the server says -------------------------------------------------


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
    reactions: list[ReactionOut]
    attachments: list[AttachmentOut]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class SyncOut(BaseModel):
    """Brings a client to `seq`. `recovered` true: `messages` is all that changed after its `since`."""

    room: str
    seq: int
    recovered: bool
    messages: list[MessageOut]
    has_more: bool
    online: int


class HistoryOut(BaseModel):
    """A page of messages by place, oldest first; `has_more` in the direction asked for."""

    items: list[MessageOut]
    has_more: bool


class TypingOut(BaseModel):
    user_id: int
    typing: bool


class ReadOut(BaseModel):
    user_id: int
    seq: int


class PresenceOut(BaseModel):
    joined: list[int]
    left: list[int]
    online: int


class RoomOut(BaseModel):
    """A room as one of its members sees it (`role` None: not a member, a public room)."""

    slug: str
    name: str
    kind: ChatRoom.Kind
    created_at: datetime
    member_count: int
    last_seq: int
    role: Role | None
    last_read_seq: int
    unread_count: int
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


class MemberPageOut(BaseModel):
    """A page of members, in the order they came; `has_more`: go on with `after` = the last one's id."""

    items: list[MemberOut]
    has_more: bool


class RoomEvent(BaseModel):
    """Something about the room itself changed; what it is now."""

    slug: str
    name: str
    kind: ChatRoom.Kind


class ByeOut(BaseModel):
    """Said before the server ends the connection: revoked, removed, slow, draining."""

    code: Literal["revoked", "removed", "slow", "draining"]
    retry_after: float | None = None


# --- in: what clients say ------------------------------------------------------


def _without_nul(text: object) -> object:
    if isinstance(text, str) and "\x00" in text:
        raise ValueError("NUL characters can't be stored.")
    return text


class Incoming(BaseModel):
    """Base of everything a client sends: unknown fields are refused, so a typo is never silently lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


Text = Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH), BeforeValidator(_without_nul)]
ClientId = Annotated[str, Field(min_length=1, max_length=64), BeforeValidator(_without_nul)]
RoomName = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(_without_nul)]
Emoji = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^\S+$"), BeforeValidator(_without_nul)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Seq = Annotated[int, Field(ge=0, le=2**63 - 1)]


class SendIn(Incoming):
    message: Text
    client_id: ClientId | None = None
    reply_to: Id | None = None
    attachment_ids: Annotated[list[Id], Field(max_length=10)] = []


class EditIn(Incoming):
    message: Text


class ReadIn(Incoming):
    seq: Seq


class HistoryIn(Incoming):
    """`before` and `after` are places (`seq`), both exclusive; neither: the newest page."""

    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TypingIn(Incoming):
    typing: bool = True


class RoomIn(Incoming):
    name: RoomName
    kind: Literal["public", "private"] = "public"
    member_ids: Annotated[list[Id], Field(max_length=100)] = []


class RenameIn(Incoming):
    name: RoomName


class DirectIn(Incoming):
    user_id: Id


class MemberIn(Incoming):
    user_id: Id
    role: Role = Role.MEMBER


class RoleIn(Incoming):
    role: Role


class RoomSearchIn(Incoming):
    """`q`: a part of the name; `before`: the slug of the room that the page before ended with."""

    q: Annotated[str, BeforeValidator(_without_nul), Field(max_length=80)] = ""
    before: Annotated[str, BeforeValidator(_without_nul), Field(max_length=60)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MembersIn(Incoming):
    """`after`: the id of the person that the page before ended with."""

    after: Id | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


# --- inside: what the domain announces after commit ------------------------------


class Change(NamedTuple):
    """One durable change: `payload.updated_seq` is its place in the room's log."""

    room_id: int
    slug: str
    event: Literal["message", "message_updated"]
    payload: MessageOut


@dataclass(frozen=True, slots=True)
class Passing:
    """Something of the moment: carries no seq, may be dropped. `skip_user`: whom not to tell."""

    room_id: int
    slug: str
    event: Literal["typing", "read", "room"]
    payload: BaseModel
    skip_user: int | None = None


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


Event = Change | Passing | AccessEnded
