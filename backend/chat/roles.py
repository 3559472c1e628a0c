"""Who may do what in a room: the one table. What is not in it (reading, writing) every member may do."""

from enum import StrEnum

from backend.chat.errors import ChatError, Code
from backend.chat.models import Role


class Action(StrEnum):
    """The value completes "... may not"."""

    DELETE_ANY_MESSAGE = "delete other people's messages"
    PIN_MESSAGE = "pin messages"
    RENAME_ROOM = "rename the room"
    ADD_MEMBER = "add people"
    REMOVE_MEMBER = "remove members"
    REMOVE_ADMIN = "remove admins"
    CHANGE_ROLE = "give out roles"
    DELETE_ROOM = "delete the room"


ALLOWED: dict[Role, frozenset[Action]] = {
    Role.MEMBER: frozenset(),
    Role.ADMIN: frozenset(
        {Action.DELETE_ANY_MESSAGE, Action.PIN_MESSAGE, Action.RENAME_ROOM, Action.ADD_MEMBER, Action.REMOVE_MEMBER},
    ),
    Role.OWNER: frozenset(Action),
}

# What it takes to remove somebody of a role. Nobody removes an owner: another owner takes the role away first.
REMOVE: dict[Role, Action] = {Role.MEMBER: Action.REMOVE_MEMBER, Role.ADMIN: Action.REMOVE_ADMIN}


def may(role: Role, action: Action) -> bool:
    return action in ALLOWED[role]


def require(role: Role, action: Action) -> None:
    """Raises `forbidden` unless the table has it."""
    if not may(role, action):
        raise ChatError(Code.FORBIDDEN, f"As {role.label.lower()} of this room you may not {action.value}.")
