"""Making, renaming and deleting rooms."""

from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction

from backend.accounts.models import User
from backend.accounts.queries import hold_active
from backend.chat import limits, log, room_queries
from backend.chat.access import check
from backend.chat.blocks import REFUSAL, blocked_pairs
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import AccessEnded, MembershipChanged, Passing, RoomEvent, RoomOut
from backend.chat.models import ChatRoom, Membership, Message, Role
from backend.chat.publishing import publish
from backend.chat.roles import Action
from backend.chat.services.writes import room_write

NAME_LENGTH = 80  # characters


def create_room(*, owner_id: int, name: str, kind: ChatRoom.Kind | str, member_ids: Collection[int] = ()) -> RoomOut:
    """A public or private room with its first members; raises `invalid` naming `kind` or `member_ids`."""
    if kind == ChatRoom.Kind.DIRECT:
        raise invalid(kind="A direct room is opened with a person, not created.")
    with room_write(owner_id):
        people = hold_active({owner_id, *member_ids})
        if owner_id not in people:
            raise ChatError(Code.UNAUTHORIZED)  # the account ended meanwhile
        if missing := sorted({*member_ids} - people.keys()):
            raise invalid(member_ids=f"No such person: {', '.join(map(str, missing))}.")
        room = ChatRoom.objects.create(name=name, kind=kind)
        _fill(room, owner=people[owner_id], others=[person for pk, person in people.items() if pk != owner_id])
    return room_queries.room(slug=room.slug, user_id=owner_id)


def open_direct(*, user_id: int, other_id: int) -> tuple[RoomOut, bool]:
    """The room of two people and whether it was made now; the same for both, also when both ask at once.

    Raises `forbidden` when it is not there yet and the other one has blocked the person.
    """
    if user_id == other_id:
        raise invalid(user_id="A direct room is with somebody else.")
    limits.check_room_write(user_id=user_id)
    key = f"{min(user_id, other_id)}:{max(user_id, other_id)}"
    room = ChatRoom.objects.filter(direct_key=key).first()
    created = False
    if room is None:
        if blocked_pairs([(user_id, other_id)]):
            raise ChatError(Code.FORBIDDEN, REFUSAL)
        room, created = _create_direct(key, user_id, other_id)
    return room_queries.room(slug=room.slug, user_id=user_id), created


def rename_room(*, slug: str, user_id: int, name: str) -> RoomOut:
    """Give the room another name (admins); its slug stays. The same name again changes nothing."""
    with room_write(user_id):
        log.lock(slug)
        access = check(slug=slug, user_id=user_id, to=Action.RENAME_ROOM)
        if access.room.name != name:
            rename(access.room, name, actor=access.membership.user)
    return room_queries.room(slug=slug, user_id=user_id)


def delete_room(*, slug: str, user_id: int) -> None:
    """Delete the room and all that was said in it (owner); everybody connected is sent away."""
    with room_write(user_id):
        log.lock(slug)
        erase(check(slug=slug, user_id=user_id, to=Action.DELETE_ROOM).room)


def rename(room: ChatRoom, name: str, *, actor: User) -> None:
    """Store and announce the new name of a room whose log is held."""
    room.name = name
    room.save(update_fields=["name"])
    log.append_line(room=room, actor=actor, kind=Message.Kind.RENAMED, text=name)
    event = RoomEvent(slug=room.slug, name=name, kind=ChatRoom.Kind(room.kind))
    publish([Passing(room.pk, room.slug, "room", event)])


def erase(room: ChatRoom) -> None:
    """Delete a room whose log is held, and send everybody away."""
    room_id = room.pk
    log.erase(room)
    room.delete()
    publish([AccessEnded(user_id=None, room_id=room_id)])


def direct_name(names: Iterable[str]) -> str:
    """What a direct room is called, for those who list rooms: its people see each other's names."""
    return " & ".join(names)[:NAME_LENGTH]


def _create_direct(key: str, user_id: int, other_id: int) -> tuple[ChatRoom, bool]:
    try:
        with transaction.atomic():
            people = hold_active({user_id, other_id})
            if user_id not in people:
                raise ChatError(Code.UNAUTHORIZED)  # the account ended meanwhile
            if other_id not in people:
                raise invalid(user_id="No such person.")
            name = direct_name(person.name for person in people.values())
            room = ChatRoom.objects.create(name=name, kind=ChatRoom.Kind.DIRECT, direct_key=key)
            Membership.objects.bulk_create(Membership(room=room, user_id=pk) for pk in people)
            log.append_line(room=room, actor=people[user_id], kind=Message.Kind.CREATED, text=room.name)
            _announce_members(room, people)
    except IntegrityError:
        # The other one asked at the same moment and was faster.
        return ChatRoom.objects.get(direct_key=key), False
    return room, True


def _fill(room: ChatRoom, *, owner: User, others: Collection[User]) -> None:
    Membership.objects.bulk_create(
        [
            Membership(room=room, user=owner, role=Role.OWNER),
            *(Membership(room=room, user=person) for person in others),
        ]
    )
    log.append_line(room=room, actor=owner, kind=Message.Kind.CREATED, text=room.name)
    _announce_members(room, [owner.pk, *(person.pk for person in others)])


def _announce_members(room: ChatRoom, user_ids: Iterable[int]) -> None:
    publish([MembershipChanged(user_id, room.pk) for user_id in user_ids])
