"""The check of all connections against the database."""

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from backend.accounts import tokens
from backend.chat import access
from backend.realtime import revocation


def test_who_enters_a_room_during_the_check_is_not_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    connection: Any = SimpleNamespace(room_id=0, user_id=1, identity=SimpleNamespace(digest="x"))

    def enter(_: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        connection.room_id = 5
        return set()

    monkeypatch.setattr(tokens, "alive", set)
    monkeypatch.setattr(access, "members_among", enter)
    assert revocation._ended([connection]) == []
    assert revocation._ended([connection]) == [(connection, "removed")]
