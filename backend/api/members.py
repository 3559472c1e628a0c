"""The people of a room over REST."""

from typing import Any

from ninja import Query, Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import batched, room_queries
from backend.chat.errors import Code
from backend.chat.events import MemberOut, MemberPageOut
from backend.chat.inputs import Id, MemberIn, MembersIn, RoleIn
from backend.chat.services import members
from backend.threads import in_db_thread

router = Router(auth=token_auth, tags=["members"])

MEMBER = (Code.INVALID, Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)
WRITE = (*MEMBER, Code.RATE_LIMITED)


@router.get(
    "/rooms/{slug:slug}/members",
    operation_id="list_members",
    summary="Who is in a room",
    response={200: MemberPageOut, **errors(*MEMBER)},
)
async def list_members(request: SignedRequest, slug: str, page: Query[MembersIn]) -> Any:
    """In the order they came."""
    access = await batched.check_access(slug=slug, user_id=request.auth.user_id)
    return await in_db_thread(room_queries.members, access=access, page=page)


@router.post(
    "/rooms/{slug:slug}/members",
    operation_id="add_member",
    summary="Add a person to a room",
    response={201: MemberOut, 200: MemberOut, **errors(*WRITE, Code.CONFLICT, Code.TOO_LARGE)},
)
async def add_member(request: SignedRequest, slug: str, body: MemberIn) -> Any:
    """For admins and owners, another `role` than member for owners. 200: already in, nothing changed."""
    member, created = await in_db_thread(
        members.add_member, slug=slug, user_id=request.auth.user_id, member_id=body.user_id, role=body.role
    )
    return Status(201 if created else 200, member)


@router.patch(
    "/rooms/{slug:slug}/members/{user_id}",
    operation_id="change_role",
    summary="Give a member another role",
    response={200: MemberOut, **errors(*WRITE, Code.CONFLICT, Code.TOO_LARGE)},
)
async def change_role(request: SignedRequest, slug: str, user_id: Id, body: RoleIn) -> Any:
    """For owners. The last owner stays one."""
    return await in_db_thread(
        members.change_role, slug=slug, user_id=request.auth.user_id, member_id=user_id, role=body.role
    )


@router.delete(
    "/rooms/{slug:slug}/members/{user_id}",
    operation_id="remove_member",
    summary="Remove a person from a room",
    response={204: None, **errors(*WRITE)},
)
async def remove_member(request: SignedRequest, slug: str, user_id: Id) -> Any:
    """Members are removed by admins and owners, admins by owners. Their connections to the room end."""
    await in_db_thread(members.remove_member, slug=slug, user_id=request.auth.user_id, member_id=user_id)
    return Status(204, None)
