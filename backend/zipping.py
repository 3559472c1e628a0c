"""A ZIP file that is written while it is read: nothing of it waits in memory or on disk."""

import io
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.utils import timezone

CHUNK = 64 * 1024  # bytes after which a part goes out


class Member(NamedTuple):
    """One file in the archive; `packed`: compressed already."""

    path: str
    content: Iterable[bytes]
    packed: bool = False


def zip_stream(members: Iterable[Member]) -> Generator[bytes, None, None]:
    """The archive in parts of about 64 KiB, and of a piece of content at most."""
    now = timezone.localtime().timetuple()[:6]
    pipe = _Pipe()
    with ZipFile(pipe, "w") as archive:
        for member in members:
            info = ZipInfo(member.path, date_time=now)
            info.compress_type = ZIP_STORED if member.packed else ZIP_DEFLATED
            with archive.open(info, "w") as entry:
                for piece in member.content:
                    entry.write(piece)
                    if len(pipe.ready) >= CHUNK:
                        yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """What ZipFile writes into; it finds out by itself that there is no way back."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: Any, /) -> int:
        self.ready += part
        return len(part)

    def take(self) -> bytes:
        part = bytes(self.ready)
        self.ready.clear()
        return part
