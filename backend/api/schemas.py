"""What REST says and hears beyond the words of the wire in chat/events.py."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from backend.accounts.models import User
from backend.accounts.services import Session
from backend.chat.errors import CATALOGUE, Code, ErrorOut
from backend.chat.events import UserBrief
from backend.chat.inputs import Incoming
from backend.chat.payloads import user_brief

# A password may begin or end with a space; every other text is stripped.
Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=256)]
# NUL can't be stored, so it can't be looked for either.
Query = Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")]


def errors(*codes: Code) -> dict[int, type[ErrorOut]]:
    """The error half of an operation's `response`; what every operation can answer is always in it."""
    return {CATALOGUE[code].status: ErrorOut for code in (*codes, Code.UNAVAILABLE, Code.INTERNAL)}


def binary(media_type: str, *statuses: int) -> dict[str, object]:
    """The `openapi_extra` of an operation that answers with bytes."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"responses": {status: {"content": content} for status in statuses}}


class RegisterIn(Incoming):
    email: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    name: Annotated[str, Field(max_length=80, examples=["Ada"])]
    password: Password


class LoginIn(Incoming):
    email: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    password: Password


class ProfileIn(Incoming):
    """What is left out stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class DeleteMeIn(Incoming):
    """`messages`: what becomes of what I wrote."""

    password: Password
    messages: Literal["keep", "delete"]


class MeOut(UserBrief):
    """My own profile: the only place that shows an email."""

    email: str


class TokenOut(BaseModel):
    """Send `token` as `Authorization: Token <token>` until `expiry`."""

    token: str
    expiry: datetime | None
    user: MeOut


class UsersOut(BaseModel):
    items: list[UserBrief]


def me_out(user: User) -> MeOut:
    return MeOut(**user_brief(user).model_dump(), email=user.email)


def token_out(session: Session) -> TokenOut:
    return TokenOut(token=session.token, expiry=session.expiry, user=me_out(session.user))
