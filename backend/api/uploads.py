"""One uploaded file out of a multipart body."""

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from backend.chat.errors import ChatError, Code, invalid
from backend.threads import in_picture_thread


def multipart_body(field: str) -> dict[str, object]:
    """The `openapi_extra` of an operation that takes one file in `field`."""
    schema = {
        "type": "object",
        "required": [field],
        "properties": {field: {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


async def read_upload(request: HttpRequest, field: str) -> "UploadedFile[bytes]":
    """The file sent in `field`, whatever the method: Django by itself parses POST only."""
    if request.content_type != "multipart/form-data":
        raise ChatError(Code.INVALID, "Send the file as multipart/form-data.", fields={field: "Send a file."})
    _, files = await in_picture_thread(request.parse_file_upload, request.META, request)
    upload = files.get(field)
    if not isinstance(upload, UploadedFile):
        raise invalid(**{field: "Send a file."})
    return upload
