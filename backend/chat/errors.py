"""The error catalogue: every refusal that leaves the server, over any transport, is made here.

A code fixes the HTTP status, the WebSocket close code and what a client should do; docs/errors.md shows the table.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from pydantic import BaseModel
from pydantic import ValidationError as PydanticValidationError

from backend.threads import Full


class Code(StrEnum):
    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Row:
    status: int  # HTTP
    close: int  # WebSocket close code
    client: str  # what a client does: fix, log in, stop, retry
    message: str  # when the caller has nothing more exact to say


CATALOGUE: dict[Code, Row] = {
    Code.INVALID: Row(422, 4422, "fix", "This is not valid."),
    Code.UNAUTHORIZED: Row(401, 4401, "log in", "Log in first: the token is missing, wrong or expired."),
    Code.FORBIDDEN: Row(403, 4403, "stop", "You may not do this."),
    Code.NOT_FOUND: Row(404, 4404, "stop", "There is no such thing here."),
    Code.CONFLICT: Row(409, 4409, "fix", "This contradicts what is already there."),
    Code.TOO_LARGE: Row(413, 4413, "fix", "This is too large."),
    Code.RATE_LIMITED: Row(429, 4429, "retry", "Too many requests: slow down."),
    Code.UNAVAILABLE: Row(503, 4503, "retry", "Not available right now: try again."),
    Code.INTERNAL: Row(500, 4500, "retry", "Something went wrong on the server."),
}


class ErrorOut(BaseModel):
    """The one error object: REST body, ack `error`, `connect_error.data`, WebSocket close reason."""

    code: Code
    message: str
    fields: dict[str, str] | None = None
    retry_after: float | None = None


class ChatError(Exception):
    """A refusal with a code of the catalogue; `fields` names bad inputs, `retry_after` is in seconds."""

    def __init__(
        self,
        code: Code,
        message: str = "",
        *,
        fields: dict[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.message = message or CATALOGUE[code].message
        self.fields = fields
        self.retry_after = retry_after
        super().__init__(self.message)

    @property
    def row(self) -> Row:
        return CATALOGUE[self.code]

    def payload(self) -> dict[str, Any]:
        """The error object as it goes over the wire, without empty parts."""
        return ErrorOut(
            code=self.code, message=self.message, fields=self.fields, retry_after=self.retry_after
        ).model_dump(mode="json", exclude_none=True)


def invalid(**fields: str) -> ChatError:
    """`invalid` that names each bad field: `invalid(name="Say a name.")`."""
    return ChatError(Code.INVALID, "; ".join(fields.values()), fields=fields)


def as_chat_error(error: BaseException) -> ChatError | None:
    """The catalogue's error for what a library raised; None for a fault of ours (log it, answer `internal`)."""
    match error:
        case ChatError():
            return error
        case PydanticValidationError():
            fields = {".".join(map(str, item["loc"])) or "payload": item["msg"] for item in error.errors()}
            return invalid(**fields)
        case DjangoValidationError():
            if getattr(error, "code", None) == "too_large":
                return ChatError(Code.TOO_LARGE, " ".join(error.messages))
            if hasattr(error, "error_dict"):
                return invalid(**{name: " ".join(texts) for name, texts in error.message_dict.items()})
            return ChatError(Code.INVALID, " ".join(error.messages))
        case Full():
            return ChatError(Code.UNAVAILABLE, str(error), retry_after=error.retry_after)
        case OperationalError() | InterfaceError():
            return ChatError(Code.UNAVAILABLE, "The database is not available right now: try again.", retry_after=2)
    return None


def internal() -> ChatError:
    """The answer to a fault of ours, after it was logged: says nothing about the inside."""
    return ChatError(Code.INTERNAL)
