"""Bans and mutes: what they take, for how long, and what a long list of them costs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend.accounts.models import User
from backend.chat import moderation_queries, room_queries
from backend.chat.access import AskAccess, check
from backend.chat.errors import Code
from backend.chat.events import AccessEnded, BanPageOut, Change, Event
from backend.chat.inputs import BansIn, EditIn, MembersIn
from backend.chat.models import Ban, ChatRoom, Invite, Membership, Role
from backend.chat.services import invites, members, messages, moderation, rooms
from tests.chat.world import (
    assert_no_hole,
    lines,
    make_person,
    make_room,
    queries,
    refused,
    roles,
    say,
    told_of_members,
)


def bans(room: ChatRoom, user: User, **page: object) -> BanPageOut:
    return moderation_queries.bans(slug=room.slug, user_id=user.pk, page=BansIn.model_validate(page))


def mute(room: ChatRoom, by: User, person: User, minutes: int = 60) -> None:
    moderation.mute(slug=room.slug, user_id=by.pk, member_id=person.pk, minutes=minutes)


def test_a_ban_puts_out_and_keeps_out(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    announced.clear()
    ban = moderation.ban(slug=room.slug, user_id=ada.pk, person_id=bob.pk)
    assert (ban.user.name, ban.by and ban.by.name) == ("Bob", "Ada")
    assert lines(room)[-1] == ("removed", "Ada", "Bob")
    assert isinstance(announced[0], Change)
    assert announced[1:] == [AccessEnded(bob.pk, room_id=room.pk)]
    assert bans(room, ada).items == [ban]
    with refused(Code.FORBIDDEN):
        members.join(slug=room.slug, user_id=bob.pk)
    with refused(Code.CONFLICT):
        members.add_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    assert_no_hole(room)


def test_a_ban_again_changes_nothing(ada: User, bob: User, cy: User, announced: list[Event]) -> None:
    room = make_room(ada, members={bob: Role.ADMIN})
    first = moderation.ban(slug=room.slug, user_id=bob.pk, person_id=cy.pk)
    announced.clear()
    assert moderation.ban(slug=room.slug, user_id=ada.pk, person_id=cy.pk) == first
    assert announced == []
    assert lines(room) == [("created", "Ada", "Tea")], "a stranger's ban is nobody else's business"


def test_a_ban_is_of_one_room_and_ends_the_persons_links_there(ada: User, bob: User) -> None:
    here, there = (make_room(ada, members={bob: Role.ADMIN}) for _ in range(2))
    links = [invites.create_invite(slug=room.slug, user_id=bob.pk, hours=1, max_uses=None) for room in (here, there)]
    kept = invites.create_invite(slug=here.slug, user_id=ada.pk, hours=1, max_uses=None)
    moderation.ban(slug=here.slug, user_id=ada.pk, person_id=bob.pk)
    assert set(Invite.objects.values_list("code", flat=True)) == {links[1].code, kept.code}
    assert roles(there) == {"Ada": "owner", "Bob": "admin"}


def test_unban_lets_in_again(ada: User, bob: User, room: ChatRoom) -> None:
    moderation.ban(slug=room.slug, user_id=ada.pk, person_id=bob.pk)
    for person_id in (bob.pk, bob.pk, 10**12):
        moderation.unban(slug=room.slug, user_id=ada.pk, person_id=person_id)
    assert bans(room, ada).items == []
    assert members.join(slug=room.slug, user_id=bob.pk).role == Role.MEMBER


def test_nobody_bans_whom_there_is_not_or_in_a_direct_room(ada: User, bob: User, room: ChatRoom) -> None:
    with refused(Code.NOT_FOUND):
        moderation.ban(slug=room.slug, user_id=ada.pk, person_id=10**12)
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=bob.pk)
    with refused(Code.FORBIDDEN):
        moderation.ban(slug=direct.slug, user_id=ada.pk, person_id=bob.pk)
    with refused(Code.FORBIDDEN):
        moderation.ban(slug=room.slug, user_id=ada.pk, person_id=ada.pk)
    assert not Ban.objects.exists()


def test_a_ban_without_its_author(ada: User, cy: User, room: ChatRoom) -> None:
    Ban.objects.create(room=room, user=cy, by=None)
    [ban] = bans(room, ada).items
    assert (ban.user.id, ban.by) == (cy.pk, None)


def test_bans_are_for_admins(ada: User, bob: User, cy: User, room: ChatRoom) -> None:
    for person in (bob, cy):
        with refused(Code.FORBIDDEN):
            bans(room, person)
        with refused(Code.FORBIDDEN):
            moderation.unban(slug=room.slug, user_id=person.pk, person_id=ada.pk)


def test_bans_by_page(ada: User, room: ChatRoom) -> None:
    for number in range(5):
        moderation.ban(slug=room.slug, user_id=ada.pk, person_id=make_person(f"P{number}").pk)
    names, before, more = [], None, True
    while more:
        page = bans(room, ada, limit=2, before=before)
        names.append([ban.user.name for ban in page.items])
        before, more = page.items[-1].user.id, page.has_more
    assert names == [["P4", "P3"], ["P2", "P1"], ["P0"]]


def test_long_lists_cost_no_more_queries(ada: User, room: ChatRoom) -> None:
    access = check(slug=room.slug, user_id=ada.pk)
    cost = []
    for count in (10, 990):
        people = [User(email=f"{count}-{n}@example.org", name="P") for n in range(2 * count)]
        User.objects.bulk_create(people)
        Ban.objects.bulk_create(Ban(room=room, user=user, by=ada) for user in people[:count])
        muted = timezone.now() + timedelta(hours=1)
        Membership.objects.bulk_create(Membership(room=room, user=user, muted_until=muted) for user in people[count:])
        with queries() as statements:
            assert len(bans(room, ada, limit=200).items) == min(count, 200)
        with queries() as more_statements:
            assert room_queries.members(access=access, page=MembersIn()).items[-1].muted_until == muted
        cost.append((len(statements), len(more_statements)))
    assert cost[0] == cost[1] <= (3, 1)


def test_the_room_hears_of_mutes(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    announced.clear()
    mute(room, ada, bob)
    for _ in range(2):
        moderation.unmute(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    muted, unmuted = told_of_members(announced)
    assert (muted.id, unmuted.id) == (bob.pk, bob.pk)
    assert muted.muted_until
    assert unmuted.muted_until is None


def test_a_mute_takes_words_and_leaves_the_rest(ada: User, bob: User, room: ChatRoom) -> None:
    mine, others = say(room, bob), say(room, ada)
    mute(room, ada, bob)
    who = AskAccess(room.slug, bob.pk)._asdict()
    with refused(Code.FORBIDDEN):
        say(room, bob)
    with refused(Code.FORBIDDEN):
        messages.edit_message(**who, message_id=mine.id, body=EditIn(message="new"))
    with refused(Code.FORBIDDEN):
        messages.react(**who, message_id=others.id, emoji="👍")
    assert check(**who).role == Role.MEMBER
    assert messages.delete_message(**who, message_id=mine.id).deleted_at is not None
    members.leave(**who)
    assert_no_hole(room)


def test_a_retry_of_what_was_said_before_a_mute_is_answered(ada: User, bob: User, room: ChatRoom) -> None:
    sent = say(room, bob, client_id="before")
    mute(room, ada, bob)
    assert say(room, bob, client_id="before") == sent


def test_a_muted_admin_keeps_their_rights_but_not_the_word(ada: User, bob: User, cy: User) -> None:
    room = make_room(ada, members={bob: Role.ADMIN, cy: Role.MEMBER})
    mute(room, ada, bob)
    with refused(Code.FORBIDDEN):
        rooms.rename_room(slug=room.slug, user_id=bob.pk, name="My last words")
    with refused(Code.FORBIDDEN):
        moderation.unmute(slug=room.slug, user_id=bob.pk, member_id=bob.pk)
    members.remove_member(slug=room.slug, user_id=bob.pk, member_id=cy.pk)


def test_a_mute_ends_by_itself_or_by_hand(ada: User, bob: User, room: ChatRoom) -> None:
    def muted_until() -> object:
        page = room_queries.members(access=check(slug=room.slug, user_id=ada.pk), page=MembersIn())
        return page.items[1].muted_until

    begin = timezone.now()
    mute(room, ada, bob, minutes=43_200)
    member = moderation.mute(slug=room.slug, user_id=ada.pk, member_id=bob.pk, minutes=5)
    assert member.muted_until is not None
    assert timedelta(minutes=5) <= member.muted_until - begin < timedelta(minutes=6), "the later one counts"
    assert muted_until() == member.muted_until
    for _ in range(2):
        moderation.unmute(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    assert muted_until() is None
    say(room, bob)
    Membership.objects.filter(user=bob).update(muted_until=timezone.now() - timedelta(seconds=1))
    assert muted_until() is None
    say(room, bob)


@pytest.mark.parametrize("person_id", [10**12, None])
def test_only_members_are_muted(ada: User, cy: User, room: ChatRoom, person_id: int | None) -> None:
    for do in (moderation.unmute, members.remove_member):
        with refused(Code.NOT_FOUND):
            do(slug=room.slug, user_id=ada.pk, member_id=person_id or cy.pk)
    with refused(Code.NOT_FOUND):
        moderation.mute(slug=room.slug, user_id=ada.pk, member_id=person_id or cy.pk, minutes=1)


def test_leaving_is_no_way_out_of_a_mute(ada: User, bob: User, room: ChatRoom) -> None:
    until = moderation.mute(slug=room.slug, user_id=ada.pk, member_id=bob.pk, minutes=60).muted_until
    for _ in range(2):
        members.leave(slug=room.slug, user_id=bob.pk)
        members.join(slug=room.slug, user_id=bob.pk)
        assert Membership.objects.get(room=room, user=bob).muted_until == until
    moderation.unmute(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    members.leave(slug=room.slug, user_id=bob.pk)
    members.join(slug=room.slug, user_id=bob.pk)
    say(room, bob)
