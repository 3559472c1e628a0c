"""Who may do what, through every door, against a real server: what `chat/roles.py` says, and nothing else.

Every person of the cast tries every operation of a room. The expectation comes from the one table; what an operation
takes stands beside it here. An operation or a command that is not tried fails the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from backend.chat.errors import Code
from backend.chat.models import Role
from backend.chat.roles import Action, may
from backend.realtime.commands import COMMANDS
from tests.clients import LiveClient, Refused
from tests.people import Person
from tests.servers import ChatServer

MUTE = {"minutes": 5}


class Part(NamedTuple):
    """One of the cast; `role` None: not a member."""

    name: str
    role: Role | None = None
    muted: bool = False
    banned: bool = False
    anonymous: bool = False


CAST = [
    *(Part(role, role) for role in Role),
    *(Part(f"muted {role}", role, muted=True) for role in (Role.ADMIN, Role.MEMBER)),
    Part("stranger"),
    Part("banned", banned=True),
    Part("anonymous", anonymous=True),
]


@dataclass(frozen=True)
class Attempt:
    """Something that people try. `takes` None: being a member is enough."""

    name: str
    operation: str | None  # the operation_id in the OpenAPI document
    takes: Action | None = None
    command: str | None = None  # the same over a socket
    body: Mapping[str, Any] | None = None
    mine: bool = False  # the message is the actor's own
    target: Role = Role.MEMBER  # what the other person is
    outsiders: bool = False  # whoever is not banned may do it
    nobody: bool = False  # whatever their role
    kind: str = "private"  # of the room


ATTEMPTS = [
    # reading, and what is one's own
    Attempt("look at the room", "get_room"),
    Attempt("who is in", "list_members"),
    Attempt("catch up", "list_changes"),
    Attempt("history", "list_messages", command="history"),
    Attempt("see the pins", "list_pins"),
    Attempt("see who has read what", "list_reads"),
    Attempt("read", "mark_room_read", command="read", body={"seq": 1}),
    Attempt("show that I type", None, command="typing", body={"typing": True}),
    Attempt("delete my own", "delete_message", command="delete", mine=True),
    Attempt("leave", "leave_room"),
    Attempt("join a private room", "join_room"),
    Attempt("join a public room", "join_room", kind="public", outsiders=True),
    # words
    Attempt("send", "send_message", Action.WRITE, "message", {"message": "hi"}),
    Attempt("edit my own", "edit_message", Action.WRITE, "edit", {"message": "new"}, mine=True),
    Attempt("edit another's", "edit_message", command="edit", body={"message": "mine"}, nobody=True),
    Attempt("react", "react", Action.WRITE, "react", {"emoji": "👍"}),
    Attempt("unreact", "unreact", Action.WRITE, "unreact", {"emoji": "👍"}),
    Attempt("delete another's", "delete_message", Action.DELETE_ANY_MESSAGE, "delete"),
    Attempt("pin", "pin_message", Action.PIN_MESSAGE, "pin"),
    Attempt("unpin", "unpin_message", Action.PIN_MESSAGE, "unpin"),
    # the room
    Attempt("rename", "rename_room", Action.RENAME_ROOM, body={"name": "New"}),
    Attempt("delete the room", "delete_room", Action.DELETE_ROOM),
    # people
    Attempt("add somebody", "add_member", Action.ADD_MEMBER, body={"user_id": "newcomer"}),
    Attempt("add an admin", "add_member", Action.CHANGE_ROLE, body={"user_id": "newcomer", "role": "admin"}),
    Attempt("promote", "change_role", Action.CHANGE_ROLE, body={"role": "admin"}),
    Attempt("demote", "change_role", Action.CHANGE_ROLE, body={"role": "member"}, target=Role.ADMIN),
    Attempt("hand over", "hand_over_room", Action.CHANGE_ROLE, body={"user_id": "other"}),
    Attempt("see who is banned", "list_bans", Action.MODERATE_MEMBER),
    *(
        Attempt(f"{operation} an {role}" if role != Role.MEMBER else f"{operation} a member", operation, takes,
                body=MUTE if operation == "mute" else None, target=role, nobody=takes is None)
        for operation in ("remove_member", "mute", "unmute", "ban")
        for role, takes in (
            (Role.MEMBER, Action.MODERATE_MEMBER), (Role.ADMIN, Action.MODERATE_ADMIN), (Role.OWNER, None),
        )
    ),
    Attempt("unban", "unban", Action.MODERATE_MEMBER),
    # invite links
    Attempt("make a link", "create_invite", Action.INVITE, body={}),
    Attempt("see the links", "list_invites", Action.INVITE),
    Attempt("revoke a link", "revoke_invite", Action.INVITE),
    Attempt("look at a link", "get_invitation", outsiders=True),
    Attempt("come by a link", "accept_invite", outsiders=True),
]  # fmt: skip


def expected(part: Part, attempt: Attempt) -> Code | None:
    """The refusal; None: they may."""
    if part.anonymous:
        return Code.UNAUTHORIZED
    if attempt.outsiders:
        return Code.FORBIDDEN if part.banned else None
    if part.role is None or attempt.nobody:
        return Code.FORBIDDEN
    allowed = attempt.takes is None or may(part.role, attempt.takes, muted=part.muted)
    return None if allowed else Code.FORBIDDEN


@dataclass(frozen=True)
class Stage:
    """A new room of Boss for one attempt: `me` is whoever tries, `other` a member to whom things are done."""

    boss: Person
    me: Person
    other: Person
    newcomer: Person
    slug: str
    path: str  # of the operation, with names in braces
    message: Mapping[str, Any]
    invite: Mapping[str, Any]

    @classmethod
    def set(cls, server: ChatServer, part: Part, attempt: Attempt) -> "Stage":
        boss, me, other, newcomer = people(server)
        slug = boss.make_room("Stage", kind=attempt.kind, member_ids=[other.id, *([me.id] if part.role else [])])

        def prepare(person: Person, method: str, path: str, json: object = None) -> Any:
            answer = person.api(method, f"rooms/{slug}/{path}", json=json)
            assert answer.is_success, answer.text
            return answer.json()

        _, path = operations(server).get(attempt.operation or "", ("", ""))
        author = me if attempt.mine and part.role else other
        message = prepare(author, "POST", "messages", {"message": "Said before"}) if "{message_id}" in path else {}
        invite = prepare(boss, "POST", "invites", {}) if "invite" in path else {}
        for person, role in ((me, part.role), (other, attempt.target)):
            if role not in (None, Role.MEMBER):
                prepare(boss, "PATCH", f"members/{person.id}", {"role": role})
        if part.muted:
            prepare(boss, "PUT", f"members/{me.id}/mute", MUTE)
        if part.banned:
            prepare(boss, "PUT", f"bans/{me.id}")
        me = replace(me, token="") if part.anonymous else me
        return cls(boss, me, other, newcomer, slug, path, message, invite)

    def state(self) -> list[Any]:
        """What the attempt could change; not when people were last here, which comes with any connection."""
        parts = ("changes", "members", *(part for part in ("bans", "invites") if part in self.path))
        changes, members, *others = (self.boss.api("GET", f"rooms/{self.slug}/{part}").json() for part in parts)
        for member in members["items"]:
            del member["last_seen"]
        return [changes, members, *others]

    def body(self, attempt: Attempt) -> dict[str, Any] | None:
        """What is sent, with ids in the place of the people who are named."""
        ids = {"other": self.other.id, "newcomer": self.newcomer.id}
        return None if attempt.body is None else {key: ids.get(value, value) for key, value in attempt.body.items()}

    def address(self) -> str:
        return self.path.format(
            slug=self.slug,
            user_id=self.other.id,
            message_id=self.message.get("id"),
            emoji=quote("👍"),
            invite_id=self.invite.get("id"),
            code=self.invite.get("code"),
        )


@cache
def people(server: ChatServer) -> tuple[Person, Person, Person, Person]:
    boss, me, other, newcomer = (Person.register(server, name) for name in ("Boss", "Me", "Other", "Newcomer"))
    return boss, me, other, newcomer


@cache
def operations(server: ChatServer) -> dict[str, tuple[str, str]]:
    """The method and the path of each operation that is about one room."""
    paths = server.http.get("/api/openapi.json").json()["paths"]
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in paths.items()
        if path.startswith(("/api/rooms/{slug}", "/api/invites/"))
        for method, operation in methods.items()
    }


def test_every_operation_and_command_is_tried(server: ChatServer) -> None:
    assert {attempt.operation for attempt in ATTEMPTS if attempt.operation} == set(operations(server))
    assert {attempt.command for attempt in ATTEMPTS if attempt.command} == set(COMMANDS)
    assert {attempt.takes for attempt in ATTEMPTS if attempt.takes} == set(Action)


@pytest.mark.parametrize("attempt", [attempt for attempt in ATTEMPTS if attempt.operation], ids=lambda it: it.name)
def test_rest(server: ChatServer, attempt: Attempt) -> None:
    method, path = operations(server)[attempt.operation or ""]
    answers: dict[str, Code | None] = {}
    for part in CAST:
        stage = Stage.set(server, part, attempt)
        before = stage.state() if expected(part, attempt) else None
        body = None if "{emoji}" in path else stage.body(attempt)
        headers = {} if part.anonymous else stage.me.headers
        answer = server.http.request(method, stage.address(), headers=headers, json=body)
        answers[part.name] = None if answer.is_success else Code(answer.json()["code"])
        assert before is None or before == stage.state(), f"{part.name} was refused, and something changed"
    assert answers == {part.name: expected(part, attempt) for part in CAST}


@pytest.mark.asyncio
@pytest.mark.parametrize("attempt", [attempt for attempt in ATTEMPTS if attempt.command], ids=lambda it: it.name)
async def test_sockets(server: ChatServer, live_door: type[LiveClient], attempt: Attempt) -> None:
    command = attempt.command or ""
    answers: dict[str, Code | None] = {}
    for part in CAST:
        stage = Stage.set(server, part, attempt)
        before = stage.state() if expected(part, attempt) else None
        payload = stage.body(attempt) or {}
        if "id" in COMMANDS[command].body.model_fields:
            payload["id"] = stage.message["id"]
        try:
            async with await live_door.open(server.url, stage.slug, stage.me.token) as me:
                await me.call(command, **payload)
            answers[part.name] = None
        except Refused as refused:
            answers[part.name] = Code(refused.code)
        assert before is None or before == stage.state(), f"{part.name} was refused, and something changed"
    assert answers == {part.name: expected(part, attempt) for part in CAST}
