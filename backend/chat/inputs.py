"""What clients say: every payload, the same over REST, Socket.IO and WebSocket. What the server says: events.py."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .emojis import one_emoji
from .models import MESSAGE_LENGTH, Role


def _without_nul(text: object) -> object:
    if isinstance(text, str) and "\x00" in text:
        raise PydanticCustomError("nul", "NUL characters can't be stored.")
    return text


class Incoming(BaseModel):
    """Base of everything a client sends: unknown fields are refused, so a typo is never silently lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


Text = Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH), BeforeValidator(_without_nul)]
ClientId = Annotated[str, Field(min_length=1, max_length=64), BeforeValidator(_without_nul)]
RoomName = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(_without_nul)]
Emoji = Annotated[str, Field(min_length=1, max_length=32, examples=["👍"]), AfterValidator(one_emoji)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Seq = Annotated[int, Field(ge=0, le=2**63 - 1)]


class SendIn(Incoming):
    """A message has a text, or files, or both."""

    # A `[]` as default is copied deeply for each message.
    attachment_ids: Annotated[list[Id], Field(max_length=10)] = Field(default_factory=list)
    message: Annotated[str, Field(max_length=MESSAGE_LENGTH, validate_default=True), BeforeValidator(_without_nul)] = ""
    client_id: ClientId | None = None
    reply_to: Id | None = None
    mention_ids: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)

    @field_validator("message")
    @classmethod
    def _says_something(cls, message: str, info: ValidationInfo) -> str:
        if not message and not info.data.get("attachment_ids"):
            raise PydanticCustomError("empty", "Say something, or attach a file.")
        return message


class EditIn(Incoming):
    message: Text


class ReadIn(Incoming):
    seq: Seq


class HistoryIn(Incoming):
    """One place (`seq`), or none for the newest page: what is `before` it or `after` it, or the half `around` it."""

    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
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


class HandOverIn(Incoming):
    user_id: Id


class MuteIn(Incoming):
    minutes: Annotated[int, Field(ge=1, le=43_200)]


class InviteIn(Incoming):
    """`max_uses` None: no limit."""

    expires_in_hours: Annotated[int, Field(ge=1, le=8_760)] = 168
    max_uses: Annotated[int, Field(ge=1, le=1_000)] | None = None


class BansIn(Incoming):
    """`before`: the id of the person that the page before ended with."""

    before: Id | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class RoomSearchIn(Incoming):
    """`q`: a part of the name; `before`: the slug of the room that the page before ended with."""

    q: Annotated[str, Field(max_length=80), BeforeValidator(_without_nul)] = ""
    before: Annotated[str, Field(max_length=60), BeforeValidator(_without_nul)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MembersIn(Incoming):
    """`after`: the id of the person that the page before ended with."""

    after: Id | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class SearchIn(Incoming):
    """`q`: words that must all be there, the last one perhaps only begun; `room`: a slug.

    `before`: the id of the message that the page before ended with.
    """

    q: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_without_nul)]
    room: Annotated[str, Field(min_length=1, max_length=60), BeforeValidator(_without_nul)] | None = None
    before: Id | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20
