"""Whom I block, over REST."""

from typing import Any

from ninja import Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import moderation_queries
from backend.chat.errors import Code
from backend.chat.events import BlocksOut
from backend.chat.inputs import Id
from backend.chat.services import blocks
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["users"])


@router.get(
    "/users/me/blocks",
    operation_id="list_blocks",
    summary="Whom I block",
    response={200: BlocksOut, **errors(Code.UNAUTHORIZED)},
)
async def list_blocks(request: SignedRequest) -> Any:
    """The last one first."""
    return await in_db_thread(moderation_queries.blocks, user_id=request.auth.user_id)


@router.put(
    "/users/me/blocks/{user_id}",
    operation_id="block",
    summary="Block a person",
    response={204: None, **errors(Code.INVALID, Code.UNAUTHORIZED, Code.NOT_FOUND, Code.CONFLICT)},
)
async def block(request: SignedRequest, user_id: Id) -> Any:
    """They can open no direct room with me and write in none. Doing it again changes nothing. 1,000 people at most."""
    await in_db_thread(blocks.block, user_id=request.auth.user_id, person_id=user_id)
    return Status(204, None)


@router.delete(
    "/users/me/blocks/{user_id}",
    operation_id="unblock",
    summary="Unblock a person",
    response={204: None, **errors(Code.INVALID, Code.UNAUTHORIZED)},
)
async def unblock(request: SignedRequest, user_id: Id) -> Any:
    """Doing it again changes nothing."""
    await in_db_thread(blocks.unblock, user_id=request.auth.user_id, person_id=user_id)
    return Status(204, None)
