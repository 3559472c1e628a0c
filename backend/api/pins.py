"""Pinned messages over REST."""

from typing import Any

from ninja import Router

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import batched, queries
from backend.chat.errors import Code
from backend.chat.events import MessageOut, PinsOut
from backend.chat.inputs import Id
from backend.chat.services import messages
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["messages"])

ROOM = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)
WRITE = (*ROOM, Code.INVALID, Code.RATE_LIMITED)


@router.get(
    "/rooms/{slug:slug}/pins",
    operation_id="list_pins",
    summary="What is pinned in a room",
    response={200: PinsOut, **errors(*ROOM)},
)
async def list_pins(request: SignedRequest, slug: str) -> Any:
    """The newest pin first."""
    access = await batched.check_access(slug=slug, user_id=request.auth.user_id)
    return await in_db_thread(queries.pins, room=access.room)


@router.put(
    "/rooms/{slug:slug}/messages/{message_id}/pin",
    operation_id="pin_message",
    summary="Pin a message",
    response={200: MessageOut, **errors(*WRITE, Code.CONFLICT)},
)
async def pin_message(request: SignedRequest, slug: str, message_id: Id) -> Any:
    """For admins and owners, in a direct room for both. Doing it again changes nothing.

    A room has 50 pins at most: one more is a `conflict`.
    """
    return await in_db_thread(messages.pin_message, slug=slug, user_id=request.auth.user_id, message_id=message_id)


@router.delete(
    "/rooms/{slug:slug}/messages/{message_id}/pin",
    operation_id="unpin_message",
    summary="Take the pin off a message",
    response={200: MessageOut, **errors(*WRITE)},
)
async def unpin_message(request: SignedRequest, slug: str, message_id: Id) -> Any:
    """With the same right. Doing it again changes nothing."""
    return await in_db_thread(messages.unpin_message, slug=slug, user_id=request.auth.user_id, message_id=message_id)
