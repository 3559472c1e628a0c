"""Short words for what tests of the domain do all the time."""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.chat.errors import ChatError, Code
from backend.chat.events import Event, MemberOut, MessageOut, Passing
from backend.chat.inputs import SendIn
from backend.chat.models import ChatRoom, Membership, Message, Role
from backend.chat.services.rooms import create_room
from backend.chat.services.sending import send_message

T = TypeVar("T")


def make_person(name: str) -> User:
    return User.objects.create_user(f"{secrets.token_hex(6)}@example.org", name)


def make_room(
    owner: User, *, members: Mapping[User, Role] | None = None, kind: str = "public", name: str = "Tea"
) -> ChatRoom:
    roles = members or {}
    out = create_room(owner_id=owner.pk, name=name, kind=kind, member_ids=[user.pk for user in roles])
    room = ChatRoom.objects.get(slug=out.slug)
    for user, role in roles.items():
        Membership.objects.filter(room=room, user=user).update(role=role)
    return room


def say(room: ChatRoom, user: User, text: str = "hi", **body: Any) -> MessageOut:
    return send_message(slug=room.slug, user_id=user.pk, body=SendIn(message=text, **body)).message


def lines(room: ChatRoom) -> list[tuple[str, str, str]]:
    """The log as (kind, sender's name, text), by place."""
    rows = Message.objects.filter(room=room).order_by("seq")
    return list(rows.values_list("kind", "sender__name", "message"))


def roles(room: ChatRoom) -> dict[str, str]:
    return dict(Membership.objects.filter(room=room).values_list("user__name", "role"))


def assert_no_hole(room: ChatRoom) -> None:
    """Every place of the log up to `last_seq` is taken by exactly one message's newest or first state."""
    room.refresh_from_db()
    rows = Message.objects.filter(room=room).values_list("seq", "updated_seq")
    places = [seq for seq, _ in rows] + [new for old, new in rows if new != old]
    assert sorted(places) == list(range(1, room.last_seq + 1))


def told_of_members(announced: Sequence[Event]) -> list[MemberOut]:
    """What the rooms were told of roles and mutes."""
    return [
        event.payload
        for event in announced
        if isinstance(event, Passing) and isinstance(event.payload, MemberOut) and event.event == "member"
    ]


@contextmanager
def refused(code: Code, *fields: str) -> Iterator[None]:
    with pytest.raises(ChatError) as caught:
        yield
    assert caught.value.code == code, caught.value
    assert set(caught.value.fields or {}) == set(fields)


def attempt(call: Callable[[], object], *, unless: Code) -> Callable[[], bool]:
    """A call that says whether it was done, or refused with that code."""

    def tried() -> bool:
        try:
            call()
        except ChatError as error:
            if error.code != unless:
                raise
            return False
        return True

    return tried


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements of the block, without those that begin and end transactions."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    statements += [query["sql"] for query in captured if not query["sql"].startswith(words)]


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run the calls at the same moment, each in a thread with a database connection of its own."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        connection.ensure_connection()  # connecting takes longer than most calls
        try:
            start.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
