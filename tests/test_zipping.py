"""The ZIP stream: small parts, and an archive that others can read."""

import io
import zipfile
from collections.abc import Iterator

from backend.zipping import Member, zip_stream


def test_an_archive_in_small_parts() -> None:
    def content() -> Iterator[bytes]:
        for number in range(500):
            yield bytes(f"{number:04}", "ascii") * 1_000

    members = [Member("packed.bin", content(), packed=True), Member("text.txt", content()), Member("empty", [])]
    parts = list(zip_stream(members))
    assert max(map(len, parts)) < 72_000
    assert len(parts) > 25
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert archive.testzip() is None
    assert archive.namelist() == ["packed.bin", "text.txt", "empty"]
    assert archive.read("text.txt") == archive.read("packed.bin") == b"".join(content())
    assert archive.getinfo("text.txt").compress_size < 100_000
    assert archive.getinfo("packed.bin").compress_size == 2_000_000


def test_content_is_asked_for_while_the_archive_is_read() -> None:
    asked: list[int] = []

    def content() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield bytes(64 * 1024)

    parts = zip_stream([Member("a", content(), packed=True)])
    next(parts)
    assert asked == [0]
    parts.close()
    assert asked == [0]
