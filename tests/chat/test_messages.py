"""Sending, editing, deleting, reacting: once each, in order, and one bad item harms no other."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, OperationalError, connection, connections
from django.utils import timezone
from pytest_django import Settings

from backend.accounts.models import User
from backend.chat import limits, log
from backend.chat.errors import ChatError, Code
from backend.chat.events import Change, Event, MessageOut
from backend.chat.inputs import EditIn, SendIn
from backend.chat.models import ChatRoom, Membership, Message, Role
from backend.chat.services.messages import delete_message, edit_message, pin_message, react, unpin_message, unreact
from backend.chat.services.sending import Outcome, Send, Sent, send_message, send_messages
from tests.chat.world import assert_no_hole, make_person, make_room, queries, refused, say, together


def texts(outcomes: list[Outcome]) -> list[str]:
    """The text of what was sent, the code of what was refused."""
    return [outcome.message.message if isinstance(outcome, Sent) else outcome.code for outcome in outcomes]


def send(room: ChatRoom, user: User, text: str = "hi", client_id: str | None = None) -> Send:
    return Send(room.slug, user.pk, SendIn(message=text, client_id=client_id))


def test_a_batch_keeps_its_order_in_every_room(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    other = make_room(bob)
    announced.clear()
    outcomes = send_messages([send((room, other)[n % 2], bob, str(n)) for n in range(6)])
    payloads = [outcome.message for outcome in outcomes if isinstance(outcome, Sent)]
    assert [(payload.room, payload.seq) for payload in payloads] == [
        ((room, other)[n % 2].slug, 2 + n // 2) for n in range(6)
    ]
    assert [event.payload for event in announced if isinstance(event, Change)] == payloads


def test_a_retry_gets_the_same_reply_and_is_told_to_nobody(ada: User, room: ChatRoom, announced: list[Event]) -> None:
    first = send_message(slug=room.slug, user_id=ada.pk, body=SendIn(message="hi", client_id="1"))
    announced.clear()
    again = send_message(slug=room.slug, user_id=ada.pk, body=SendIn(message="hi", client_id="1"))
    assert (first.created, again.created) == (True, False)
    assert again.message == first.message
    assert announced == []
    assert_no_hole(room)


def test_a_retry_inside_one_batch(ada: User, bob: User, room: ChatRoom) -> None:
    twins = [send(room, ada, "hi", "1"), send(room, bob, "hi", "1"), send(room, ada, "hi", "1"), send(room, ada)]
    outcomes = [outcome for outcome in send_messages(twins) if isinstance(outcome, Sent)]
    assert [outcome.created for outcome in outcomes] == [True, True, False, True]
    assert [outcome.message.seq for outcome in outcomes] == [2, 3, 2, 4]


def test_retries_from_many_threads(ada: User, room: ChatRoom) -> None:
    client_ids = [uuid4().hex for _ in range(3)]
    batches = [
        [send(room, ada, client_id, client_id) for client_id in order] for order in (client_ids, client_ids[::-1])
    ]
    answers = together([partial(send_messages, batch) for batch in batches * 3])
    sent = [outcome for answer in answers for outcome in answer if isinstance(outcome, Sent)]
    assert len(sent) == 18
    assert sum(outcome.created for outcome in sent) == 3
    assert Message.objects.filter(client_id__in=client_ids).count() == 3
    for client_id in client_ids:
        ids = {outcome.message.id for outcome in sent if outcome.message.client_id == client_id}
        assert len(ids) == 1
    assert_no_hole(room)


def test_the_same_client_id_for_something_else_is_a_conflict(ada: User, bob: User, room: ChatRoom) -> None:
    first = say(room, ada, "hi", client_id="1")
    other = make_room(ada)
    for body, where in (
        (SendIn(message="ho", client_id="1"), room),
        (SendIn(message="hi", client_id="1"), other),
        (SendIn(message="hi", client_id="1", reply_to=first.id), room),
    ):
        with refused(Code.CONFLICT):
            send_message(slug=where.slug, user_id=ada.pk, body=body)
    assert say(room, bob, "ho", client_id="1").seq == 3  # another sender's ids are their own


def test_a_retry_of_a_message_that_was_edited_or_deleted_since(ada: User, room: ChatRoom) -> None:
    edited, deleted = say(room, ada, "hi", client_id="1"), say(room, ada, "hi", client_id="2")
    edit_message(slug=room.slug, user_id=ada.pk, message_id=edited.id, body=EditIn(message="ho"))
    delete_message(slug=room.slug, user_id=ada.pk, message_id=deleted.id)
    assert texts(send_messages([send(room, ada, "hi", "1"), send(room, ada, "hi", "2")])) == ["ho", ""]
    assert_no_hole(room)


def test_one_bad_item_harms_no_other(ada: User, cy: User, room: ChatRoom, announced: list[Event]) -> None:
    say(room, ada, "taken", client_id="1")
    announced.clear()
    outcomes = send_messages(
        [
            send(room, ada, "first"),
            send(room, cy),
            Send("no-such-room", ada.pk, SendIn(message="hi")),
            send(room, ada, "other", "1"),
            Send(room.slug, ada.pk, SendIn(message="hi", reply_to=10**12)),
            Send(room.slug, ada.pk, SendIn(message="hi", attachment_ids=[1])),
            send(room, ada, "last"),
        ]
    )
    assert texts(outcomes) == ["first", "forbidden", "not_found", "conflict", "invalid", "invalid", "last"]
    assert len(announced) == 2
    assert_no_hole(room)


def test_reply_to_a_message_of_the_same_room(ada: User, room: ChatRoom) -> None:
    first = say(room, ada)
    assert say(room, ada, reply_to=first.id).reply_to == first.id
    elsewhere = say(make_room(ada), ada)
    line = Message.objects.get(room=room, kind=Message.Kind.CREATED)
    gone = say(room, ada)
    delete_message(slug=room.slug, user_id=ada.pk, message_id=gone.id)
    for target in (elsewhere.id, line.pk, gone.id, 10**12):
        with refused(Code.INVALID, "reply_to"):
            say(room, ada, reply_to=target)


def test_the_muted_read_only(ada: User, bob: User, room: ChatRoom) -> None:
    mine, theirs = say(room, bob), say(room, ada)
    muted = Membership.objects.filter(room=room, user=bob)
    muted.update(muted_until=timezone.now() + timedelta(hours=1))
    with refused(Code.FORBIDDEN):
        say(room, bob)
    with refused(Code.FORBIDDEN):
        edit_message(slug=room.slug, user_id=bob.pk, message_id=mine.id, body=EditIn(message="ho"))
    with refused(Code.FORBIDDEN):
        react(slug=room.slug, user_id=bob.pk, message_id=theirs.id, emoji="👍")
    muted.update(role=Role.ADMIN)
    with refused(Code.FORBIDDEN):
        pin_message(slug=room.slug, user_id=bob.pk, message_id=theirs.id)
    muted.update(muted_until=timezone.now() - timedelta(seconds=1))
    assert say(room, bob, "again").message == "again"


def test_too_fast(ada: User, bob: User, room: ChatRoom, settings: Settings) -> None:
    settings.RATE_MESSAGES = "3/day"
    outcomes = send_messages([send(room, ada, str(n), str(n)) for n in range(5)] + [send(room, bob, "mine")])
    assert texts(outcomes) == ["0", "1", "2", "rate_limited", "rate_limited", "mine"]
    assert isinstance(outcomes[3], ChatError)
    assert outcomes[3].retry_after
    assert texts(send_messages([send(room, ada, "2", "2")])) == ["2"]  # a retry of what is stored is free
    with refused(Code.RATE_LIMITED):
        edit_message(slug=room.slug, user_id=ada.pk, message_id=1, body=EditIn(message="ho"))
    with refused(Code.RATE_LIMITED):
        delete_message(slug=room.slug, user_id=ada.pk, message_id=1)


def test_retries_within_a_batch_are_counted_once(room: ChatRoom, ada: User, settings: Settings) -> None:
    settings.RATE_MESSAGES = "3/day"
    retries = [send(room, ada, "one", "1") for _ in range(50)]
    assert texts(
        send_messages([*retries, send(room, ada, "two"), send(room, ada, "three"), send(room, ada, "four")])
    ) == [
        *["one"] * 50,
        "two",
        "three",
        "rate_limited",
    ]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was counted for the rate limits, never inside a transaction: Redis may take its time."""
    keys: list[str] = []

    def hit_many(_: object, hits: Sequence[str]) -> list[None]:
        assert not connection.in_atomic_block
        keys.extend(hits)
        return [None] * len(hits)

    monkeypatch.setattr(limits, "hit_many", hit_many)
    return keys


def test_each_write_is_counted_once_and_before_its_transaction(ada: User, room: ChatRoom, counted: list[str]) -> None:
    message = say(room, ada)
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk, "message_id": message.id}
    react(**place, emoji="👍")
    unreact(**place, emoji="👍")
    edit_message(**place, body=EditIn(message="ho"))
    pin_message(**place)
    unpin_message(**place)
    delete_message(**place)
    assert counted == [f"messages:{ada.pk}"] * 7


@pytest.mark.parametrize("fault", [IntegrityError, OperationalError])
def test_a_batch_that_runs_again_is_not_counted_again(
    ada: User, bob: User, room: ChatRoom, counted: list[str], monkeypatch: pytest.MonkeyPatch, fault: type[Error]
) -> None:
    say(room, ada, "old", client_id="old")
    counted.clear()
    faults = iter([fault, fault] if fault is IntegrityError else [fault])
    append = log.append

    def failing(messages: Sequence[log.NewMessage]) -> list[MessageOut]:
        if error := next(faults, None):
            raise error
        return append(messages)

    monkeypatch.setattr(log, "append", failing)
    outcomes = send_messages([send(room, ada, "old", "old"), send(room, ada, "new", "new"), send(room, bob)])
    assert texts(outcomes) == ["old", "new", "hi"]
    assert counted == [f"messages:{ada.pk}", f"messages:{bob.pk}"]
    assert_no_hole(room)


def test_what_is_lost_at_commit_is_repeated_without_counting_again(
    ada: User, room: ChatRoom, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = type(connections[connection.alias])
    commit = backend.commit
    losses = iter([OperationalError("the server closed the connection")])

    def losing(self: Any) -> None:
        commit(self)
        if error := next(losses, None):
            raise error

    monkeypatch.setattr(backend, "commit", losing)
    outcomes = send_messages([send(room, ada, "safe", "1"), send(room, ada, "unknown")])
    assert texts(outcomes) == ["safe", "unavailable"]
    assert len(counted) == 2


def test_edit(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    message = say(room, ada, client_id="1")
    announced.clear()
    edited = edit_message(slug=room.slug, user_id=ada.pk, message_id=message.id, body=EditIn(message="ho"))
    assert edited.edited_at is not None
    assert edited == message.model_copy(
        update={"message": "ho", "updated_seq": message.seq + 1, "edited_at": edited.edited_at}
    )
    assert announced == [Change(room.pk, room.slug, "message_updated", edited)]
    with refused(Code.FORBIDDEN):
        edit_message(slug=room.slug, user_id=bob.pk, message_id=message.id, body=EditIn(message="mine"))
    assert_no_hole(room)


def test_editing_is_possible_for_a_time(ada: User, room: ChatRoom, settings: Settings) -> None:
    message = say(room, ada)
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk, "message_id": message.id}
    sent_at = timezone.now() - timedelta(minutes=30)
    Message.objects.filter(pk=message.id).update(created_at=sent_at)
    settings.EDIT_WINDOW_MINUTES = 31
    edit_message(**place, body=EditIn(message="in time"))
    settings.EDIT_WINDOW_MINUTES = 29
    with refused(Code.FORBIDDEN):
        edit_message(**place, body=EditIn(message="too late"))
    settings.EDIT_WINDOW_MINUTES = 0
    edited = edit_message(**place, body=EditIn(message="always"))
    assert (edited.message, edited.updated_seq) == ("always", message.seq + 2)


def test_delete_leaves_a_tombstone(ada: User, bob: User, room: ChatRoom, announced: list[Event]) -> None:
    message = say(room, bob, "secret")
    react(slug=room.slug, user_id=ada.pk, message_id=message.id, emoji="👍")
    announced.clear()
    tombstone = delete_message(slug=room.slug, user_id=bob.pk, message_id=message.id)
    assert (tombstone.message, tombstone.reactions, tombstone.seq) == ("", [], message.seq)
    assert tombstone.deleted_at is not None
    assert announced == [Change(room.pk, room.slug, "message_updated", tombstone)]
    assert "secret" not in Message.objects.get(pk=message.id).message


@pytest.mark.parametrize("what", ["deleted", "line", "elsewhere", "unknown"])
def test_what_is_not_an_open_message_of_the_room(ada: User, room: ChatRoom, what: str) -> None:
    gone = say(room, ada)
    delete_message(slug=room.slug, user_id=ada.pk, message_id=gone.id)
    line = Message.objects.get(room=room, kind=Message.Kind.CREATED).pk
    elsewhere = say(make_room(ada), ada).id
    ids = {"deleted": gone.id, "line": line, "elsewhere": elsewhere, "unknown": 10**12}
    room.refresh_from_db()
    before = room.last_seq
    place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk, "message_id": ids[what]}
    with refused(Code.NOT_FOUND):
        edit_message(**place, body=EditIn(message="ho"))
    with refused(Code.NOT_FOUND):
        delete_message(**place)
    with refused(Code.NOT_FOUND):
        react(**place, emoji="👍")
    with refused(Code.NOT_FOUND):
        pin_message(**place)
    with refused(Code.NOT_FOUND):
        unpin_message(**place)
    room.refresh_from_db()
    assert room.last_seq == before


def test_500_messages_cost_a_handful_of_queries(ada: User) -> None:
    people = [ada, *(make_person(f"P{number}") for number in range(9))]
    rooms = [make_room(ada, members=dict.fromkeys(people[1:], Role.MEMBER)) for _ in range(5)]
    first = [say(room, ada) for room in rooms]
    batch = [
        Send(
            rooms[n % 5].slug,
            people[n % 10].pk,
            SendIn(message=str(n), client_id=str(n), reply_to=first[n % 5].id),
        )
        for n in range(500)
    ]
    with queries() as statements:
        outcomes = send_messages(batch)
    assert texts(outcomes) == [str(n) for n in range(500)]
    assert len(statements) == 7  # retries, access, held logs, quotes, places, messages, read pointers
