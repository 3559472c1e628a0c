"""Uploaded files on real servers: streamed to those they are for, out of any storage, and through nginx."""

import io
import json
import re
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.people import Person
from tests.pictures import picture
from tests.processes import ROOT, wait_until
from tests.servers import ChatServer, NginxServer

MIB = 1024 * 1024
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 36 * 1024  # 9 MiB and a little
MEMORY = "django.core.files.storage.InMemoryStorage?base_url=/nowhere/"


def upload(person: Person, name: str, content: bytes) -> dict[str, Any]:
    answer = person.api("POST", "attachments", files={"file": (name, content)})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    item: dict[str, Any] = answer.json()
    return item


def get(person: Person, address: str, method: str = "GET", **headers: str) -> httpx.Response:
    return person.server.http.request(method, address, headers={**person.headers, **headers})


def assert_harmless(answer: httpx.Response) -> None:
    """The headers that restrain browsers, each once."""
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }.items():
        assert answer.headers.get_list(name) == [value]
    assert "Authorization" in answer.headers["Vary"]


def resident(server: ChatServer) -> int:
    """Bytes of memory."""
    [kib] = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE)
    return int(kib) * 1024


def opened(server: ChatServer) -> int:
    """How many attachments the server has open."""
    targets = []
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            targets.append(str(link.readlink()))
        except FileNotFoundError:
            continue  # closed since it was listed
    return sum("/attachments/" in target for target in targets)


@pytest.fixture
def alice(server: ChatServer) -> Person:
    return Person.register(server, "Alice")


def test_a_file_comes_as_it_went(alice: Person) -> None:
    item = upload(alice, "tea.pdf", PDF)
    whole = get(alice, item["url"])
    assert (whole.status_code, whole.content) == (200, PDF)
    assert_harmless(whole)
    part = get(alice, item["url"], Range="bytes=100000-299999")
    assert (part.status_code, part.content) == (206, PDF[100_000:300_000])
    head = get(alice, item["url"], "HEAD")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(PDF)))
    outside = get(alice, item["url"], Range="bytes=99999999-")
    assert (outside.status_code, outside.json()["code"]) == (416, "invalid")
    assert get(alice, item["url"], "HEAD", Range="bytes=99999999-").status_code == 416
    known = get(alice, item["url"], **{"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize("path", ["{}", "../media/{}", "media/{}", "static/{}", "..%2fmedia/{}"])
def test_no_address_leads_past_the_check(server: ChatServer, alice: Person, path: str) -> None:
    upload(alice, "tea.pdf", PDF[:500])
    folder = Path(server.settings["MEDIA_ROOT"])
    file = next(path for path in folder.glob("attachments/*/*"))
    answer = server.http.get("/" + path.format(file.relative_to(folder)))
    assert answer.status_code == 404


def test_many_readers_cost_little_memory_and_leave_nothing_open(server: ChatServer, alice: Person) -> None:
    """30 readers of 9 MiB who stop in the middle: whole files would be 270 MiB."""
    item = upload(alice, "tea.pdf", PDF)
    get(alice, item["url"])
    before = resident(server)
    request = f"GET {item['url']} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {alice.token}\r\n\r\n".encode()
    readers = []
    for _ in range(30):
        reader = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        reader.sendall(request)
        assert reader.recv(1000).startswith(b"HTTP/1.1 200")
        readers.append(reader)
    wait_until(lambda: opened(server) == 30, what="all files are open")
    grown = resident(server) - before
    for reader in readers:
        reader.close()
    wait_until(lambda: opened(server) == 0, what="no file is open")
    assert grown < 30 * MIB, f"{grown / MIB:.0f} MiB"


MUCH = """
from backend.chat.models import *
mine = Attachment.objects.get(uploader={user_id})
room = ChatRoom.objects.get(slug="{slug}")
Attachment.objects.bulk_create(
    Attachment(uploader_id={user_id}, file=mine.file.name, name="a.pdf", type="x", size=1) for _ in range(12))
Message.objects.bulk_create(
    Message(room=room, sender_id={user_id}, seq=n, updated_seq=n, created_at=mine.created_at, message="x" * 1_000)
    for n in range(100, 20_100))
"""


def test_an_export_of_much_costs_little_memory(server: ChatServer, alice: Person) -> None:
    """20 MB of messages and 117 MiB of files."""
    upload(alice, "tea.pdf", PDF)
    server.manage("shell", "-v", "0", "-c", MUCH.format(user_id=alice.id, slug=alice.make_room("Tea")))
    with server.http.stream("GET", "/api/users/me/export", headers=alice.headers) as answer:
        assert answer.status_code == 200
        archive, peaks, before = io.BytesIO(), [], resident(server)
        for chunk in answer.iter_bytes(4 * MIB):
            archive.write(chunk)
            peaks.append(resident(server))
    contents = zipfile.ZipFile(archive)
    files = [info for info in contents.infolist() if info.filename.startswith("attachments/")]
    assert [info.file_size for info in files] == [len(PDF)] * 13
    assert len(json.loads(contents.read("messages.json"))) == 20_001
    grown = max(peaks) - before
    assert grown < 30 * MIB, f"{grown / MIB:.0f} MiB"


def test_an_export_that_is_not_read_to_its_end_leaves_nothing_open(server: ChatServer, alice: Person) -> None:
    upload(alice, "tea.pdf", PDF)
    with server.http.stream("GET", "/api/users/me/export", headers=alice.headers) as answer:
        chunks = answer.iter_bytes(MIB)
        next(chunks)
        assert opened(server) == 1
    wait_until(lambda: opened(server) == 0, what="no file is open")


def test_a_storage_without_a_folder() -> None:
    """What is in memory or on S3 has no path: nothing may ask for one."""
    with ChatServer(STORAGE=MEMORY) as server:
        alice = Person.register(server, "Alice")
        item = upload(alice, "tea.png", picture(size=(900, 600)))
        thumbnail = get(alice, item["thumbnail"])
        assert (thumbnail.status_code, thumbnail.headers["Content-Type"]) == (200, "image/webp")
        assert get(alice, item["url"], Range="bytes=0-3").content == b"RIFF"
        face = alice.api("PUT", "users/me/avatar", files={"avatar": ("me.png", picture())}).json()["avatar"]
        assert face.startswith("/media/avatars/")
        shown = server.http.get(face)
        assert (shown.status_code, shown.headers["Content-Type"], shown.content[:4]) == (200, "image/webp", b"RIFF")
        assert alice.api("DELETE", "users/me/avatar").status_code == 204
        assert server.http.get(face).status_code == 404
        assert alice.api("DELETE", f"attachments/{item['id']}").status_code == 204
        assert get(alice, item["url"]).status_code == 404
        assert not Path(server.settings["MEDIA_ROOT"]).exists()


@pytest.fixture(scope="module")
def behind_nginx() -> Iterator[tuple[ChatServer, NginxServer]]:
    """A worker behind nginx, configured as docs/operations.md says."""
    [block] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    with ChatServer(ACCEL_PREFIX="/protected/") as server:
        changed = {"http://127.0.0.1:8000": server.url, "/srv/chat/media": server.settings["MEDIA_ROOT"]}
        for documented, ours in changed.items():
            assert documented in block
            block = block.replace(documented, ours)
        with NginxServer(block) as nginx:
            yield server, nginx


def test_nginx_sends_the_file(behind_nginx: tuple[ChatServer, NginxServer]) -> None:
    server, nginx = behind_nginx
    alice, mallory = Person.register(server, "Alice"), Person.register(server, "Mallory")
    item = upload(alice, "Tee № 1.pdf", PDF)
    address = nginx.url + item["url"]
    direct = get(alice, item["url"])
    assert direct.content == b""
    whole = get(alice, address)
    assert (whole.status_code, whole.content) == (200, PDF)
    assert_harmless(whole)
    for name in ("Content-Type", "Content-Disposition"):
        assert whole.headers[name] == direct.headers[name]
    part = get(alice, address, Range="bytes=5-9")
    assert (part.status_code, part.content) == (206, PDF[5:10])
    assert_harmless(part)
    assert get(alice, address, Range="bytes=99999999-").status_code == 416
    assert get(alice, address, **{"If-None-Match": whole.headers["ETag"]}).status_code == 304
    head = get(alice, address, "HEAD")
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(PDF)))
    for person, path in ((mallory, address), (alice, nginx.url + direct.headers["X-Accel-Redirect"])):
        assert get(person, path).status_code == 404
    small = upload(alice, "tea.png", picture(size=(900, 600)))
    assert get(alice, nginx.url + small["thumbnail"]).content[:4] == b"RIFF"
