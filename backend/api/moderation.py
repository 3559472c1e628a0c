"""Handing over, bans and mutes over REST."""

from typing import Any

from ninja import Query, Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import moderation_queries
from backend.chat.errors import Code
from backend.chat.events import BanOut, BanPageOut, MemberOut
from backend.chat.inputs import BansIn, HandOverIn, Id, MuteIn
from backend.chat.services import members, moderation
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["moderation"])

ROOM = (Code.INVALID, Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)
WRITE = (*ROOM, Code.RATE_LIMITED)


@router.post(
    "/rooms/{slug:slug}/owner",
    operation_id="hand_over_room",
    summary="Make somebody else the owner",
    response={200: MemberOut, **errors(*WRITE, Code.TOO_LARGE)},
)
async def hand_over_room(request: SignedRequest, slug: str, body: HandOverIn) -> Any:
    """For owners, who become admins. The answer is the new owner."""
    return await in_db_thread(members.hand_over, slug=slug, user_id=request.auth.user_id, heir_id=body.user_id)


@router.get(
    "/rooms/{slug:slug}/bans",
    operation_id="list_bans",
    summary="Who is banned from a room",
    response={200: BanPageOut, **errors(*ROOM)},
)
async def list_bans(request: SignedRequest, slug: str, page: Query[BansIn]) -> Any:
    """For admins and owners. The newest first."""
    return await in_db_thread(moderation_queries.bans, slug=slug, user_id=request.auth.user_id, page=page)


@router.put(
    "/rooms/{slug:slug}/bans/{user_id}",
    operation_id="ban",
    summary="Ban a person from a room",
    response={200: BanOut, **errors(*WRITE)},
)
async def ban(request: SignedRequest, slug: str, user_id: Id) -> Any:
    """Members and strangers are banned by admins and owners, admins by owners. Doing it again changes nothing.

    Being in ends, their connections to the room end, and the invite links that they made end.
    """
    return await in_db_thread(moderation.ban, slug=slug, user_id=request.auth.user_id, person_id=user_id)


@router.delete(
    "/rooms/{slug:slug}/bans/{user_id}",
    operation_id="unban",
    summary="Let a banned person join again",
    response={204: None, **errors(*WRITE)},
)
async def unban(request: SignedRequest, slug: str, user_id: Id) -> Any:
    """For admins and owners. Doing it again changes nothing."""
    await in_db_thread(moderation.unban, slug=slug, user_id=request.auth.user_id, person_id=user_id)
    return Status(204, None)


@router.put(
    "/rooms/{slug:slug}/members/{user_id}/mute",
    operation_id="mute",
    summary="Mute a member for a time",
    response={200: MemberOut, **errors(*WRITE, Code.TOO_LARGE)},
)
async def mute(request: SignedRequest, slug: str, user_id: Id, body: MuteIn) -> Any:
    """Members are muted by admins and owners, admins by owners: they may not write, edit, react or rename the room.

    For so many minutes from now on; doing it again counts anew.
    """
    return await in_db_thread(
        moderation.mute, slug=slug, user_id=request.auth.user_id, member_id=user_id, minutes=body.minutes
    )


@router.delete(
    "/rooms/{slug:slug}/members/{user_id}/mute",
    operation_id="unmute",
    summary="End a member's mute",
    response={204: None, **errors(*WRITE)},
)
async def unmute(request: SignedRequest, slug: str, user_id: Id) -> Any:
    """For those who may mute them. Doing it again changes nothing."""
    await in_db_thread(moderation.unmute, slug=slug, user_id=request.auth.user_id, member_id=user_id)
    return Status(204, None)
