"""Search over REST."""

from typing import Any

from ninja import Query, Router

from backend.api.auth import SignedRequest, token_auth
from backend.api.schemas import errors
from backend.chat import batched, limits
from backend.chat.errors import Code
from backend.chat.events import SearchOut
from backend.chat.inputs import SearchIn
from backend.chat.search import search
from backend.threads import in_db_thread, in_search_thread

router = Router(auth=token_auth, tags=["messages"])


@router.get(
    "/search",
    operation_id="search_messages",
    summary="Find messages in my rooms",
    response={
        200: SearchOut,
        **errors(Code.INVALID, Code.UNAUTHORIZED, Code.FORBIDDEN, Code.NOT_FOUND, Code.RATE_LIMITED),
    },
)
async def search_messages(request: SignedRequest, page: Query[SearchIn]) -> Any:
    """Newest first. All words of `q` must be there, in any order and spelling of accents and capitals: 10 at most.

    The last word may be the beginning of a longer one; words that punctuation joins must stand next to each other.
    `invalid` also when that is too common to be looked through in time: add a word, or name a `room`.
    """
    user_id = request.auth.user_id
    await in_db_thread(limits.check_search, user_id=user_id)
    access = await batched.check_access(slug=page.room, user_id=user_id) if page.room else None
    return await in_search_thread(search, user_id=user_id, access=access, page=page)
