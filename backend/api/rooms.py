"""Rooms over REST: mine, the public ones, direct ones; coming, going and reading."""

from typing import Any

from ninja import Query, Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import batched, limits, room_queries
from backend.chat.errors import Code
from backend.chat.events import ReadOut, ReadsOut, RoomOut, RoomPageOut, RoomsOut
from backend.chat.inputs import DirectIn, ReadIn, RenameIn, RoomIn, RoomSearchIn
from backend.chat.services import members, rooms
from backend.threads import in_db_thread, in_search_thread

router = Router(auth=token_auth, tags=["rooms"])

BODY = (Code.INVALID, Code.TOO_LARGE, Code.UNAUTHORIZED)
ROOM = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND)


@router.get(
    "/rooms",
    operation_id="list_my_rooms",
    summary="My rooms",
    response={200: RoomsOut, **errors(Code.UNAUTHORIZED)},
)
async def list_my_rooms(request: SignedRequest) -> Any:
    """The one where something was said last first.

    `unread_count` counts others' messages after `last_read_seq`, up to 99, among the newest 500 of the room (system
    lines, deleted messages and mine are among these 500, but not counted). `mention_count`: those that mention me.
    """
    return await in_db_thread(room_queries.my_rooms, user_id=request.auth.user_id)


@router.post(
    "/rooms",
    operation_id="create_room",
    summary="Make a room",
    response={201: RoomOut, **errors(*BODY, Code.RATE_LIMITED)},
)
async def create_room(request: SignedRequest, body: RoomIn) -> Any:
    """I become its owner, `member_ids` its first members."""
    room = await in_db_thread(
        rooms.create_room, owner_id=request.auth.user_id, name=body.name, kind=body.kind, member_ids=body.member_ids
    )
    return Status(201, room)


@router.get(
    "/rooms/public",
    operation_id="list_public_rooms",
    summary="Find public rooms",
    response={200: RoomPageOut, **errors(Code.INVALID, Code.UNAUTHORIZED, Code.RATE_LIMITED)},
)
async def list_public_rooms(request: SignedRequest, search: Query[RoomSearchIn]) -> Any:
    """Newest first. `role` is null in those that I am not in."""
    user_id = request.auth.user_id
    if not search.q:
        return await in_db_thread(room_queries.public_rooms, user_id=user_id, search=search)
    await in_db_thread(limits.check_find, user_id=user_id)
    return await in_search_thread(room_queries.public_rooms, user_id=user_id, search=search)


@router.post(
    "/rooms/direct",
    operation_id="open_direct_room",
    summary="Open the room of me and one other person",
    response={201: RoomOut, 200: RoomOut, **errors(*BODY, Code.FORBIDDEN, Code.RATE_LIMITED)},
)
async def open_direct_room(request: SignedRequest, body: DirectIn) -> Any:
    """The same pair has the same room, whoever asks: 200 when it was there already.

    `forbidden`: this person has blocked me.
    """
    room, created = await in_db_thread(rooms.open_direct, user_id=request.auth.user_id, other_id=body.user_id)
    return Status(201 if created else 200, room)


@router.get(
    "/rooms/{slug:slug}",
    operation_id="get_room",
    summary="One room",
    response={200: RoomOut, **errors(*ROOM)},
)
async def get_room(request: SignedRequest, slug: str) -> Any:
    """Public rooms are shown to everybody, others to their members."""
    return await in_db_thread(room_queries.room, slug=slug, user_id=request.auth.user_id)


@router.patch(
    "/rooms/{slug:slug}",
    operation_id="rename_room",
    summary="Rename a room",
    response={200: RoomOut, **errors(*BODY, *ROOM, Code.RATE_LIMITED)},
)
async def rename_room(request: SignedRequest, slug: str, body: RenameIn) -> Any:
    """For its admins and owners. The slug stays."""
    return await in_db_thread(rooms.rename_room, slug=slug, user_id=request.auth.user_id, name=body.name)


@router.delete(
    "/rooms/{slug:slug}",
    operation_id="delete_room",
    summary="Delete a room",
    response={204: None, **errors(*ROOM, Code.RATE_LIMITED)},
)
async def delete_room(request: SignedRequest, slug: str) -> Any:
    """For its owners. All messages go with it; everybody connected is sent away."""
    await in_db_thread(rooms.delete_room, slug=slug, user_id=request.auth.user_id)
    return Status(204, None)


@router.post(
    "/rooms/{slug:slug}/join",
    operation_id="join_room",
    summary="Join a public room",
    response={200: RoomOut, **errors(*ROOM, Code.RATE_LIMITED)},
)
async def join_room(request: SignedRequest, slug: str) -> Any:
    """Being in already changes nothing."""
    return await in_db_thread(members.join, slug=slug, user_id=request.auth.user_id)


@router.post(
    "/rooms/{slug:slug}/leave",
    operation_id="leave_room",
    summary="Leave a room",
    response={204: None, **errors(*ROOM, Code.RATE_LIMITED)},
)
async def leave_room(request: SignedRequest, slug: str) -> Any:
    """The last owner hands over to the longest-serving admin, or else member. My connections to the room end.

    Behind the last of all the room is erased, with all that was said in it.
    """
    await in_db_thread(members.leave, slug=slug, user_id=request.auth.user_id)
    return Status(204, None)


@router.post(
    "/rooms/{slug:slug}/read",
    operation_id="mark_room_read",
    summary="Say how far I have read",
    response={200: ReadOut, **errors(*BODY, *ROOM)},
)
async def mark_room_read(request: SignedRequest, slug: str, body: ReadIn) -> Any:
    """Moves forward only, and not past the room's end; the answer says where it is now."""
    return await batched.mark_read(slug=slug, user_id=request.auth.user_id, seq=body.seq)


@router.get(
    "/rooms/{slug:slug}/reads",
    operation_id="list_reads",
    summary="Who has read up to where",
    response={200: ReadsOut, **errors(*ROOM)},
)
async def list_reads(request: SignedRequest, slug: str) -> Any:
    """For rooms of up to 100 members, unless the server is set otherwise; empty in larger ones."""
    access = await batched.check_access(slug=slug, user_id=request.auth.user_id)
    return await in_db_thread(room_queries.reads, access=access)
