"""Invite links over REST."""

from typing import Any

from ninja import Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import moderation_queries
from backend.chat.errors import Code
from backend.chat.events import InvitationOut, InviteOut, InvitesOut, RoomOut
from backend.chat.inputs import Id, InviteIn
from backend.chat.services import invites
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["invites"])

LINK = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)


@router.post(
    "/rooms/{slug:slug}/invites",
    operation_id="create_invite",
    summary="Make an invite link",
    response={201: InviteOut, **errors(*LINK, Code.INVALID, Code.CONFLICT, Code.TOO_LARGE, Code.RATE_LIMITED)},
)
async def create_invite(request: SignedRequest, slug: str, body: InviteIn) -> Any:
    """For admins and owners. Whoever has the link may join, also a private room. 50 links a room: else `conflict`."""
    invite = await in_db_thread(
        invites.create_invite,
        slug=slug,
        user_id=request.auth.user_id,
        hours=body.expires_in_hours,
        max_uses=body.max_uses,
    )
    return Status(201, invite)


@router.get(
    "/rooms/{slug:slug}/invites",
    operation_id="list_invites",
    summary="The invite links of a room",
    response={200: InvitesOut, **errors(*LINK)},
)
async def list_invites(request: SignedRequest, slug: str) -> Any:
    """For admins and owners. Those that have not expired, the newest first."""
    return await in_db_thread(moderation_queries.invites, slug=slug, user_id=request.auth.user_id)


@router.delete(
    "/rooms/{slug:slug}/invites/{invite_id}",
    operation_id="revoke_invite",
    summary="Revoke an invite link",
    response={204: None, **errors(*LINK, Code.INVALID, Code.RATE_LIMITED)},
)
async def revoke_invite(request: SignedRequest, slug: str, invite_id: Id) -> Any:
    """For admins and owners. Who came in by it stays."""
    await in_db_thread(invites.revoke_invite, slug=slug, user_id=request.auth.user_id, invite_id=invite_id)
    return Status(204, None)


@router.get(
    "/invites/{slug:code}",
    operation_id="get_invitation",
    summary="Where an invite link leads",
    response={200: InvitationOut, **errors(*LINK)},
)
async def get_invitation(request: SignedRequest, code: str) -> Any:
    """`not_found`: wrong, expired, used up or revoked; `forbidden`: I am banned from the room."""
    return await in_db_thread(moderation_queries.invitation, code=code, user_id=request.auth.user_id)


@router.post(
    "/invites/{slug:code}/accept",
    operation_id="accept_invite",
    summary="Join by an invite link",
    response={200: RoomOut, **errors(*LINK, Code.RATE_LIMITED)},
)
async def accept_invite(request: SignedRequest, code: str) -> Any:
    """`not_found` and `forbidden` as above. Being in already changes nothing and uses nothing up."""
    return await in_db_thread(invites.accept_invite, code=code, user_id=request.auth.user_id)
