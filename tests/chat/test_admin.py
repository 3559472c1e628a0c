"""The moderator's pages: what is done there is in the log and told to sockets; lists cost the same at any length."""

from functools import partial
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from backend.accounts.models import User
from backend.chat.errors import ChatError
from backend.chat.events import AccessEnded, Change, Event, Passing
from backend.chat.inputs import SendIn
from backend.chat.models import Ban, Block, ChatRoom, Invite, Membership, Message, Role
from backend.chat.services import moderation, staff
from backend.chat.services.blocks import block
from backend.chat.services.invites import create_invite
from backend.chat.services.rooms import open_direct
from backend.chat.services.sending import Send, send_messages
from tests.chat.world import (
    assert_no_hole,
    lines,
    make_person,
    make_room,
    queries,
    roles,
    say,
    together,
    told_of_members,
)


@pytest.fixture
def root(transactional_db: None) -> User:
    return User.objects.create_superuser("root@example.org", "Root")


@pytest.fixture
def admin(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


def text(answer: object) -> str:
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("page", ["chatroom", "membership", "message", "ban", "invite", "block"])
def test_lists_are_searched_in_a_fixed_number_of_queries(admin: Client, ada: User, page: str) -> None:
    cost = []
    for count in (2, 20):
        for number in range(count):
            person = make_person(f"P{number}")
            room = make_room(ada, members={person: Role.MEMBER})
            Ban.objects.create(room=room, user=make_person("Bad"), by=ada)
            create_invite(slug=room.slug, user_id=ada.pk, hours=1, max_uses=None)
            block(user_id=person.pk, person_id=ada.pk)
        with queries() as statements:
            text(admin.get(f"/admin/chat/{page}/?q={'ada' if page == 'block' else 'tea'}"))
        cost.append(len(statements))
    assert cost[0] == cost[1]


@pytest.mark.parametrize(
    ("page", "found", "other"),
    [
        ("chatroom/?q=gre", "Green tea", "Black tea"),
        ("chatroom/?kind__exact=private", "Black tea", "Green tea"),
        ("membership/?q=bob", "Bob", "Ada &lt;"),
        ("membership/?role__exact=owner", "Ada &lt;", "Bob &lt;"),
        ("message/?q=lemon", "with lemon", "with milk"),
        ("message/?kind__exact=text", "with milk", "created</td>"),
        ("message/?deleted_at__isempty=0", "1 message", "with milk"),
    ],
)
def test_search_and_filter(admin: Client, ada: User, bob: User, page: str, found: str, other: str) -> None:
    green = make_room(ada, members={bob: Role.MEMBER}, name="Green tea")
    make_room(ada, kind="private", name="Black tea")
    say(green, ada, "with lemon")
    say(green, bob, "with milk")
    Message.objects.filter(message="with lemon", kind="text").update(deleted_at="2026-01-01T00:00Z")
    html = text(admin.get(f"/admin/chat/{page}"))
    assert found in html
    assert other not in html


def test_rename_a_room(admin: Client, room: ChatRoom, announced: list[Event]) -> None:
    page = f"/admin/chat/chatroom/{room.pk}/change/"
    assert "owners and admins" in text(admin.get(page)).lower()
    announced.clear()
    form = {"name": "Coffee", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    assert admin.post(page, form).status_code == 302
    room.refresh_from_db()
    assert room.name == "Coffee"
    assert lines(room)[-1] == ("renamed", "Root", "Coffee")
    assert [type(event) for event in announced] == [Change, Passing]


@pytest.mark.parametrize("way", ["page", "action"])
def test_delete_a_room(admin: Client, ada: User, room: ChatRoom, announced: list[Event], way: str) -> None:
    send_messages([Send(room.slug, ada.pk, SendIn(message="hi"))] * 30)
    announced.clear()
    if way == "page":
        page, form = f"/admin/chat/chatroom/{room.pk}/delete/", {"post": "yes"}
        with queries() as statements:
            assert "all that was said" in text(admin.get(page))
        assert len(statements) < 10
    else:
        page = "/admin/chat/chatroom/"
        form = {"action": "delete_selected", "_selected_action": str(room.pk), "post": "yes"}
    assert admin.post(page, form).status_code == 302
    assert not ChatRoom.objects.exists()
    assert announced == [AccessEnded(user_id=None, room_id=room.pk)]


def test_nobody_makes_rooms_without_an_owner(admin: Client) -> None:
    assert admin.get("/admin/chat/chatroom/add/").status_code == 403


def test_post_a_message_as_oneself(admin: Client, root: User, room: ChatRoom, announced: list[Event]) -> None:
    page, form = "/admin/chat/message/add/", {"room": room.pk, "message": "Please be kind.", "reply_to": ""}
    refusal = admin.post(page, form, follow=True)
    assert "You are not a member of this room." in refusal.content.decode()
    Membership.objects.create(room=room, user=root)
    announced.clear()
    assert admin.post(page, form).status_code == 302
    assert lines(room)[-1] == ("text", "Root", "Please be kind.")
    assert [type(event) for event in announced] == [Change]
    assert "message" in admin.post(page, {**form, "message": "x" * 4001}, follow=True).content.decode()
    assert_no_hole(room)


def test_delete_messages_leaves_tombstones(admin: Client, ada: User, room: ChatRoom, announced: list[Event]) -> None:
    message = say(room, ada, "rude")
    ids = list(Message.objects.values_list("pk", flat=True))
    announced.clear()
    form = {"action": "delete_messages", "_selected_action": ids}
    assert admin.post("/admin/chat/message/", form).status_code == 302
    row = Message.objects.get(pk=message.id)
    assert (row.message, row.deleted_at is None) == ("", False)
    assert [event.payload.id for event in announced if isinstance(event, Change)] == [message.id]
    assert_no_hole(room)


def test_rows_of_the_log_are_neither_edited_nor_removed(admin: Client, ada: User, room: ChatRoom) -> None:
    message = say(room, ada, "hi")
    page = f"/admin/chat/message/{message.id}"
    assert 'name="message"' not in text(admin.get(f"{page}/change/"))
    admin.post(f"{page}/change/", {"message": "words in her mouth"})
    assert admin.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [message.id], "post": "yes"}
    admin.post("/admin/chat/message/", form)
    assert Message.objects.get(pk=message.id).message == "hi"


def test_add_mute_promote_and_remove_a_member(admin: Client, cy: User, room: ChatRoom, announced: list[Event]) -> None:
    form = {"room": room.pk, "user": cy.pk, "role": "member"}
    assert admin.post("/admin/chat/membership/add/", form).status_code == 302
    assert lines(room)[-1] == ("joined", "Cy", "")
    membership = Membership.objects.get(room=room, user=cy)
    page = f"/admin/chat/membership/{membership.pk}"
    form = {"role": "admin", "muted_until_0": "2030-01-01", "muted_until_1": "12:00:00"}
    assert admin.post(f"{page}/change/", form).status_code == 302
    membership.refresh_from_db()
    assert (membership.role, membership.muted_until is None) == ("admin", False)
    announced.clear()
    assert admin.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert lines(room)[-1] == ("removed", "Root", "Cy")
    assert announced[1:] == [AccessEnded(cy.pk, room_id=room.pk)]
    assert_no_hole(room)


def test_a_direct_room_keeps_its_two_people(admin: Client, ada: User, bob: User, cy: User) -> None:
    room = ChatRoom.objects.get(slug=open_direct(user_id=ada.pk, other_id=bob.pk)[0].slug)
    membership = Membership.objects.get(room=room, user=bob)
    page = f"/admin/chat/membership/{membership.pk}"
    muted = {"muted_until_0": "2030-01-01", "muted_until_1": "12:00:00"}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("/admin/chat/membership/add/", {"room": room.pk, "user": cy.pk, "role": "member"}),
        (f"{page}/change/", {**muted, "role": "admin"}),
        (f"{page}/delete/", {"post": "yes"}),
        (
            "/admin/chat/membership/",
            {"action": "delete_selected", "_selected_action": [membership.pk], "post": "yes"},
        ),
        ("/admin/chat/ban/add/", {"room": room.pk, "user": bob.pk}),
    ]
    for path, form in attempts:
        assert "always of the same two people" in text(admin.post(path, form, follow=True)), path
    assert roles(room) == {"Ada": "member", "Bob": "member"}
    assert admin.post(f"{page}/change/", {**muted, "role": "member"}).status_code == 302
    membership.refresh_from_db()
    assert membership.muted_until is not None


def test_the_last_person_stays_or_the_room_goes(admin: Client, ada: User) -> None:
    room = make_room(ada)
    membership = Membership.objects.get(room=room, user=ada)
    for path, form in (
        (f"/admin/chat/membership/{membership.pk}/delete/", {"post": "yes"}),
        ("/admin/chat/ban/add/", {"room": room.pk, "user": ada.pk}),
    ):
        assert "Delete the room instead" in text(admin.post(path, form, follow=True)), path
    assert roles(room) == {"Ada": "owner"}


def test_the_last_owner_stays_owner(admin: Client, ada: User, bob: User, room: ChatRoom) -> None:
    owner = Membership.objects.get(room=room, user=ada)
    page, form = f"/admin/chat/membership/{owner.pk}/change/", {"muted_until_0": "", "muted_until_1": ""}
    refusal = admin.post(page, {**form, "role": "member"}, follow=True)
    assert "A room needs an owner" in refusal.content.decode()
    assert roles(room) == {"Ada": "owner", "Bob": "member"}
    Membership.objects.filter(room=room, user=bob).update(role="owner")
    assert admin.post(page, {**form, "role": "member"}).status_code == 302
    assert roles(room) == {"Ada": "member", "Bob": "owner"}


def test_a_mute_is_changed_only_by_hand_and_ends_with_owning(
    admin: Client, ada: User, bob: User, room: ChatRoom, announced: list[Event]
) -> None:
    moderation.mute(slug=room.slug, user_id=ada.pk, member_id=bob.pk, minutes=60)
    membership = Membership.objects.get(room=room, user=bob)
    page = f"/admin/chat/membership/{membership.pk}/change/"
    until = timezone.localtime(membership.muted_until)
    form = {"muted_until_0": f"{until:%Y-%m-%d}", "muted_until_1": f"{until:%H:%M:%S}"}
    announced.clear()
    assert admin.post(page, {**form, "role": "member"}).status_code == 302
    assert announced == []
    assert Membership.objects.get(pk=membership.pk).muted_until == membership.muted_until
    assert admin.post(page, {**form, "role": "owner"}).status_code == 302
    assert [(told.role, told.muted_until) for told in told_of_members(announced)] == [("owner", None)]
    assert Membership.objects.get(pk=membership.pk).muted_until is None
    assert "Owners can&#x27;t be muted." in text(admin.post(page, {**form, "role": "owner"}, follow=True))
    assert Membership.objects.get(pk=membership.pk).muted_until is None


def test_two_moderators_at_the_same_moment_leave_an_owner(ada: User, bob: User) -> None:
    room = make_room(ada, members={bob: Role.OWNER})

    def demote(person: User) -> bool:
        membership = Membership.objects.select_related("room").get(room=room, user=person)
        try:
            staff.change_role(membership=membership, role=Role.MEMBER)
        except ChatError:
            return False
        return True

    assert sorted(together([partial(demote, ada), partial(demote, bob)])) == [False, True]
    assert sorted(roles(room).values()) == ["member", "owner"]


def test_ban_ends_membership_and_unban_lets_in_again(
    admin: Client, bob: User, root: User, room: ChatRoom, announced: list[Event]
) -> None:
    announced.clear()
    assert admin.post("/admin/chat/ban/add/", {"room": room.pk, "user": bob.pk}).status_code == 302
    ban = Ban.objects.get()
    assert (ban.room, ban.user, ban.by) == (room, bob, root)
    assert roles(room) == {"Ada": "owner"}
    assert announced[1:] == [AccessEnded(bob.pk, room_id=room.pk)]
    form = {"room": room.pk, "user": bob.pk, "role": "member"}
    refusal = admin.post("/admin/chat/membership/add/", form, follow=True)
    assert "banned" in refusal.content.decode()
    assert admin.post(f"/admin/chat/ban/{ban.pk}/delete/", {"post": "yes"}).status_code == 302
    assert admin.post("/admin/chat/membership/add/", form).status_code == 302
    assert roles(room) == {"Ada": "owner", "Bob": "member"}


def test_invite_links_are_seen_and_revoked_but_not_read(admin: Client, ada: User, room: ChatRoom) -> None:
    invite = create_invite(slug=room.slug, user_id=ada.pk, hours=1, max_uses=5)
    for page in ("/admin/chat/invite/", f"/admin/chat/invite/{invite.id}/change/"):
        html = text(admin.get(page))
        assert "Ada" in html
        assert invite.code not in html
    assert admin.post(f"/admin/chat/invite/{invite.id}/delete/", {"post": "yes"}).status_code == 302
    assert not Invite.objects.exists()


def test_blocks_are_only_seen(admin: Client, ada: User, bob: User) -> None:
    block(user_id=ada.pk, person_id=bob.pk)
    row = Block.objects.get()
    assert "Bob" in text(admin.get("/admin/chat/block/"))
    for page in ("add/", f"{row.pk}/delete/"):
        assert admin.post(f"/admin/chat/block/{page}", {"post": "yes"}).status_code == 403
