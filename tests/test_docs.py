"""The documentation names everything that there is."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from prometheus_client.metrics import MetricWrapperBase

from backend import metrics
from backend.chat.errors import CATALOGUE, Code
from backend.chat.events import ByeOut, Change, MessageOut, Passing, SyncOut
from backend.chat.models import Message, Role
from backend.chat.roles import SILENCED, Action, may
from backend.realtime.commands import COMMANDS
from backend.realtime.connections import CODES
from tests.processes import ROOT


def read(path: str) -> str:
    return (ROOT / path).read_text()


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r'env(?:_int|_list|_rate|_backend)?\("([A-Z_]+)"', read("backend/settings.py")))
    assert len(named) > 15
    rows = set(re.findall(r"^\| `([A-Z_]+)`", read("docs/settings.md"), re.MULTILINE))
    assert rows == named


def test_every_metric_is_documented() -> None:
    rows = set(re.findall(r"^\| `(chat_\w+)", read("docs/operations.md"), re.MULTILINE))
    assert rows == {
        metric.name + ("_total" if metric.type == "counter" else "")
        for collector in vars(metrics).values()
        if isinstance(collector, MetricWrapperBase)
        for metric in collector.collect()
    }


@pytest.mark.parametrize("code", list(Code))
def test_every_error_code_is_documented_with_its_numbers(code: Code) -> None:
    row = CATALOGUE[code]
    line = rf"^\| `{code}` \| {row.status} \| {row.close} \| {row.client}"
    assert re.search(line, read("docs/errors.md"), re.MULTILINE)


def test_every_event_and_command_is_documented() -> None:
    text = read("docs/events.md")
    events = {event for model in (Change, Passing) for event in get_args(get_type_hints(model)["event"])}
    byes = set(get_args(get_type_hints(ByeOut)["code"]))
    assert byes == set(CODES)
    events |= {"inbox", "room_activity", "room_added", "room_removed"}
    for word in events | byes | set(COMMANDS) | set(Message.Kind.values):
        assert f"`{word}`" in text, word
    for field in {*SyncOut.model_fields, *MessageOut.model_fields}:
        assert re.search(rf"\b{field}\b", text), field


def test_the_table_of_roles_is_documented() -> None:
    header, _, *rows = re.findall(r"^\|(.*)\|$", read("docs/roles.md"), re.MULTILINE)
    assert [cell.strip() for cell in header.split("|")] == ["may …", "owner", "admin", "member", "while muted"]
    documented = {name.strip(): [cell.strip() for cell in cells] for name, *cells in (row.split("|") for row in rows)}
    assert documented == {
        action.value: [*("yes" if may(role, action) else "no" for role in Role), "no" if action in SILENCED else ""]
        for action in Action
    }


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", read(page)):
        if "://" not in target:
            assert (ROOT / Path(page).parent / target).exists(), target
