"""What clients may say over a socket: one table, for Socket.IO and plain WebSocket alike."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel

from backend import metrics
from backend.chat import batched, queries
from backend.chat.access import Access
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import HistoryOut, MessageOut, Passing, ReadOut, TypingOut
from backend.chat.inputs import EditIn, Emoji, HistoryIn, Id, Incoming, ReadIn, SendIn, TypingIn
from backend.chat.publishing import announce
from backend.chat.services import messages
from backend.threads import in_db_thread

from .connections import INBOX, Connection
from .packets import encode
from .refusals import told

logger = logging.getLogger(__name__)


class EditCommand(EditIn):
    id: Id


class MessageCommand(Incoming):
    id: Id


class ReactionCommand(Incoming):
    id: Id
    emoji: Emoji


async def _message(connection: Connection, body: SendIn) -> MessageOut:
    sent = await batched.send_message(slug=connection.slug, user_id=connection.user_id, body=body)
    return sent.message


async def _edit(connection: Connection, body: EditCommand) -> MessageOut:
    return await in_db_thread(
        messages.edit_message,
        slug=connection.slug,
        user_id=connection.user_id,
        message_id=body.id,
        body=EditIn(message=body.message),
    )


async def _delete(connection: Connection, body: MessageCommand) -> MessageOut:
    return await in_db_thread(
        messages.delete_message, slug=connection.slug, user_id=connection.user_id, message_id=body.id
    )


async def _pin(connection: Connection, body: MessageCommand) -> MessageOut:
    return await in_db_thread(
        messages.pin_message, slug=connection.slug, user_id=connection.user_id, message_id=body.id
    )


async def _unpin(connection: Connection, body: MessageCommand) -> MessageOut:
    return await in_db_thread(
        messages.unpin_message, slug=connection.slug, user_id=connection.user_id, message_id=body.id
    )


async def _react(connection: Connection, body: ReactionCommand) -> MessageOut:
    return await in_db_thread(
        messages.react, slug=connection.slug, user_id=connection.user_id, message_id=body.id, emoji=body.emoji
    )


async def _unreact(connection: Connection, body: ReactionCommand) -> MessageOut:
    return await in_db_thread(
        messages.unreact, slug=connection.slug, user_id=connection.user_id, message_id=body.id, emoji=body.emoji
    )


async def _read(connection: Connection, body: ReadIn) -> ReadOut:
    return await batched.mark_read(slug=connection.slug, user_id=connection.user_id, seq=body.seq)


async def _history(connection: Connection, body: HistoryIn) -> HistoryOut:
    access: Access = await batched.check_access(slug=connection.slug, user_id=connection.user_id)
    return await in_db_thread(queries.history, room=access.room, page=body)


async def _typing(connection: Connection, body: TypingIn) -> TypingOut:
    def tell(typing: bool) -> None:
        if not (typing and connection.ended):
            notice = TypingOut(user_id=connection.user_id, typing=typing)
            announce([Passing(connection.room_id, connection.slug, "typing", notice, skip_user=connection.user_id)])

    connection.typing.pass_on(body.typing, tell)
    return TypingOut(user_id=connection.user_id, typing=body.typing)


@dataclass(frozen=True, slots=True)
class Command:
    body: type[BaseModel]
    run: Callable[[Connection, Any], Awaitable[BaseModel]]


COMMANDS: dict[str, Command] = {
    "message": Command(SendIn, _message),
    "edit": Command(EditCommand, _edit),
    "delete": Command(MessageCommand, _delete),
    "pin": Command(MessageCommand, _pin),
    "unpin": Command(MessageCommand, _unpin),
    "react": Command(ReactionCommand, _react),
    "unreact": Command(ReactionCommand, _unreact),
    "read": Command(ReadIn, _read),
    "history": Command(HistoryIn, _history),
    "typing": Command(TypingIn, _typing),
}


class Ack(NamedTuple):
    """The answer to a command, as JSON: `{ok: true, data}` or `{ok: false, error}`."""

    ok: bool
    body: bytes  # of `data` or `error`

    @property
    def json(self) -> bytes:
        return b'{"ok":true,"data":%b}' % self.body if self.ok else b'{"ok":false,"error":%b}' % self.body


async def reply(connection: Connection, name: object, payload: object) -> Ack:
    """Run a command; every outcome is an ack."""
    try:
        return Ack(True, encode(await _execute(connection, name, payload)))
    except Exception as error:
        return refusal(error)


def refusal(error: Exception) -> Ack:
    """The ack of something that went wrong."""
    answer = told(error)
    metrics.refusals.labels(answer.code).inc()
    return Ack(False, encode(answer.payload()))


async def _execute(connection: Connection, name: object, payload: object) -> BaseModel:
    if connection.slug == INBOX:
        raise invalid(type="An inbox takes no commands: say it in the room, or over REST.")
    command = COMMANDS.get(name) if isinstance(name, str) else None
    if command is None:
        raise invalid(type=f"There is no such event; there are: {', '.join(COMMANDS)}.")
    if connection.ended:
        raise ChatError(Code.UNAVAILABLE, "This connection is ending.", retry_after=1)
    if not isinstance(payload, dict):
        raise invalid(payload="The payload must be one JSON object.")
    return await command.run(connection, command.body.model_validate(payload))
