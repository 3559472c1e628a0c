"""Messages over REST: the history, what changed, and writing."""

from typing import Annotated, Any

from ninja import Query, Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import batched, queries
from backend.chat.errors import Code
from backend.chat.events import HistoryOut, MessageOut, SyncOut
from backend.chat.inputs import EditIn, Emoji, HistoryIn, Id, SendIn, Seq
from backend.chat.services import messages
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["messages"])

READ = (Code.INVALID, Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)
WRITE = (*READ, Code.TOO_LARGE, Code.RATE_LIMITED)


@router.get(
    "/rooms/{slug:slug}/messages",
    operation_id="list_messages",
    summary="A page of a room's history",
    response={200: HistoryOut, **errors(*READ)},
)
async def list_messages(request: SignedRequest, slug: str, page: Query[HistoryIn]) -> Any:
    """Oldest first. What is `before` or `after` a place (`seq`), half and half `around` it, or else the newest page.

    `has_more`: there are newer ones when asked for `after`, else older ones. `has_newer`: there are newer ones, told
    where `after` or `around` was asked.
    """
    access = await batched.check_access(slug=slug, user_id=request.auth.user_id)
    return await in_db_thread(queries.history, room=access.room, page=page)


@router.get(
    "/rooms/{slug:slug}/changes",
    operation_id="list_changes",
    summary="What happened after a position",
    response={200: SyncOut, **errors(*READ)},
)
async def list_changes(request: SignedRequest, slug: str, since: Annotated[Seq | None, Query()] = None) -> Any:
    """What a socket gets when it connects. `recovered` true: all that is new or changed after `since`, in order.

    False (no `since`, more than 500 changes, or ahead of the room): the newest messages, start anew with them.
    """
    access = await batched.check_access(slug=slug, user_id=request.auth.user_id)
    return await in_db_thread(queries.sync, room=access.room, since=since)


@router.post(
    "/rooms/{slug:slug}/messages",
    operation_id="send_message",
    summary="Post a message",
    response={201: MessageOut, 200: MessageOut, **errors(*WRITE, Code.CONFLICT)},
)
async def send_message(request: SignedRequest, slug: str, body: SendIn) -> Any:
    """Safe to repeat with the same `client_id`: the same message is answered again, with 200."""
    sent = await batched.send_message(slug=slug, user_id=request.auth.user_id, body=body)
    return Status(201 if sent.created else 200, sent.message)


@router.patch(
    "/rooms/{slug:slug}/messages/{message_id}",
    operation_id="edit_message",
    summary="Change the text of my message",
    response={200: MessageOut, **errors(*WRITE)},
)
async def edit_message(request: SignedRequest, slug: str, message_id: Id, body: EditIn) -> Any:
    """Within a day of sending it, unless the server is set otherwise; after that `forbidden`."""
    return await in_db_thread(
        messages.edit_message, slug=slug, user_id=request.auth.user_id, message_id=message_id, body=body
    )


@router.delete(
    "/rooms/{slug:slug}/messages/{message_id}",
    operation_id="delete_message",
    summary="Delete a message",
    response={200: MessageOut, **errors(*READ, Code.RATE_LIMITED)},
)
async def delete_message(request: SignedRequest, slug: str, message_id: Id) -> Any:
    """My own; as admin or owner anybody's. The answer is what stays in its place: the message without its text."""
    return await in_db_thread(messages.delete_message, slug=slug, user_id=request.auth.user_id, message_id=message_id)


@router.put(
    "/rooms/{slug:slug}/messages/{message_id}/reactions/{emoji}",
    operation_id="react",
    summary="Put an emoji on a message",
    response={200: MessageOut, **errors(*WRITE, Code.CONFLICT)},
)
async def react(request: SignedRequest, slug: str, message_id: Id, emoji: Emoji) -> Any:
    """One emoji. Doing it again changes nothing.

    A message takes 20 different ones at most, 5 of them by one person: one more is a `conflict`.
    """
    return await in_db_thread(
        messages.react, slug=slug, user_id=request.auth.user_id, message_id=message_id, emoji=emoji
    )


@router.delete(
    "/rooms/{slug:slug}/messages/{message_id}/reactions/{emoji}",
    operation_id="unreact",
    summary="Take my emoji off a message",
    response={200: MessageOut, **errors(*WRITE)},
)
async def unreact(request: SignedRequest, slug: str, message_id: Id, emoji: Emoji) -> Any:
    """Doing it again changes nothing."""
    return await in_db_thread(
        messages.unreact, slug=slug, user_id=request.auth.user_id, message_id=message_id, emoji=emoji
    )
