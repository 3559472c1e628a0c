"""Files over REST: sent in, looked at, thrown away. Into a message they come by `attachment_ids`."""

from typing import Any

from ninja import Router, Status

from backend.api.auth import SignedRequest, token_auth
from backend.api.downloads import file_response
from backend.api.schemas import binary, errors
from backend.api.uploads import multipart_body, read_upload
from backend.chat import limits
from backend.chat.attachment_queries import stored_file
from backend.chat.errors import Code
from backend.chat.events import AttachmentOut
from backend.chat.inputs import Id
from backend.chat.services import attachments
from backend.threads import in_db_thread, in_file_thread, in_picture_thread

router = Router(auth=token_auth, tags=["attachments"])

FILE = (Code.INVALID, Code.UNAUTHORIZED, Code.NOT_FOUND)


@router.post(
    "/attachments",
    operation_id="upload_attachment",
    summary="Upload a file for a message",
    response={
        201: AttachmentOut,
        **errors(Code.INVALID, Code.UNAUTHORIZED, Code.CONFLICT, Code.TOO_LARGE, Code.RATE_LIMITED),
    },
    openapi_extra=multipart_body("file"),
)
async def upload_attachment(request: SignedRequest) -> Any:
    """Then send its `id` in `attachment_ids` within a day. 50 files may wait to be sent: else `conflict`.

    A picture (JPEG, PNG, GIF, WebP) is turned upright, scaled down to 2560 pixels and stored as WebP without its
    metadata. A moving one keeps moving, if it has 300 frames at most; its thumbnail is its first frame. Other files are
    kept as they are, if their type is accepted.
    """
    user_id = request.auth.user_id
    await in_db_thread(limits.check_upload, user_id=user_id)
    with await read_upload(request, "file") as file:
        prepared = await in_picture_thread(attachments.prepare, file=file)
        return Status(201, await in_file_thread(attachments.store, user_id=user_id, prepared=prepared))


@router.get(
    "/attachments/{attachment_id}",
    operation_id="get_attachment",
    summary="A file, or its thumbnail",
    response={200: None, 206: None, 304: None, **errors(*FILE)},
    openapi_extra=binary("*/*", 200, 206),
)
async def get_attachment(request: SignedRequest, attachment_id: Id, thumbnail: bool = False) -> Any:
    """For the members of its room; before it is sent, for its uploader. One `Range` of bytes at a time, else all.

    A range outside of the file is refused with status 416. Pictures are `inline`, everything else a download.
    """
    file = await in_file_thread(
        stored_file, attachment_id=attachment_id, user_id=request.auth.user_id, thumbnail=thumbnail
    )
    return file_response(request, file)


router.add_api_operation(
    "/attachments/{attachment_id}", ["HEAD"], get_attachment, response={200: None}, include_in_schema=False
)


@router.delete(
    "/attachments/{attachment_id}",
    operation_id="discard_attachment",
    summary="Throw away a file that I have not sent",
    response={204: None, **errors(*FILE)},
)
async def discard_attachment(request: SignedRequest, attachment_id: Id) -> Any:
    """A file that was sent goes with its message."""
    await in_db_thread(attachments.discard, user_id=request.auth.user_id, attachment_id=attachment_id)
    return Status(204, None)
