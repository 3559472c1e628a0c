"""Who opens a plain WebSocket: tokens from anywhere, cookies from allowed origins only."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.clients import Refused, WebSocketClient
from tests.company import Company
from tests.inboxes import WebSocketInbox
from tests.people import PASSWORD, Person
from tests.servers import ChatServer

pytestmark = pytest.mark.asyncio

CHECKED_WITHIN = 12.0  # seconds after which the server has compared its connections with the database


async def refusal(server: ChatServer, company: Company, **options: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await WebSocketClient.open_path(server.url, f"/ws/chat/{company.slug}/", **options)
    return refused.value


def change(person: Person, **fields: bool) -> None:
    """Change an account past everything that would tell of it."""
    code = f"from backend.accounts.models import User; User.objects.filter(pk={person.id}).update(**{fields})"
    person.server.manage("shell", "--command", code)


def log_in_at_the_admin(person: Person) -> str:
    """The session cookie."""
    change(person, is_staff=True)
    with httpx.Client(base_url=person.server.url, trust_env=False) as browser:
        browser.get("/admin/login/")
        form = {
            "username": person.email,
            "password": PASSWORD,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        assert browser.post("/admin/login/?next=/admin/", data=form).status_code == httpx.codes.FOUND
        return f"sessionid={browser.cookies['sessionid']}"


@pytest.fixture(scope="module")
def cookie(server: ChatServer) -> str:
    """The session cookie of Alice."""
    return log_in_at_the_admin(Company.gather(server).alice)


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token"])
@pytest.mark.parametrize("origin", [None, "https://anywhere.example"])
async def test_a_token_in_the_header_needs_no_origin(
    server: ChatServer, company: Company, scheme: str, origin: str | None
) -> None:
    headers = {"Authorization": f"{scheme} {company.alice.token}"} | ({"Origin": origin} if origin else {})
    path = f"/ws/chat/{company.slug}/"
    async with await WebSocketClient.open_path(server.url, path, headers=headers) as alice:
        assert alice.sync["room"] == company.slug
        assert alice.wire.socket.subprotocol is None


async def test_a_token_as_subprotocol(server: ChatServer, company: Company) -> None:
    path, names = f"/ws/chat/{company.slug}/", ["knox", company.alice.token]
    async with await WebSocketClient.open_path(server.url, path, subprotocols=names) as alice:
        assert alice.wire.socket.subprotocol == "knox", "the token is not repeated"
        assert (await alice.send_message("hi"))["sender"]["id"] == company.alice.id


async def test_a_path_without_the_last_slash(server: ChatServer, company: Company) -> None:
    path = f"/ws/chat/{company.slug}"
    async with await WebSocketClient.open_path(server.url, path, headers=company.alice.headers) as alice:
        assert alice.sync["room"] == company.slug


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"headers": {"Authorization": ""}},
        {"headers": {"Authorization": "Token"}},
        {"headers": {"Authorization": "Token wrong"}},
        {"headers": {"Authorization": "Basic dXNlcjpwYXNz"}},
        {"headers": {"Authorization": "Token " + "x" * 5_000}},
        {"subprotocols": ["knox"]},
        {"subprotocols": ["knox", "wrong"]},
        {"subprotocols": ["other"]},
        {"headers": {"Cookie": "sessionid=wrong"}},
    ],
    ids=str,
)
async def test_no_or_a_wrong_token_is_unauthorized(
    server: ChatServer, company: Company, options: dict[str, Any]
) -> None:
    refused = await refusal(server, company, **options)
    assert refused.code == "unauthorized"
    assert refused.closed is not None
    assert refused.closed.code == 4401
    assert json.loads(refused.closed.reason) == refused.error


@pytest.mark.parametrize(("who", "code", "close"), [("mallory", "forbidden", 4403), ("alice", "not_found", 4404)])
async def test_a_refusal_closes_with_the_error_object(
    server: ChatServer, company: Company, who: str, code: str, close: int
) -> None:
    slug = company.slug if who == "mallory" else "no-such-room-abcde"
    with pytest.raises(Refused) as refused:
        await WebSocketClient.open(server.url, slug, getattr(company, who).token)
    closed = refused.value.closed
    assert closed is not None
    assert (refused.value.code, closed.code) == (code, close)
    assert json.loads(closed.reason) == refused.value.error


async def test_a_session_counts_from_the_servers_own_origin(server: ChatServer, company: Company, cookie: str) -> None:
    path, headers = f"/ws/chat/{company.slug}/", {"Cookie": cookie, "Origin": server.url}
    async with await WebSocketClient.open_path(server.url, path, headers=headers) as alice:
        assert (await alice.send_message("hi"))["sender"]["id"] == company.alice.id


@pytest.mark.parametrize("origin", [None, "null", "", "https://evil.example", "http://127.0.0.1", "http://localhost:1"])
async def test_a_session_from_elsewhere_is_unauthorized(
    server: ChatServer, company: Company, cookie: str, origin: str | None
) -> None:
    headers = {"Cookie": cookie} | ({} if origin is None else {"Origin": origin})
    assert (await refusal(server, company, headers=headers)).code == "unauthorized"


async def test_a_wrong_token_beats_a_session(server: ChatServer, company: Company, cookie: str) -> None:
    headers = {"Cookie": cookie, "Origin": server.url, "Authorization": "Token wrong"}
    assert (await refusal(server, company, headers=headers)).code == "unauthorized"


async def test_an_inbox_by_session_ends_with_the_account(server: ChatServer) -> None:
    carol = Person.register(server, "Carol")
    headers = {"Cookie": await asyncio.to_thread(log_in_at_the_admin, carol), "Origin": server.url}
    async with await WebSocketInbox.open_path(server.url, "/ws/inbox/", headers=headers) as inbox:
        assert inbox.sync == {"rooms": []}
        await asyncio.to_thread(change, carol, is_active=False)
        assert (await inbox.wait_for("bye", seconds=CHECKED_WITHIN))["code"] == "revoked"
        assert (await inbox.wait_closed()).code == 4401
