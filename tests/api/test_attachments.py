"""Attachments over REST: taken in whatever strangers send, shown to whom they are for."""

import asyncio
import io
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from django.core.files.base import File
from django.core.files.storage import default_storage
from PIL import Image
from pytest_django import Settings

from backend import storage
from backend.chat.models import Attachment, Message
from tests.api.rooms import Person, register
from tests.pictures import bomb, moving_picture, picture

pytestmark = pytest.mark.asyncio

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4
PAGE = b"<!doctype html><script>alert(1)</script>"


class Watched(io.FileIO):
    """A file that remembers how much was asked of it at a time."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.sizes: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.sizes.append(size or -1)
        return super().read(size or -1) or b""


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the files of a test go."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest_asyncio.fixture
async def ada(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Ada")


@pytest_asyncio.fixture
async def bob(rest: httpx.AsyncClient) -> Person:
    return await register(rest, "Bob")


async def upload(person: Person, name: str, content: bytes, type_: str = "application/pdf") -> httpx.Response:
    headers = {"Authorization": f"Token {person.token}"}
    return await person.rest.post("/api/attachments", files={"file": (name, content, type_)}, headers=headers)


async def get(person: Person, item: dict[str, Any], method: str = "GET", **headers: str) -> httpx.Response:
    headers = {"Authorization": f"Token {person.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return await person.rest.request(method, item["url"], headers=headers)


async def send(person: Person, item: dict[str, Any], slug: str) -> dict[str, Any]:
    """Put an uploaded file into a new message."""
    body = {"message": "Look", "attachment_ids": [item["id"]]}
    sent: dict[str, Any] = await person.api("POST", f"rooms/{slug}/messages", body, status=201)
    assert sent["attachments"] == [item]
    return sent


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_picture_is_encoded_anew(ada: Person, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    polyglot = picture("JPEG", (3_000, 1_500), exif=exif) + PAGE
    answer = await upload(ada, "C:\\Photos\\..\\Tea & Cake.JPG", polyglot, "text/html")
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert item == {
        "id": item["id"],
        "name": "Tea & Cake.webp",
        "type": "image/webp",
        "size": item["size"],
        "width": 2560,
        "height": 1280,
        "url": f"/api/attachments/{item['id']}",
        "thumbnail": f"/api/attachments/{item['id']}?thumbnail=1",
    }
    whole = await get(ada, item)
    assert (whole.status_code, len(whole.content)) == (200, item["size"])
    assert whole.headers["Content-Type"] == "image/webp"
    assert whole.headers["Content-Disposition"] == 'inline; filename="Tea & Cake.webp"'
    thumbnail = await get(ada, {"url": item["thumbnail"]})
    for content, size in ((whole.content, (2560, 1280)), (thumbnail.content, (480, 240))):
        image = Image.open(io.BytesIO(content))
        assert (image.format, image.size) == ("WEBP", size)
        assert b"script" not in content
        assert b"Secret" not in content
    assert len(stored(folder)) == 2


async def test_a_moving_picture_keeps_moving(ada: Person) -> None:
    item = (await upload(ada, "dance.gif", moving_picture(20))).json()
    assert (item["name"], item["type"], item["width"], item["height"]) == ("dance.webp", "image/webp", 30, 20)
    for address, frames in ((item["url"], 20), (item["thumbnail"], 1)):
        image = Image.open(io.BytesIO((await get(ada, {"url": address})).content))
        assert getattr(image, "n_frames", 1) == frames


async def test_another_file_is_a_download(ada: Person, folder: Path) -> None:
    answer = await upload(ada, "Résumé \u202e№1.pdf", PDF, "text/html")
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert (item["name"], item["type"], item["size"]) == ("Résumé №1.pdf", "application/pdf", len(PDF))
    assert item["width"] is item["height"] is item["thumbnail"] is None
    whole = await get(ada, item)
    assert whole.content == PDF
    assert whole.headers["Content-Type"] == "application/pdf"
    assert whole.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''R%C3%A9sum%C3%A9%20")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert whole.headers["Cache-Control"].startswith("private")
    assert whole.headers["Vary"] == "Authorization"
    [path] = stored(folder)
    assert "sum" not in path.name
    assert not path.suffix
    no_thumbnail = await get(ada, {"url": f"{item['url']}?thumbnail=1"})
    assert (no_thumbnail.status_code, no_thumbnail.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.pdf", b"", 422),
        ("a.pdf", PAGE, 422),
        ("a.pdf", b"x" * 1024 * 1024 + b"y", 413),
        ("a.png", bomb(), 413),
        ("a.pdf", bomb(), 413),
        ("a.png", PAGE, 422),
        ("a.png", picture("TIFF"), 422),
        ("a.jpg", picture("JPEG", (400, 400))[:-400], 422),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 422),
        ("a.html", PAGE, 422),
        ("a.txt.html", PAGE, 422),
        ("a.exe", b"MZ", 422),
        ("a", b"x", 422),
        (".pdf", PDF, 422),
        ("..", PDF, 422),
        ("", PDF, 422),
        ("a" * 5_000 + ".pdf", PDF, 422),
        ("a." + "p" * 300, PDF, 422),
        ("a.pdf\u200b.html", PAGE, 422),
    ],
    ids=[
        "empty", "html as pdf", "too long", "bomb", "bomb as pdf", "html as png", "tiff as png", "cut jpeg", "svg",
        "html", "two endings", "program", "no ending", "only an ending", "dots", "no name", "long name", "long ending",
        "hidden ending",
    ],
)  # fmt: skip
async def test_what_is_not_taken(
    ada: Person, settings: Settings, folder: Path, name: str, content: bytes, status: int
) -> None:
    settings.MAX_UPLOAD_MB = 1
    answer = await upload(ada, name, content)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == {413: "too_large", 422: "invalid"}[status]
    assert stored(folder) == []
    assert await Attachment.objects.acount() == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a/b\\c.txt", "c.txt"),
        ("x" * 800 + ".txt", "x" * 116 + ".txt"),
        ("  tea   time .txt ", "tea time .txt"),
        ("...hidden.txt", "hidden.txt"),
        ("cafe\u0301.txt", "café.txt"),
        ("gpj\u202eexe.txt", "gpjexe.txt"),
        ("茶.TXT", "茶.TXT"),
    ],
)
async def test_a_name_is_only_shown(ada: Person, folder: Path, name: str, shown: str) -> None:
    answer = await upload(ada, name, PAGE, "text/html")
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert (item["name"], item["type"]) == (shown, "text/plain")
    disposition = (await get(ada, item)).headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    [path] = stored(folder)
    assert path.parent.parent == folder / "attachments"


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"other": ("a.pdf", PDF)}},
        {"files": {}, "data": {"file": "text"}},
        {"json": {"file": "text"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\x00.pdf"\r\n\r\nx\r\n--b--\r\n',
         "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
    ],
    ids=["other field", "text", "json", "no boundary", "nul in the name"],
)  # fmt: skip
async def test_what_is_no_upload(ada: Person, request_: dict[str, Any]) -> None:
    ada.rest.headers["Authorization"] = f"Token {ada.token}"
    answer = await ada.rest.post("/api/attachments", **request_)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


async def test_types_are_a_setting(ada: Person, settings: Settings) -> None:
    settings.ATTACHMENT_TYPES = ["dwg"]
    refused = await upload(ada, "a.pdf", PDF)
    assert refused.status_code == 422
    assert "dwg" in refused.json()["message"]
    assert (await upload(ada, "a.DWG", b"AC1032")).json()["type"] == "application/octet-stream"
    assert (await upload(ada, "a.gif", picture("GIF"))).json()["type"] == "image/webp"


async def test_members_only(rest: httpx.AsyncClient, ada: Person, bob: Person) -> None:
    eve = await register(rest, "Eve")
    slug = await ada.make_room(member_ids=[bob.id])
    item = (await upload(ada, "a.pdf", PDF)).json()
    assert [(await get(person, item)).status_code for person in (ada, bob, eve)] == [200, 404, 404]
    message = await send(ada, item, slug)
    assert [(await get(person, item)).status_code for person in (ada, bob, eve)] == [200, 200, 404]
    await bob.api("POST", f"rooms/{slug}/leave", status=204)
    assert (await get(bob, item)).status_code == 404
    await ada.api("DELETE", f"rooms/{slug}/messages/{message['id']}")
    gone = await get(ada, item)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_files_go_with_their_message(ada: Person, folder: Path) -> None:
    slug = await ada.make_room()
    item = (await upload(ada, "a.png", picture())).json()
    kept = (await upload(ada, "b.pdf", PDF)).json()
    message = await send(ada, item, slug)
    assert len(stored(folder)) == 3
    tombstone = await ada.api("DELETE", f"rooms/{slug}/messages/{message['id']}")
    assert tombstone["attachments"] == []
    assert len(stored(folder)) == 1
    assert (await get(ada, kept)).status_code == 200


async def test_a_storage_that_fails_keeps_no_message_alive(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = await ada.make_room()
    message = await send(ada, (await upload(ada, "a.pdf", PDF)).json(), slug)

    def fail(name: str) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(default_storage, "delete", fail)
    await ada.api("DELETE", f"rooms/{slug}/messages/{message['id']}")
    assert await Message.objects.filter(pk=message["id"]).exclude(deleted_at=None).aexists()
    assert not await Attachment.objects.aexists()


async def test_discard(ada: Person, bob: Person, folder: Path) -> None:
    item, sent = (await upload(ada, "a.png", picture())).json(), (await upload(ada, "b.pdf", PDF)).json()
    await send(ada, sent, await ada.make_room())
    await bob.api("DELETE", f"attachments/{item['id']}", status=404)
    await ada.api("DELETE", f"attachments/{sent['id']}", status=404)
    await ada.api("DELETE", f"attachments/{item['id']}", status=204)
    await ada.api("DELETE", f"attachments/{item['id']}", status=404)
    assert len(stored(folder)) == 1


@pytest.mark.parametrize("path", ["0", "-1", "abc", str(2**63), "1?thumbnail=maybe"])
async def test_what_is_no_id(ada: Person, path: str) -> None:
    for method in ("GET", "DELETE") if "?" not in path else ("GET",):
        assert (await ada.api(method, f"attachments/{path}", status=422))["code"] == "invalid"


async def test_a_file_that_the_storage_lost(ada: Person, folder: Path) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    [path] = stored(folder)
    path.unlink()
    assert (await get(ada, item)).status_code == 404


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, len(PDF)),
        (f"bytes=5-{10**17}", 5, len(PDF)),
        ("bytes=-7", len(PDF) - 7, len(PDF)),
        ("bytes=-999999", 0, len(PDF)),
        ("BYTES=3-4", 3, 5),
    ],
)
async def test_a_range(ada: Person, asked: str, start: int, stop: int) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    part = await get(ada, item, Range=asked)
    assert (part.status_code, part.content) == (206, PDF[start:stop])
    assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(PDF)}"
    assert part.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,4-5", "items=0-1", "bytes=-1-2",
     "bytes=0x1-2", "bytes=" + "9" * 5_000 + "-", "bytes=1-2-3", "bytes= 0 - 1"],
)  # fmt: skip
async def test_what_is_no_range_gets_the_whole(ada: Person, asked: str) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    whole = await get(ada, item, Range=asked)
    assert (whole.status_code, whole.content) == (200, PDF)


@pytest.mark.parametrize("asked", [f"bytes={len(PDF)}-", "bytes=999999-1000000", "bytes=-0"])
async def test_a_range_outside_of_the_file(ada: Person, asked: str) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    answer = await get(ada, item, Range=asked)
    assert (answer.status_code, answer.json()["code"]) == (416, "invalid")
    assert answer.headers["Content-Range"] == f"bytes */{len(PDF)}"


async def test_what_the_client_has_already(ada: Person, bob: Person) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    etag = (await get(ada, item)).headers["ETag"]
    again = await get(ada, item, If_None_Match=f'"other", {etag}')
    assert (again.status_code, again.content) == (304, b"")
    assert (await get(ada, item, If_None_Match='"other"')).status_code == 200
    assert (await get(bob, item, If_None_Match=etag)).status_code == 404
    assert (await get(ada, item, Range="bytes=0-1", If_Range=etag)).status_code == 206
    assert (await get(ada, item, Range="bytes=0-1", If_Range='"other"')).status_code == 200


async def test_head_is_get_without_the_content(ada: Person, bob: Person) -> None:
    item = (await upload(ada, "a.pdf", PDF)).json()
    for headers in ({}, {"Range": "bytes=2-5"}, {"Range": "bytes=9999-"}):
        head, full = await get(ada, item, "HEAD", **headers), await get(ada, item, **headers)
        assert (head.status_code, head.headers) == (full.status_code, full.headers)
        assert head.content == b"" or full.status_code == 416  # which the server cuts off, as it does for every HEAD
    assert (await get(bob, item, "HEAD")).status_code == 404


async def test_nginx_does_the_work(ada: Person, bob: Person, settings: Settings) -> None:
    settings.ACCEL_PREFIX = "/protected/"
    item = (await upload(ada, "a.pdf", PDF)).json()
    path = (await Attachment.objects.aget()).file.name
    answer = await get(ada, item, Range="bytes=0-1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == f"/protected/{path}"
    assert answer.headers["Content-Type"] == "application/pdf"
    refused = await get(bob, item)
    assert refused.status_code == 404
    assert "X-Accel-Redirect" not in refused.headers


async def test_a_large_file_is_streamed(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more in memory than a chunk, and the file is closed."""
    content = PDF + bytes(storage.CHUNK * 5)
    item = (await upload(ada, "a.pdf", content)).json()
    opened: list[Watched] = []

    def open_watched(name: str, mode: str = "rb") -> "File[bytes]":
        opened.append(Watched(default_storage.path(name)))
        return File(opened[-1])

    monkeypatch.setattr(default_storage, "open", open_watched)
    assert (await get(ada, item)).content == content
    assert (await get(ada, item, Range="bytes=3-70000")).content == content[3:70001]
    assert [sum(file.sizes) for file in opened] == [len(content), 69_998]
    assert max(size for file in opened for size in file.sizes) == storage.CHUNK
    assert all(file.closed for file in opened)


async def test_unsent_files_are_bounded(ada: Person, bob: Person, folder: Path) -> None:
    first = (await upload(ada, "a.txt", b"first")).json()
    rows = [Attachment(uploader_id=ada.id, name="a", type="text/plain", size=1, file="x") for _ in range(49)]
    await Attachment.objects.abulk_create(rows)
    refused = await upload(ada, "a.txt", b"one too many")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert len(stored(folder)) == 1
    assert (await upload(bob, "a.txt", b"mine")).status_code == 201
    await send(ada, first, await ada.make_room())
    assert (await upload(ada, "a.txt", b"again")).status_code == 201


@pytest.fixture
def slow_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two uploads are stored at the same moment: each waits for the other."""
    both = threading.Barrier(2, timeout=10)
    real_save = default_storage.save

    def save(*args: Any, **kwargs: Any) -> str:
        both.wait()
        return real_save(*args, **kwargs)

    monkeypatch.setattr(default_storage, "save", save)


@pytest.mark.usefixtures("slow_storage")
async def test_unsent_files_are_bounded_for_uploads_at_once(ada: Person, folder: Path) -> None:
    rows = [Attachment(uploader_id=ada.id, name="a", type="text/plain", size=1, file="x") for _ in range(49)]
    await Attachment.objects.abulk_create(rows)
    answers = [await task for task in [asyncio.create_task(upload(ada, "a.txt", b"x")) for _ in range(2)]]
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(stored(folder)) == 1


@pytest.mark.usefixtures("fresh_limits")
async def test_uploads_have_a_rate_of_their_own(ada: Person, settings: Settings) -> None:
    settings.RATE_UPLOADS = "2/day"
    assert [(await upload(ada, "a.txt", b"x")).status_code for _ in range(3)] == [201, 201, 429]
    await ada.make_room()
