"""Whoever is out of a room writes nothing after the line that says so, however close it was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from backend.accounts.models import User
from backend.chat import log
from backend.chat.errors import Code
from backend.chat.inputs import EditIn
from backend.chat.models import ChatRoom, Role
from backend.chat.services import messages
from backend.chat.services.members import enter, get_member, put_out
from tests.chat.world import assert_no_hole, lines, refused, say
from tests.processes import wait_until

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")


def somebody_waits() -> bool:
    """For what this transaction holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone() == (True,))


def meanwhile(room: ChatRoom, act: Callable[[], object], change: Callable[[ChatRoom], object]) -> Any:
    """What comes of `act`, when `change` was made to the room after it had looked and before it wrote."""

    def run() -> object:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            held = log.lock(room.slug)
            begun = pool.submit(run)
            wait_until(somebody_waits, what="the other one waits for the log")
            change(held)
        return begun.result()


def acts(room: ChatRoom, user: User) -> dict[str, Callable[[], object]]:
    mine, other = say(room, user, "mine").id, say(room, user, "other").id
    place: dict[str, Any] = {"slug": room.slug, "user_id": user.pk}
    return {
        "send": partial(say, room, user, "late"),
        "reply": partial(say, room, user, "late", reply_to=mine),
        "edit": partial(messages.edit_message, **place, message_id=mine, body=EditIn(message="late")),
        "delete": partial(messages.delete_message, **place, message_id=mine),
        "react": partial(messages.react, **place, message_id=other, emoji="👍"),
    }


@pytest.mark.parametrize("name", ["send", "reply", "edit", "delete", "react"])
def test_nobody_writes_after_being_removed(ada: User, bob: User, room: ChatRoom, name: str) -> None:
    act = acts(room, bob)[name]
    with refused(Code.FORBIDDEN):
        meanwhile(room, act, lambda held: put_out(held, get_member(held, bob.pk), actor=ada))
    assert lines(room)[-1] == ("removed", "Ada", "Bob")
    assert_no_hole(room)


def test_who_came_back_at_once_writes(ada: User, bob: User, room: ChatRoom) -> None:
    def remove_and_add(held: ChatRoom) -> None:
        put_out(held, get_member(held, bob.pk), actor=ada)
        enter(held, bob, Role.MEMBER)

    meanwhile(room, acts(room, bob)["send"], remove_and_add)
    assert lines(room)[-1] == ("text", "Bob", "late")
    assert_no_hole(room)
