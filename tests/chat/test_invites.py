"""Invite links: who comes in by one, how often, how long."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.models import User
from backend.chat import moderation_queries
from backend.chat.errors import Code
from backend.chat.events import Change, Event, InviteOut, MembershipChanged
from backend.chat.models import ChatRoom, Invite, Role
from backend.chat.services import invites, members, moderation, rooms
from tests.chat.world import assert_no_hole, attempt, lines, make_person, make_room, queries, refused, roles, together


@pytest.fixture
def room(ada: User) -> ChatRoom:
    return make_room(ada, kind="private")


def create(room: ChatRoom, user: User, *, hours: int = 168, max_uses: int | None = None) -> InviteOut:
    return invites.create_invite(slug=room.slug, user_id=user.pk, hours=hours, max_uses=max_uses)


def listed(room: ChatRoom, user: User) -> list[InviteOut]:
    return moderation_queries.invites(slug=room.slug, user_id=user.pk).items


def accepting(invite: InviteOut, person: User) -> Callable[[], bool]:
    """Answers False when the link is not valid."""
    return attempt(partial(invites.accept_invite, code=invite.code, user_id=person.pk), unless=Code.NOT_FOUND)


def accept(invite: InviteOut, person: User) -> bool:
    return accepting(invite, person)()


def expire(invite: InviteOut) -> None:
    Invite.objects.filter(pk=invite.id).update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("how", ["removed", "banned", "left", "demoted"])
def test_links_end_with_the_right_to_make_them(ada: User, bob: User, cy: User, how: str) -> None:
    room = make_room(ada, members={bob: Role.ADMIN}, kind="private")
    his, hers, elsewhere = create(room, bob), create(room, ada), create(make_room(bob), bob)
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk}
    ends: dict[str, Callable[[], object]] = {
        "removed": partial(members.remove_member, **place, member_id=bob.pk),
        "banned": partial(moderation.ban, **place, person_id=bob.pk),
        "left": partial(members.leave, slug=room.slug, user_id=bob.pk),
        "demoted": partial(members.change_role, **place, member_id=bob.pk, role=Role.MEMBER),
    }
    ends[how]()
    assert not accept(his, cy)
    assert accept(hers, cy)
    assert accept(elsewhere, cy)


def test_links_stay_with_a_role_that_may_make_them(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.ADMIN}, kind="private")
    invite = create(room, bob), create(room, ada)
    members.hand_over(slug=room.slug, user_id=ada.pk, heir_id=bob.pk)
    assert [item.id for item in listed(room, ada)] == [item.id for item in invite][::-1]


def test_a_link_lets_into_a_private_room(ada: User, cy: User, room: ChatRoom, announced: list[Event]) -> None:
    begin = timezone.now()
    invite = create(room, ada)
    assert (invite.url, invite.max_uses, invite.uses) == (f"/#/invite/{invite.code}", None, 0)
    assert timedelta(days=7) <= invite.expires_at - begin < timedelta(days=7, minutes=1)
    assert (len(invite.code), invite.created_by.name) == (43, "Ada")
    seen = moderation_queries.invitation(code=invite.code, user_id=cy.pk)
    assert (seen.room.slug, seen.room.name, seen.room.kind, seen.room.member_count) == (room.slug, "Tea", "private", 1)
    assert seen.expires_at == invite.expires_at
    announced.clear()
    entered = invites.accept_invite(code=invite.code, user_id=cy.pk)
    assert (entered.slug, entered.role, entered.member_count, entered.unread_count) == (room.slug, Role.MEMBER, 2, 0)
    assert lines(room)[-1] == ("joined", "Cy", "")
    assert [type(event) for event in announced] == [Change, MembershipChanged]
    assert [(item.id, item.uses) for item in listed(room, ada)] == [(invite.id, 1)]


def test_who_is_in_already_uses_nothing_up(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada, max_uses=1)
    for person in (ada, cy, cy, ada):
        assert accept(invite, person)
    assert [item.uses for item in listed(room, ada)] == [1]
    assert roles(room) == {"Ada": "owner", "Cy": "member"}
    assert len(lines(room)) == 2


def test_a_link_ends(ada: User, cy: User, room: ChatRoom) -> None:
    used_up, expired, revoked, other = (create(room, ada, max_uses=1) for _ in range(4))
    assert accept(used_up, make_person("Dan"))
    expire(expired)
    invites.revoke_invite(slug=room.slug, user_id=ada.pk, invite_id=revoked.id)
    for code in (used_up.code, expired.code, revoked.code, other.code.swapcase(), "x", "x" * 5_000):
        with refused(Code.NOT_FOUND):
            moderation_queries.invitation(code=code, user_id=cy.pk)
        with refused(Code.NOT_FOUND):
            invites.accept_invite(code=code, user_id=cy.pk)
    assert roles(room) == {"Ada": "owner", "Dan": "member"}
    assert [item.id for item in listed(room, ada)] == [other.id, used_up.id]


def test_a_link_of_an_erased_room_leads_nowhere(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada)
    rooms.delete_room(slug=room.slug, user_id=ada.pk)
    assert not accept(invite, cy)


def test_the_banned_stay_out(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada, max_uses=1)
    moderation.ban(slug=room.slug, user_id=ada.pk, person_id=cy.pk)
    with refused(Code.FORBIDDEN):
        moderation_queries.invitation(code=invite.code, user_id=cy.pk)
    with refused(Code.FORBIDDEN):
        invites.accept_invite(code=invite.code, user_id=cy.pk)
    assert [item.uses for item in listed(room, ada)] == [0]
    moderation.unban(slug=room.slug, user_id=ada.pk, person_id=cy.pk)
    assert accept(invite, cy)


def test_who_left_comes_back_for_another_use(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada, max_uses=2)
    for _ in range(2):
        assert accept(invite, cy)
        members.leave(slug=room.slug, user_id=cy.pk)
    assert not accept(invite, cy)


def test_links_are_for_admins(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.MEMBER})
    invite = create(room, ada)
    for person in (bob, cy):
        with refused(Code.FORBIDDEN):
            listed(room, person)
        with refused(Code.FORBIDDEN):
            invites.revoke_invite(slug=room.slug, user_id=person.pk, invite_id=invite.id)
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    with refused(Code.FORBIDDEN):
        invites.create_invite(slug=direct.slug, user_id=ada.pk, hours=1, max_uses=None)


def test_a_link_is_revoked_in_its_own_room_and_once(ada: User, room: ChatRoom) -> None:
    foreign = create(make_room(ada), ada)
    for invite_id in (foreign.id, 10**12):
        with refused(Code.NOT_FOUND):
            invites.revoke_invite(slug=room.slug, user_id=ada.pk, invite_id=invite_id)
    mine = create(room, ada)
    invites.revoke_invite(slug=room.slug, user_id=ada.pk, invite_id=mine.id)
    with refused(Code.NOT_FOUND):
        invites.revoke_invite(slug=room.slug, user_id=ada.pk, invite_id=mine.id)


def test_a_room_has_enough_links_some_day(ada: User, room: ChatRoom) -> None:
    cost = []
    for count in (10, invites.INVITES_A_ROOM - 10):
        made = [create(room, ada) for _ in range(count)]
        with queries() as statements:
            listed(room, ada)
        cost.append(len(statements))
    assert cost[0] == cost[1] <= 3
    with refused(Code.CONFLICT):
        create(room, ada)
    expire(made[0])
    create(room, ada)
    assert Invite.objects.count() == invites.INVITES_A_ROOM, "the expired one is gone"


def test_many_at_the_same_moment_do_not_use_a_link_too_often(ada: User, room: ChatRoom) -> None:
    invite = create(room, ada, max_uses=3)
    crowd = [make_person(f"P{number}") for number in range(10)]
    assert sorted(together([accepting(invite, person) for person in crowd])) == [False] * 7 + [True] * 3
    assert [item.uses for item in listed(room, ada)] == [3]
    assert len(roles(room)) == 4
    assert_no_hole(room)


def test_one_person_many_times_at_the_same_moment_is_one_use(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada)
    assert all(together([accepting(invite, cy)] * 5))
    assert [item.uses for item in listed(room, ada)] == [1]
    assert lines(room)[1:] == [("joined", "Cy", "")]


def test_revoked_while_somebody_comes_in(ada: User, cy: User, room: ChatRoom) -> None:
    invite = create(room, ada)

    revoke = partial(invites.revoke_invite, slug=room.slug, user_id=ada.pk, invite_id=invite.id)
    came, revoked = together([accepting(invite, cy), attempt(revoke, unless=Code.NOT_FOUND)])
    assert revoked
    assert roles(room) == ({"Ada": "owner", "Cy": "member"} if came else {"Ada": "owner"})
