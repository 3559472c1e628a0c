"""Who is in a room: joining, leaving, adding, removing, roles.

Each holds the room's log from before it looks until it commits, so a change and its line are one and in order.
"""

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from backend.accounts.models import User
from backend.chat import log, room_queries
from backend.chat.access import check
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import AccessEnded, MemberOut, RoomOut
from backend.chat.models import Ban, ChatRoom, Membership, Message, Role
from backend.chat.publishing import publish
from backend.chat.roles import REMOVE, Action, require


def join(*, slug: str, user_id: int) -> RoomOut:
    """Enter a public room; being in already changes nothing."""
    with transaction.atomic():
        room = log.lock(slug)
        if not Membership.objects.filter(room=room, user_id=user_id).exists():
            if room.kind != ChatRoom.Kind.PUBLIC:
                raise ChatError(Code.FORBIDDEN, "Only its admins add people to this room.")
            if _is_banned(room, user_id):
                raise ChatError(Code.FORBIDDEN, "You are banned from this room.")
            enter(room, User.objects.get(pk=user_id), Role.MEMBER)
    return room_queries.room(slug=slug, user_id=user_id)


@transaction.atomic
def leave(*, slug: str, user_id: int) -> None:
    """Leave a room; the last owner hands over to the longest-serving admin, or else member."""
    room = log.lock(slug)
    _refuse_direct(room)
    membership = check(slug=slug, user_id=user_id).membership
    _end(room, membership, actor=membership.user, kind=Message.Kind.LEFT)


@transaction.atomic
def add_member(*, slug: str, user_id: int, member_id: int, role: Role = Role.MEMBER) -> tuple[MemberOut, bool]:
    """Bring a person in (admins; with a role: owners), and whether they came now; raises `invalid`, `conflict`.

    Somebody who is in already keeps their role.
    """
    room = log.lock(slug)
    _refuse_direct(room)
    access = check(slug=slug, user_id=user_id, to=Action.ADD_MEMBER)
    if role != Role.MEMBER:
        require(access.role, Action.CHANGE_ROLE)
    member = Membership.objects.filter(room=room, user_id=member_id).select_related("user").first()
    if member is not None:
        return room_queries.member_out(member), False
    person = User.objects.filter(pk=member_id, is_active=True).first()
    if person is None:
        raise invalid(user_id="No such person.")
    if _is_banned(room, member_id):
        raise ChatError(Code.CONFLICT, "This person is banned from the room.")
    return room_queries.member_out(enter(room, person, role)), True


@transaction.atomic
def remove_member(*, slug: str, user_id: int, member_id: int) -> None:
    """Take a person out of the room: members by admins, admins by owners, owners by nobody."""
    room = log.lock(slug)
    access = check(slug=slug, user_id=user_id)
    member = get_member(room, member_id)
    action = REMOVE.get(Role(member.role))
    if action is None:
        raise ChatError(Code.FORBIDDEN, "An owner can't be removed, only leave.")
    require(access.role, action)
    put_out(room, member, actor=access.membership.user)


@transaction.atomic
def change_role(*, slug: str, user_id: int, member_id: int, role: Role) -> MemberOut:
    """Give a member another role (owners); the last owner stays one: `conflict`."""
    room = log.lock(slug)
    check(slug=slug, user_id=user_id, to=Action.CHANGE_ROLE)
    member = get_member(room, member_id)
    give_role(member, role)
    return room_queries.member_out(member)


def get_member(room: ChatRoom, member_id: int) -> Membership:
    """A person's membership in a room whose log is held; raises `not_found`."""
    member = Membership.objects.filter(room=room, user_id=member_id).select_related("user").first()
    if member is None:
        raise ChatError(Code.NOT_FOUND, "No such person in this room.")
    return member


def give_role(member: Membership, role: Role) -> None:
    """Change a member's role in a room whose log is held; raises `conflict` for the last owner."""
    if member.role == role:
        return
    owners = Membership.objects.filter(room=member.room_id, role=Role.OWNER)
    if member.role == Role.OWNER and owners.count() == 1:
        raise ChatError(Code.CONFLICT, "A room needs an owner: make somebody else one first.")
    member.role = role
    member.save(update_fields=["role"])


def enter(room: ChatRoom, person: User, role: Role) -> Membership:
    """Make a person a member; what was said before they came is not unread for them."""
    log.append_line(room=room, actor=person, kind=Message.Kind.JOINED)
    return Membership.objects.create(room=room, user=person, role=role, last_read_seq=room.last_seq)


def put_out(room: ChatRoom, member: Membership, *, actor: User) -> None:
    """Take a member out; the line names them, and comes before their connections end, so that they still see it."""
    _end(room, member, actor=actor, kind=Message.Kind.REMOVED, text=member.user.name)


def _end(room: ChatRoom, member: Membership, *, actor: User, kind: Message.Kind, text: str = "") -> None:
    others = Membership.objects.filter(room=room).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.filter(role=Role.OWNER).exists():
        _hand_over(others)
    member.delete()
    log.append_line(room=room, actor=actor, kind=kind, text=text)
    publish([AccessEnded(member.user_id, room_id=room.pk)])


def _hand_over(others: QuerySet[Membership]) -> None:
    admins_first = Case(When(role=Role.ADMIN, then=Value(0)), default=Value(1))
    successor = others.filter(user__is_active=True).order_by(admins_first, "joined_at", "pk").first()
    if successor is not None:
        successor.role = Role.OWNER
        successor.save(update_fields=["role"])


def _is_banned(room: ChatRoom, user_id: int) -> bool:
    return Ban.objects.filter(room=room, user_id=user_id).exists()


def _refuse_direct(room: ChatRoom) -> None:
    if room.kind == ChatRoom.Kind.DIRECT:
        raise ChatError(Code.FORBIDDEN, "A direct room is always of the same two people.")
