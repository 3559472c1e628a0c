"""The end of an account: what goes, what stays, and what others notice."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import Settings

from backend.accounts import services as accounts
from backend.accounts.models import User
from backend.accounts.tokens import create_token, identity_of
from backend.chat import room_queries
from backend.chat.errors import Code
from backend.chat.events import AccessEnded, Change, Event, MessageOut
from backend.chat.inputs import SendIn
from backend.chat.models import (
    Attachment,
    Ban,
    Block,
    ChatRoom,
    Invite,
    Membership,
    Mention,
    Message,
    Mute,
    Reaction,
    Role,
)
from backend.chat.services import erasure
from backend.chat.services.attachments import prepare, store
from backend.chat.services.members import add_member, remove_member
from backend.chat.services.messages import react
from backend.chat.services.rooms import open_direct
from backend.chat.services.sending import Send, send_messages
from tests.chat.world import (
    assert_no_hole,
    lines,
    make_person,
    make_room,
    queries,
    refused,
    roles,
    say,
)
from tests.pictures import picture


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def delete(user: User, *, keep: bool = True) -> list[int]:
    return list(erasure.delete_account(identity=identity_of(user), keep_messages=keep))


def upload(user: User, room: ChatRoom | None = None) -> Attachment:
    """An attachment, in a new message of the room."""
    out = store(user_id=user.pk, prepared=prepare(file=ContentFile(picture(), name="a.png")))
    if room is not None:
        say(room, user, attachment_ids=[out.id])
    return Attachment.objects.get(pk=out.id)


def updates(announced: list[Event]) -> list[MessageOut]:
    """The changed messages that people were told of."""
    return [event.payload for event in announced if isinstance(event, Change) and event.event == "message_updated"]


def has_token(user: User) -> bool:
    return bool(AuthToken.objects.filter(user=user).exists())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_nothing_says_whose_it_was(ada: User, bob: User, cy: User, room: ChatRoom, folder: Path) -> None:
    email = bob.email
    bob.set_password("engine-1843")
    bob.last_login = bob.last_seen_at = timezone.now()
    bob.is_staff = bob.is_superuser = True
    bob.save()
    create_token(user=bob)
    accounts.set_avatar(user_id=bob.pk, file=BytesIO(picture()))
    about_user = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=cy, content_type=about_user, object_id=str(bob.pk), object_repr=str(bob), action_flag=ADDITION
    )
    other = make_room(ada)
    message = say(room, ada)
    mine = say(room, bob, "my words")
    for one, two in ((ada, bob), (bob, cy), (ada, cy)):
        Block.objects.create(blocker=one, blocked=two)
    Ban.objects.create(room=other, user=bob, by=ada)
    Ban.objects.create(room=room, user=cy, by=bob)
    Mute.objects.create(room=other, user=bob, until=timezone.now() + timedelta(hours=1))
    Invite.objects.create(room=room, code="x", created_by=bob, expires_at=timezone.now())
    Mention.objects.create(message_id=message.id, user=bob, room=room, seq=message.seq)
    upload(bob)
    kept = upload(bob, room)
    assert len(files(folder)) == 5

    delete(bob)

    bob.refresh_from_db()
    assert (bob.name, bob.is_active, bob.is_staff, bob.is_superuser) == ("Deleted user", False, False, False)
    assert bob.email.endswith("@deleted.invalid")
    assert not bob.has_usable_password()
    assert not bob.avatar
    assert bob.last_login is bob.last_seen_at is None
    assert bob.deleted_at is not None
    assert not has_token(bob)
    assert LogEntry.objects.get().object_repr == "Deleted user"
    assert list(Block.objects.values_list("blocker__name", "blocked__name")) == [("Ada", "Cy")]
    assert [ban.user for ban in Ban.objects.all()] == [cy]
    assert not Mute.objects.exists()
    assert not Invite.objects.exists()
    assert not Mention.objects.exists()
    assert not Membership.objects.filter(user=bob).exists()
    assert files(folder) == sorted([kept.file.name, kept.thumbnail.name])
    assert Message.objects.get(pk=mine.id).message == "my words"
    assert lines(room)[-1] == ("left", "Deleted user", "")
    assert_no_hole(room)
    assert accounts.register(email=email, name="Bob again", password="engine-1843").user.pk != bob.pk


def test_the_line_that_says_who_was_removed_no_longer_names_them(
    ada: User, bob: User, room: ChatRoom, announced: list[Event]
) -> None:
    remove_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    add_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    assert room_queries.room(slug=room.slug, user_id=bob.pk).mention_count == 0
    remove_member(slug=room.slug, user_id=ada.pk, member_id=bob.pk)
    announced.clear()
    delete(bob)
    told = updates(announced)
    assert [(line.kind, line.sender.name, line.message) for line in told] == [("removed", "Ada", "Deleted user")] * 2
    removed = Message.objects.filter(room=room, kind=Message.Kind.REMOVED)
    assert set(removed.values_list("sender__name", "message")) == {("Ada", "Deleted user")}
    assert_no_hole(room)


def test_messages_go_by_choice_and_everybody_hears_of_it(
    ada: User, bob: User, room: ChatRoom, announced: list[Event], folder: Path
) -> None:
    other = make_room(ada, members={bob: Role.MEMBER})
    kept = say(room, ada)
    mine = [say(room, bob, str(n)) for n in range(3)] + [say(other, bob, "there")]
    upload(bob, room)
    react(slug=room.slug, user_id=ada.pk, message_id=mine[0].id, emoji="👍")
    announced.clear()
    delete(bob, keep=False)
    rows = Message.objects.filter(sender=bob, kind=Message.Kind.TEXT)
    assert rows.count() == 5
    assert not rows.exclude(message="", deleted_at__isnull=False).exists()
    assert Message.objects.get(pk=kept.id).message == "hi"
    assert not Reaction.objects.exists()
    assert not Attachment.objects.exists()
    assert files(folder) == []
    told = updates(announced)
    assert {payload.id for payload in told} == set(rows.values_list("pk", flat=True))
    assert all(payload.message == "" and payload.deleted_at and not payload.attachments for payload in told)
    assert_no_hole(other)


def test_sessions_end_first(bob: User, room: ChatRoom, announced: list[Event]) -> None:
    create_token(user=bob)
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=True)
    next(steps)
    assert announced[0] == AccessEnded(bob.pk)
    assert not has_token(bob)
    steps.close()


def test_what_was_interrupted_goes_on(ada: User, bob: User, room: ChatRoom) -> None:
    for _ in range(3):
        say(room, bob, "mine")
    steps = erasure.delete_account(identity=identity_of(bob), keep_messages=False)
    assert next(steps) == 3
    steps.close()
    bob.refresh_from_db()
    assert (bob.name, bob.is_active) == ("Bob", True)
    delete(bob, keep=False)
    bob.refresh_from_db()
    assert bob.deleted_at is not None
    assert_no_hole(room)


def test_reactions_go_through_the_log(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    messages = [say(room, ada) for _ in range(3)]
    for message in messages[:2]:
        for emoji in "👍🎉":
            react(slug=room.slug, user_id=bob.pk, message_id=message.id, emoji=emoji)
    react(slug=room.slug, user_id=ada.pk, message_id=messages[0].id, emoji="👍")
    announced.clear()
    delete(bob)
    told = updates(announced)
    assert [payload.id for payload in told] == [message.id for message in messages[:2]]
    assert [[reaction.user_ids for reaction in payload.reactions] for payload in told] == [[[ada.pk]], []]


def test_the_last_owner_hands_over(ada: User, bob: User, room: ChatRoom) -> None:
    delete(ada)
    assert roles(room) == {"Bob": Role.OWNER}


def test_a_direct_room_stays_the_others(ada: User, bob: User, announced: list[Event]) -> None:
    out, _ = open_direct(user_id=ada.pk, other_id=bob.pk)
    room = ChatRoom.objects.get(slug=out.slug)
    say(room, bob, "our secret")
    announced.clear()
    delete(bob)
    told = updates(announced)
    assert [(line.kind, line.message) for line in told] == [("created", "Deleted user & Ada")]
    seen = room_queries.room(slug=out.slug, user_id=ada.pk)
    assert seen.peer is not None
    assert (seen.peer.name, seen.name) == ("Deleted user", "Deleted user & Ada")
    assert lines(room) == [("created", "Ada", "Deleted user & Ada"), ("text", "Deleted user", "our secret")]
    with refused(Code.FORBIDDEN):
        say(room, bob)
    say(room, ada, "are you there?")
    assert_no_hole(room)
    delete(ada)
    assert not ChatRoom.objects.filter(pk=room.pk).exists()


def test_steps_are_bounded(ada: User, bob: User, room: ChatRoom) -> None:
    sends = [Send(room.slug, bob.pk, SendIn(message=str(number))) for number in range(120)]
    send_messages(sends)
    assert delete(bob, keep=False)[:3] == [50, 50, 20]
    assert_no_hole(room)


def test_cost_of_keeping_does_not_grow_with_what_was_said(ada: User) -> None:
    counts = []
    for said in (1, 10, 1_000):  # the first also looks up what is looked up once
        person = make_person("Dot")
        room = make_room(ada, members={person: Role.MEMBER})
        send_messages([Send(room.slug, person.pk, SendIn(message=str(number))) for number in range(said)])
        with queries() as statements:
            delete(person)
        counts.append(len(statements))
    assert counts[1] == counts[2]


@pytest.mark.parametrize("password", ["", "wrong", " engine-1843"])
def test_only_with_the_password(bob: User, password: str) -> None:
    bob.set_password("engine-1843")
    bob.save()
    erasure.confirm(user_id=bob.pk, password="engine-1843", address="192.0.2.1")
    with refused(Code.INVALID, "password"):
        erasure.confirm(user_id=bob.pk, password=password, address="192.0.2.1")


def test_who_has_no_password_is_refused(bob: User) -> None:
    with refused(Code.INVALID, "password"):
        erasure.confirm(user_id=bob.pk, password="", address="192.0.2.1")
