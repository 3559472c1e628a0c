"""Which files may be sent: by the ending of their name, checked against how their content begins.

What a sender claims to be the type is not asked. Pictures are always welcome, and encoded anew.
"""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import NamedTuple

from django.conf import settings

from .errors import ChatError, invalid

HEAD = 1024  # bytes in which a signature is looked for
NAME_LENGTH = 120  # characters
ENDING_LENGTH = 10
UNKNOWN = "application/octet-stream"

PICTURE_ENDINGS = frozenset({"jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp"})
PICTURE_HEADS = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP", re.DOTALL)


class Kind(NamedTuple):
    """`head`: what the first bytes match; None: anything, such as text."""

    type: str
    head: re.Pattern[bytes] | None = None


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_ZIP = re.compile(rb"PK[\x03\x05]")
_OLE = re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_GZIP = re.compile(rb"\x1f\x8b")
_OGG = re.compile(rb"OggS")
_MP4 = re.compile(rb"....ftyp", re.DOTALL)
KINDS: dict[str, Kind] = {
    "7z": Kind("application/x-7z-compressed", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    "csv": Kind("text/csv"),
    "doc": Kind("application/msword", _OLE),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    "epub": Kind("application/epub+zip", _ZIP),
    "flac": Kind("audio/flac", re.compile(rb"fLaC|ID3")),
    "gz": Kind("application/gzip", _GZIP),
    "ics": Kind("text/calendar"),
    "json": Kind("application/json"),
    "log": Kind("text/plain"),
    "m4a": Kind("audio/mp4", _MP4),
    "m4v": Kind("video/mp4", _MP4),
    "md": Kind("text/markdown"),
    "mkv": Kind("video/x-matroska", re.compile(rb"\x1a\x45\xdf\xa3")),
    "mov": Kind("video/quicktime", re.compile(rb"....(ftyp|moov|mdat|wide|free|skip)", re.DOTALL)),
    "mp3": Kind("audio/mpeg", re.compile(rb"ID3|\xff[\xe0-\xff]")),
    "mp4": Kind("video/mp4", _MP4),
    "odp": Kind(f"{_OPEN}.presentation", _ZIP),
    "ods": Kind(f"{_OPEN}.spreadsheet", _ZIP),
    "odt": Kind(f"{_OPEN}.text", _ZIP),
    "oga": Kind("audio/ogg", _OGG),
    "ogg": Kind("audio/ogg", _OGG),
    "opus": Kind("audio/ogg", _OGG),
    "pdf": Kind("application/pdf", re.compile(rb".{,1000}%PDF-", re.DOTALL)),
    "ppt": Kind("application/vnd.ms-powerpoint", _OLE),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", _ZIP),
    "rtf": Kind("application/rtf", re.compile(rb"\{\\rtf")),
    "tar": Kind("application/x-tar"),
    "tgz": Kind("application/gzip", _GZIP),
    "txt": Kind("text/plain"),
    "vcf": Kind("text/vcard"),
    "wav": Kind("audio/wav", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    "webm": Kind("video/webm", re.compile(rb"\x1a\x45\xdf\xa3")),
    "xls": Kind("application/vnd.ms-excel", _OLE),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    "zip": Kind("application/zip", _ZIP),
}


def is_picture(name: str, head: bytes) -> bool:
    """Whether a file says it is a picture, by its name or by its first bytes."""
    return ending(name) in PICTURE_ENDINGS or bool(PICTURE_HEADS.match(head))


def type_of(name: str, head: bytes) -> str:
    """The media type of a file that is no picture; raises `invalid` for what is not allowed or not what it says."""
    allowed = settings.ATTACHMENT_TYPES or KINDS
    end = ending(name)
    if end not in allowed:
        raise _refusal(f"Files of this type are not accepted. Accepted are pictures and: {', '.join(sorted(allowed))}.")
    kind = KINDS.get(end, Kind(UNKNOWN))
    if kind.head and not kind.head.match(head):
        raise _refusal(f"The content of the file is not what its name says (.{end}).")
    return kind.type


def ending(name: str) -> str:
    """`Report.PDF` -> `pdf`; empty without one."""
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def clean_name(name: str) -> str:
    """A name to show and to save under: no folders, nothing invisible (which could turn the writing direction)."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    visible = "".join(char for char in base if unicodedata.category(char)[0] != "C")
    plain = " ".join(visible.split()).strip(". ")
    stem, dot, end = plain.rpartition(".")
    if not dot or len(end) > ENDING_LENGTH:
        return plain[:NAME_LENGTH] or "file"
    return f"{stem[: NAME_LENGTH - len(end) - 1]}.{end}"


def picture_name(name: str) -> str:
    """The cleaned name of a picture, with the ending of what is stored."""
    cleaned = clean_name(name)
    stem = cleaned.rpartition(".")[0] if ending(cleaned) in PICTURE_ENDINGS else cleaned
    return f"{stem[: NAME_LENGTH - 5]}.webp"


def _refusal(text: str) -> ChatError:
    return invalid(file=text)
