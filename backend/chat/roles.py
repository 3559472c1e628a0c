"""Who may do what in a room: the one table, shown in docs/roles.md.

What is not in it every member may do, muted ones too: read, say how far, delete their own messages, leave.
"""

from enum import StrEnum

from backend.chat.errors import ChatError, Code
from backend.chat.models import Role


class Action(StrEnum):
    """The value completes "... may not"."""

    WRITE = "write"  # send, edit one's own messages, react
    DELETE_ANY_MESSAGE = "delete other people's messages"
    PIN_MESSAGE = "pin messages"
    RENAME_ROOM = "rename the room"
    ADD_MEMBER = "add people"
    INVITE = "make invite links"
    MODERATE_MEMBER = "remove, mute or ban members"
    MODERATE_ADMIN = "remove, mute or ban admins"
    CHANGE_ROLE = "give out roles"
    DELETE_ROOM = "delete the room"


ALLOWED: dict[Role, frozenset[Action]] = {
    Role.MEMBER: frozenset({Action.WRITE}),
    Role.ADMIN: frozenset(
        {
            Action.WRITE,
            Action.DELETE_ANY_MESSAGE,
            Action.PIN_MESSAGE,
            Action.RENAME_ROOM,
            Action.ADD_MEMBER,
            Action.INVITE,
            Action.MODERATE_MEMBER,
        },
    ),
    Role.OWNER: frozenset(Action),
}

# What a mute takes, whatever the role: all that puts something before the others.
SILENCED = frozenset({Action.WRITE, Action.PIN_MESSAGE, Action.RENAME_ROOM})

# What it takes to remove, mute or ban somebody of a role. Nobody does it to an owner: another owner takes the role
# away first.
MODERATE: dict[Role, Action] = {Role.MEMBER: Action.MODERATE_MEMBER, Role.ADMIN: Action.MODERATE_ADMIN}


def may(role: Role, action: Action, *, muted: bool = False) -> bool:
    return action in ALLOWED[role] and not (muted and action in SILENCED)


def require(role: Role, action: Action) -> None:
    """Raises `forbidden` unless the table has it."""
    if not may(role, action):
        raise forbidden(role, action)


def forbidden(role: Role, action: Action) -> ChatError:
    return ChatError(Code.FORBIDDEN, f"As {role.label.lower()} of this room you may not {action.value}.")


def require_over(role: Role, other: Role) -> None:
    """Raises `forbidden` unless somebody of `role` may remove, mute or ban somebody of the role `other`."""
    action = MODERATE.get(other)
    if action is None:
        raise ChatError(Code.FORBIDDEN, "Nobody may remove, mute or ban an owner.")
    require(role, action)
