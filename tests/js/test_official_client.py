"""The official Socket.IO client of npm, run by Node, over each of its transports."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.company import Company
from tests.servers import ChatServer

SCENARIOS = Path(__file__).with_name("scenarios.mjs")
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}
LINES = 40

Run = Callable[..., Any]


@pytest.fixture(params=TRANSPORTS)
def transports(request: pytest.FixtureRequest) -> list[str]:
    return TRANSPORTS[request.param]


@pytest.fixture
def run(node: str, node_modules: Path, server: ChatServer, company: Company) -> Run:
    """`run("refused", auth={})` gives the result of a scenario in the company's room."""

    def run(scenario: str, **options: Any) -> Any:
        given = {"modules": str(node_modules), "url": server.url, "slug": company.slug, **options}
        done = subprocess.run(
            [node, SCENARIOS, scenario, json.dumps(given)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_two_people_talk(run: Run, company: Company, transports: list[str]) -> None:
    result = run("talk", token=company.alice.token, other=company.bob.token, transports=transports, count=LINES)
    assert (result["began"], result["ended"]) == (transports[0], transports[-1])
    assert all(answer["ok"] for answer in result["answers"])
    said = sorted((answer["data"] for answer in result["answers"]), key=lambda message: message["seq"])
    assert [message["seq"] for message in said] == list(range(said[0]["seq"], said[0]["seq"] + len(said)))
    assert result["heard"][0] == said, "the second heard everything, once and in order"
    position = result["sync"]["seq"]
    assert result["heard"][1] == [message for message in said if message["seq"] > position], "the first what came after"
    for name in ("first", "second"):
        lines = [message["message"] for message in said if message["message"].startswith(name)]
        assert lines == [f"{name} {number}" for number in range(len(lines))]
        assert len(lines) >= LINES
    assert result["history"]["data"]["items"][-LINES:] == said[-LINES:]
    assert result["typing"] == {"user_id": company.alice.id, "typing": True}


@pytest.mark.parametrize(
    ("person", "slug", "code"),
    [("alice", "no-such-room-abcde", "not_found"), ("mallory", None, "forbidden"), (None, None, "unauthorized")],
)
def test_a_refusal_is_a_connect_error(
    run: Run, company: Company, transports: list[str], person: str | None, slug: str | None, code: str
) -> None:
    auth = {"token": getattr(company, person).token if person else "wrong"}
    result = run("refused", auth=auth, transports=transports, slug=slug or company.slug)
    assert result["message"] == code
    assert (result["data"]["code"], bool(result["data"]["message"])) == (code, True)
    assert not result["active"], "it does not try again by itself"


def test_who_comes_back_gets_what_was_missed(run: Run, company: Company, transports: list[str]) -> None:
    result = run("recovered", token=company.alice.token, other=company.bob.token, transports=transports)
    assert result["sync"]["recovered"]
    assert result["sync"]["messages"] == result["missed"]
    assert result["live"] == result["after"]


def test_mistakes_are_acked(run: Run, company: Company, transports: list[str]) -> None:
    commands: list[list[Any]] = [
        ["message", {}],
        ["message", "text"],
        ["message"],
        ["message", {"message": "half: \ud83d"}],
        ["nothing", {}],
        ["message", {"message": "x" * 70_000}],
    ]
    result = run("mistakes", token=company.alice.token, transports=transports, commands=commands)
    assert [answer["error"]["code"] for answer in result["answers"]] == ["invalid"] * 5 + ["too_large"]
    assert result["binary"]["error"]["code"] == "invalid"
    assert result["connected"]
