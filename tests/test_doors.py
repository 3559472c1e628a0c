"""Every address of the real server answers; what is not there is refused in a few words, never with a traceback."""

import json
import socket

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.servers import ChatServer


def raw(server: ChatServer, request: str) -> str:
    """The answer to a request that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(f"{request}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: wire.recv(65_536), b"")).decode()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/nope", "/nope/", "/static", "/static/", "/static/nope.css", "/static/admin/", "/media/avatars/nope",
        "/media/avatars/", "/media/nope", "/%00", "/static/%00", "/static/%2e%2e/settings.py", "/..%2f..%2fetc/passwd",
        "//api/users/me", "/socket.iox", "/socket.iox/?EIO=4&transport=polling", "/apix", "/adminx", "/healthz.txt",
        "/" + "x" * 5_000,
    ],
)  # fmt: skip
def test_unknown_path(server: ChatServer, method: str, path: str) -> None:
    answer = server.http.request(method, path)
    assert (answer.status_code, answer.text) == (404, "Not Found" if method == "GET" else "")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/index.html", "/static/nope.css", "/media/avatars/nope"])
def test_files_are_only_read(server: ChatServer, method: str, path: str) -> None:
    answer = server.http.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert len(answer.text) < 50


@pytest.mark.parametrize("target", ["*", "http://localhost/nope"])
def test_a_target_that_is_no_path(server: ChatServer, target: str) -> None:
    assert raw(server, f"OPTIONS {target} HTTP/1.1").split("\r\n", 1)[0] in {
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 405 Method Not Allowed",
    }


@pytest.mark.parametrize("path", ["/socket.iox/?EIO=4&transport=websocket", "/nope", "/api/users/me", "/"])
def test_a_websocket_to_nowhere(server: ChatServer, path: str) -> None:
    with connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None) as wire:
        with pytest.raises(ConnectionClosedError) as closed:
            wire.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401  # of the plain WebSocket door, not Socket.IO's
        assert json.loads(closed.value.rcvd.reason)["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/admin/", "/api/users/me", "/healthz"])
def test_a_wrong_host_is_refused(server: ChatServer, path: str) -> None:
    answer = server.http.get(path, headers={"Host": "evil.example.org"})
    assert answer.status_code == (422 if path.startswith("/api") else 400)


def test_what_is_there(server: ChatServer) -> None:
    assert "text/html" in server.http.get("/").headers["Content-Type"]
    assert server.http.get("/static/admin/css/base.css").headers["X-Content-Type-Options"] == "nosniff"
    assert server.http.get("/admin").headers["Location"] == "/admin/"
    assert json.loads(server.http.get("/socket.io/?EIO=4&transport=polling").text[1:])["sid"]
    assert server.http.get("/api/docs").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "path", ["/", "/api/users/me", "/api/docs", "/healthz", "/admin/login/", "/static/admin/css/base.css"]
)
def test_every_door_sends_the_security_headers(server: ChatServer, path: str) -> None:
    headers = server.http.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"


def test_the_admin_still_checks_where_a_form_comes_from(server: ChatServer) -> None:
    assert server.http.post("/admin/login/", data={"username": "x", "password": "y"}).status_code == 403
    page = server.http.get("/admin/login/")
    token = page.cookies["csrftoken"]
    form = {"username": "x", "password": "y", "csrfmiddlewaretoken": token}
    answer = server.http.post("/admin/login/", data=form, headers={"Cookie": f"csrftoken={token}"})
    assert (answer.status_code, "Please enter the correct" in answer.text) == (200, True)


def test_none_of_it_is_a_fault_of_ours(server: ChatServer) -> None:
    for path in ("/nope", "/static/nope", "/media/avatars/nope", "/admin/nope"):
        assert server.http.get(path).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    server.http.post("/")
    raw(server, "OPTIONS * HTTP/1.1")
    server.http.get("/admin/", headers={"Host": "evil.example.org"})
    assert "Traceback" not in server.log.read_text()
