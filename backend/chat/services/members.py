"""Who is in a room: joining, leaving, adding, removing, roles. Bans and mutes: moderation.py.

Each holds the room's log from before it looks until it commits, so a change and its line are one and in order.
"""

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from backend.accounts.models import User
from backend.accounts.queries import hold_active
from backend.chat import limits, log, room_queries
from backend.chat.access import Access, check, is_banned, not_a_member, refuse_banned
from backend.chat.errors import ChatError, Code, invalid
from backend.chat.events import AccessEnded, MemberOut, MembershipChanged, Passing, RoomOut
from backend.chat.models import ChatRoom, Invite, Membership, Message, Mute, Role
from backend.chat.publishing import publish
from backend.chat.roles import Action, may, require, require_over
from backend.chat.services.rooms import erase
from backend.chat.services.writes import room_write

REACHABLE_OWNER = {"role": Role.OWNER, "user__is_active": True}


def join(*, slug: str, user_id: int) -> RoomOut:
    """Enter a public room; being in already changes nothing."""
    with room_write(user_id):
        room = log.lock(slug)
        if not Membership.objects.filter(room=room, user_id=user_id).exists():
            if room.kind != ChatRoom.Kind.PUBLIC:
                raise ChatError(Code.FORBIDDEN, "Only its admins add people to this room.")
            come_in(room, user_id)
    return room_queries.room(slug=slug, user_id=user_id)


def leave(*, slug: str, user_id: int) -> None:
    """Leave a room, counted as a write."""
    limits.check_room_write(user_id=user_id)
    go_out(slug=slug, user_id=user_id)


@transaction.atomic
def go_out(*, slug: str, user_id: int) -> None:
    """Take a person out as they wish; the last owner hands over to the longest-serving admin, or else member.

    Behind the last of all the room is erased, with all that was said in it.
    """
    room = log.lock(slug)
    refuse_direct(room)
    membership = find_member(room, user_id)
    if membership is None:
        raise not_a_member()
    if Membership.objects.filter(room=room).exclude(pk=membership.pk).exists():
        _end(room, membership, actor=membership.user, kind=Message.Kind.LEFT)
    else:
        erase(room)


def add_member(*, slug: str, user_id: int, member_id: int, role: Role = Role.MEMBER) -> tuple[MemberOut, bool]:
    """Bring a person in (admins; with a role: owners), and whether they came now; raises `invalid`, `conflict`.

    Somebody who is in already keeps their role.
    """
    with room_write(user_id):
        room = log.lock(slug)
        refuse_direct(room)
        access = check(slug=slug, user_id=user_id, to=Action.ADD_MEMBER)
        if role != Role.MEMBER:
            require(access.role, Action.CHANGE_ROLE)
        member = find_member(room, member_id)
        if member is not None:
            return room_queries.member_out(member), False
        person = hold_active([member_id]).get(member_id)
        if person is None:
            raise invalid(user_id="No such person.")
        if is_banned(room, member_id):
            raise ChatError(Code.CONFLICT, "This person is banned from the room.")
        return room_queries.member_out(enter(room, person, role)), True


def remove_member(*, slug: str, user_id: int, member_id: int) -> None:
    """Take a person out of the room: members by admins, admins by owners, owners by nobody."""
    with room_write(user_id):
        access, member = hold_lesser(slug=slug, user_id=user_id, member_id=member_id)
        put_out(access.room, member, actor=access.membership.user)


def change_role(*, slug: str, user_id: int, member_id: int, role: Role) -> MemberOut:
    """Give a member another role (owners); the last owner stays one: `conflict`."""
    with room_write(user_id):
        room = log.lock(slug)
        check(slug=slug, user_id=user_id, to=Action.CHANGE_ROLE)
        member = get_member(room, member_id)
        give_role(room, member, role)
        return room_queries.member_out(member)


def hand_over(*, slug: str, user_id: int, heir_id: int) -> MemberOut:
    """Make a member owner in one's own place (owners), and oneself an admin; raises `invalid`."""
    with room_write(user_id):
        room = log.lock(slug)
        check(slug=slug, user_id=user_id, to=Action.CHANGE_ROLE)
        heir = find_member(room, heir_id)
        if heir is None or not heir.user.is_active or heir_id == user_id:
            raise invalid(user_id="Name somebody else who is in this room.")
        give_role(room, heir, Role.OWNER)
        give_role(room, get_member(room, user_id), Role.ADMIN)
        return room_queries.member_out(heir)


def hold_lesser(*, slug: str, user_id: int, member_id: int) -> tuple[Access, Membership]:
    """Hold a room's log, for somebody who may remove, mute or ban the member: their access, and the member."""
    room = log.lock(slug)
    access = check(slug=slug, user_id=user_id, to=Action.MODERATE_MEMBER)
    member = get_member(room, member_id)
    require_over(access.role, Role(member.role))
    return access, member


def find_member(room: ChatRoom, member_id: int) -> Membership | None:
    """A person's membership in a room whose log is held."""
    return Membership.objects.filter(room=room, user_id=member_id).select_related("user").first()


def get_member(room: ChatRoom, member_id: int) -> Membership:
    """The same; raises `not_found`."""
    member = find_member(room, member_id)
    if member is None:
        raise ChatError(Code.NOT_FOUND, "No such person in this room.")
    return member


def give_role(room: ChatRoom, member: Membership, role: Role) -> None:
    """Change a member's role in a room whose log is held; raises `conflict` for the last owner.

    A mute ends with becoming an owner: nobody could lift it. Invite links end with the right to make some.
    """
    if member.role == role:
        return
    if member.role == Role.OWNER and not _others(member).filter(**REACHABLE_OWNER).exists():
        raise ChatError(Code.CONFLICT, "A room needs an owner: make somebody else one first.")
    member.role = role
    if role == Role.OWNER:
        member.muted_until = None
    store_change(room, member)
    if not may(role, Action.INVITE):
        _end_invites(member)


def store_change(room: ChatRoom, member: Membership) -> None:
    """Store a member's role and mute, and tell the room of them."""
    member.save(update_fields=["role", "muted_until"])
    publish([Passing(room.pk, room.slug, "member", room_queries.member_out(member))])


def come_in(room: ChatRoom, user_id: int) -> None:
    """Let a person enter who asks for it; raises `forbidden` to the banned."""
    refuse_banned(room, user_id)
    person = hold_active([user_id]).get(user_id)
    if person is None:
        raise ChatError(Code.UNAUTHORIZED)  # the account ended meanwhile
    enter(room, person, Role.MEMBER)


def enter(room: ChatRoom, person: User, role: Role) -> Membership:
    """Make a person who is held a member.

    What was said before they came is not unread for them, and an old mute goes on.
    """
    log.append_line(room=room, actor=person, kind=Message.Kind.JOINED)
    publish([MembershipChanged(person.pk, room.pk)])
    mute = Mute.objects.filter(room=room, user=person).first()
    return Membership.objects.create(
        room=room,
        user=person,
        role=role,
        last_read_seq=room.last_seq,
        muted_until=mute.until if mute and role != Role.OWNER else None,
    )


def put_out(room: ChatRoom, member: Membership, *, actor: User) -> None:
    """Take a member out; the line names them, and comes before their connections end, so that they still see it."""
    _end(room, member, actor=actor, kind=Message.Kind.REMOVED, about=member.user)


def _end(room: ChatRoom, member: Membership, *, actor: User, kind: Message.Kind, about: User | None = None) -> None:
    others = _others(member)
    if member.role == Role.OWNER and not others.filter(**REACHABLE_OWNER).exists():
        _hand_over(room, others)
    Mute.objects.filter(room=room, user=member.user_id).delete()
    if until := member.mute_end:
        Mute.objects.create(room=room, user=member.user, until=until)
    _end_invites(member)
    member.delete()
    log.append_line(room=room, actor=actor, kind=kind, about=about)
    publish([AccessEnded(member.user_id, room_id=room.pk)])


def _others(member: Membership) -> QuerySet[Membership]:
    return Membership.objects.filter(room=member.room_id).exclude(pk=member.pk)


def _end_invites(member: Membership) -> None:
    """A link is as good as who made it: nobody comes back, or lets others in, by one kept from better days."""
    Invite.objects.filter(room=member.room_id, created_by=member.user_id).delete()


def _hand_over(room: ChatRoom, others: QuerySet[Membership]) -> None:
    highest_first = Case(When(role=Role.OWNER, then=Value(0)), When(role=Role.ADMIN, then=Value(1)), default=Value(2))
    # Better somebody deactivated, who may come back, than no owner for ever.
    successor = others.select_related("user").order_by("-user__is_active", highest_first, "joined_at", "pk").first()
    if successor is not None:
        give_role(room, successor, Role.OWNER)


def refuse_direct(room: ChatRoom) -> None:
    """Raises `forbidden` where nobody comes and nobody goes."""
    if room.kind == ChatRoom.Kind.DIRECT:
        raise ChatError(Code.FORBIDDEN, "A direct room is always of the same two people.")
