"""A stored file as an answer: harmless to a browser, whole or a part of it, streamed or handed to nginx."""

import re
from http import HTTPStatus
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags

from backend import storage
from backend.api.errors import error_response
from backend.chat.attachment_queries import StoredFile
from backend.chat.errors import ChatError, Code
from backend.threads import file_steps

# No script, no style, no plug-in, and an origin of its own: also for whoever opens it in a tab.
POLICY = "default-src 'none'; sandbox"
# What an address holds never changes; who may see it does.
CACHE = "private, max-age=3600"
# One range. Of several, or of nonsense, the whole file is sent, as RFC 9110 allows.
RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.ASCII | re.IGNORECASE)


def file_response(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """200, 206 for a range, 304 for what the client has already, 416 for a range outside of the file."""
    etag = f'"{file.path.rpartition("/")[2]}"'
    headers = {
        "Content-Type": file.type,
        "Content-Disposition": content_disposition_header(not file.inline, file.name) or "inline",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": CACHE,
        "Vary": "Authorization",
        "ETag": etag,
    }
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if settings.ACCEL_PREFIX:
        headers["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX.rstrip('/')}/{quote(file.path)}"
        return HttpResponse(headers=headers)
    headers["Accept-Ranges"] = "bytes"
    part = _range(request, etag, file.size)
    if part is None:
        return _stream(request, file, range(file.size), HTTPStatus.OK, headers)
    if not part:
        response = error_response(
            ChatError(Code.INVALID, f"The file has {file.size:,} bytes: this range is outside of it."),
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        )
        response["Content-Range"] = f"bytes */{file.size}"
        return response
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    return _stream(request, file, part, HTTPStatus.PARTIAL_CONTENT, headers)


def _range(request: HttpRequest, etag: str, size: int) -> range | None:
    """The bytes asked for; empty: none of them is in the file; None: all of it."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last, tail = asked.groups()
    if tail is not None:
        return range(max(size - int(tail), 0), size)
    if last is not None and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size))


def _stream(
    request: HttpRequest, file: StoredFile, part: range, status: HTTPStatus, headers: dict[str, str]
) -> HttpResponseBase:
    headers["Content-Length"] = str(len(part))
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    pieces = file_steps(storage.read(file.path, start=part.start, length=len(part)))
    return StreamingHttpResponse(pieces, status=status, headers=headers)
