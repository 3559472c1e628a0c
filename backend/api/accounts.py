"""Accounts over REST: register, log in and out, profiles."""

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Status

from backend.accounts import queries, services
from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import (
    DeleteMeIn,
    LoginIn,
    MeOut,
    ProfileIn,
    Query,
    RegisterIn,
    TokenOut,
    UsersOut,
    binary,
    errors,
    me_out,
    token_out,
)
from backend.api.uploads import multipart_body, read_upload
from backend.chat.errors import ChatError, Code
from backend.chat.events import UserBrief
from backend.chat.export import export
from backend.chat.inputs import Id
from backend.chat.limits import check_export, check_find, check_login, check_upload
from backend.chat.payloads import user_brief
from backend.chat.services import erasure, sessions
from backend.threads import in_db_thread, in_picture_thread, in_search_thread, in_slow_thread, slow_steps

router = Router()

BODY = (Code.INVALID, Code.TOO_LARGE)


def address(request: HttpRequest) -> str:
    """The client's, as the ASGI server tells it: a header that anybody can write is not asked."""
    return str(request.META.get("REMOTE_ADDR") or "unknown")


@router.post(
    "/auth/register",
    operation_id="register",
    summary="Make an account",
    tags=["auth"],
    response={201: TokenOut, **errors(*BODY, Code.RATE_LIMITED)},
)
async def register(request: HttpRequest, body: RegisterIn) -> Any:
    """The answer holds a token: no need to log in. `fields` names what is not accepted."""
    await in_db_thread(check_login, address=address(request))
    session = await in_slow_thread(services.register, email=body.email, name=body.name, password=body.password)
    return Status(201, token_out(session))


@router.post(
    "/auth/login",
    operation_id="log_in",
    summary="Get a token",
    tags=["auth"],
    response={200: TokenOut, **errors(*BODY, Code.UNAUTHORIZED, Code.RATE_LIMITED)},
)
async def log_in(request: HttpRequest, body: LoginIn) -> Any:
    """`unauthorized` for a wrong email and for a wrong password alike."""
    await in_db_thread(check_login, address=address(request), email=body.email)
    session = await in_slow_thread(services.log_in, email=body.email, password=body.password)
    if session is None:
        raise ChatError(Code.UNAUTHORIZED, "Wrong email or password.")
    return token_out(session)


@router.post(
    "/auth/logout",
    auth=token_auth,
    operation_id="log_out",
    summary="End this token",
    tags=["auth"],
    response={204: None, **errors(Code.UNAUTHORIZED)},
)
async def log_out(request: SignedRequest) -> Any:
    """The connections made with it end too."""
    await in_db_thread(sessions.log_out, identity=request.auth)
    return Status(204, None)


@router.post(
    "/auth/logoutall",
    auth=token_auth,
    operation_id="log_out_everywhere",
    summary="End all my tokens",
    tags=["auth"],
    response={204: None, **errors(Code.UNAUTHORIZED)},
)
async def log_out_everywhere(request: SignedRequest) -> Any:
    """All my connections end too."""
    await in_db_thread(sessions.log_out_everywhere, identity=request.auth)
    return Status(204, None)


@router.get(
    "/users/me",
    auth=token_auth,
    operation_id="get_me",
    summary="My profile",
    tags=["users"],
    response={200: MeOut, **errors(Code.UNAUTHORIZED)},
)
async def get_me(request: SignedRequest) -> Any:
    return me_out(await in_db_thread(queries.get_user, user_id=request.auth.user_id))


@router.patch(
    "/users/me",
    auth=token_auth,
    operation_id="update_me",
    summary="Change my profile",
    tags=["users"],
    response={200: MeOut, **errors(*BODY, Code.UNAUTHORIZED)},
)
async def update_me(request: SignedRequest, body: ProfileIn) -> Any:
    return me_out(await in_db_thread(services.update_profile, user_id=request.auth.user_id, name=body.name))


@router.delete(
    "/users/me",
    auth=token_auth,
    operation_id="delete_me",
    summary="Delete my account",
    tags=["users"],
    response={204: None, **errors(*BODY, Code.UNAUTHORIZED, Code.RATE_LIMITED)},
)
async def delete_me(request: SignedRequest, body: DeleteMeIn) -> Any:
    """Asks for the password once more. All that is personal goes, for good, and all tokens and connections end.

    Messages stay, as said by "Deleted user" (`keep`), or leave an empty line each (`delete`). If no answer comes, log
    in: should that work, ask again.
    """
    user_id = request.auth.user_id
    await in_slow_thread(erasure.confirm, user_id=user_id, password=body.password, address=address(request))
    keep = body.messages == "keep"
    await slow_steps(erasure.delete_account(identity=request.auth, keep_messages=keep)).finish()
    return Status(204, None)


@router.get(
    "/users/me/export",
    auth=token_auth,
    operation_id="export_me",
    summary="All my data",
    tags=["users"],
    response={200: None, **errors(Code.UNAUTHORIZED, Code.RATE_LIMITED)},
    openapi_extra=binary("application/zip", 200),
)
async def export_me(request: SignedRequest) -> Any:
    """A ZIP file: my profile, rooms, messages, reactions, blocks, bans, invites as JSON, my avatar, my attachments."""
    await in_db_thread(check_export, user_id=request.auth.user_id)
    headers = {"Content-Disposition": 'attachment; filename="chat-export.zip"', "Content-Type": "application/zip"}
    return StreamingHttpResponse(slow_steps(export(user_id=request.auth.user_id)), headers=headers)


@router.put(
    "/users/me/avatar",
    auth=token_auth,
    operation_id="set_avatar",
    summary="Upload my avatar",
    tags=["users"],
    response={200: MeOut, **errors(*BODY, Code.UNAUTHORIZED, Code.RATE_LIMITED)},
    openapi_extra=multipart_body("avatar"),
)
async def set_avatar(request: SignedRequest) -> Any:
    """JPEG, PNG, GIF or WebP. Kept is a square thumbnail without the picture's metadata."""
    await in_db_thread(check_upload, user_id=request.auth.user_id)
    with await read_upload(request, "avatar") as file:
        return me_out(await in_picture_thread(services.set_avatar, user_id=request.auth.user_id, file=file))


@router.delete(
    "/users/me/avatar",
    auth=token_auth,
    operation_id="remove_avatar",
    summary="Remove my avatar",
    tags=["users"],
    response={204: None, **errors(Code.UNAUTHORIZED)},
)
async def remove_avatar(request: SignedRequest) -> Any:
    await in_db_thread(services.remove_avatar, user_id=request.auth.user_id)
    return Status(204, None)


@router.get(
    "/users",
    auth=token_auth,
    operation_id="search_users",
    summary="Find people by name",
    tags=["users"],
    response={200: UsersOut, **errors(Code.INVALID, Code.UNAUTHORIZED, Code.RATE_LIMITED)},
)
async def search_users(request: SignedRequest, q: Query = "") -> Any:
    """The first 20 by name."""
    await in_db_thread(check_find, user_id=request.auth.user_id)
    users = await in_search_thread(queries.search_users, text=q.strip())
    return UsersOut(items=[user_brief(user) for user in users])


@router.get(
    "/users/{user_id}",
    auth=token_auth,
    operation_id="get_user",
    summary="One person",
    tags=["users"],
    response={200: UserBrief, **errors(Code.INVALID, Code.UNAUTHORIZED, Code.NOT_FOUND)},
)
async def get_user(request: SignedRequest, user_id: Id) -> Any:
    user = await in_db_thread(queries.find_user, user_id=user_id)
    if user is None:
        raise ChatError(Code.NOT_FOUND)
    return user_brief(user)
