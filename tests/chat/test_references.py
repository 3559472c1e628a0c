"""What a message refers to: quotes, mentions, attachments, and who takes no direct messages."""

from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from pydantic import ValidationError

from backend.accounts.models import User
from backend.chat import queries
from backend.chat.errors import ChatError, Code
from backend.chat.inputs import EditIn, HistoryIn, SendIn
from backend.chat.models import Attachment, Block, ChatRoom, Mention
from backend.chat.payloads import QUOTE_LENGTH
from backend.chat.services.messages import delete_message, edit_message
from backend.chat.services.rooms import open_direct
from backend.chat.services.sending import Send, send_message, send_messages
from tests.chat.world import make_room, refused, say, together


def attach(user: User, name: str = "notes.txt") -> Attachment:
    return Attachment.objects.create(
        uploader=user, file=ContentFile(b"hi", name=name), name=name, type="text/plain", size=2
    )


def stored(room: ChatRoom, seq: int) -> Any:
    return queries.history(room=room, page=HistoryIn(after=seq - 1, limit=1)).items[0]


def test_a_reply_quotes_the_beginning_of_what_it_answers(ada: User, bob: User, room: ChatRoom) -> None:
    first = say(room, ada, "x" * QUOTE_LENGTH + "yz")
    reply = say(room, bob, reply_to=first.id)
    assert reply.quote is not None
    assert (reply.quote.id, reply.quote.seq, reply.quote.sender) == (first.id, first.seq, first.sender)
    assert reply.quote.message == "x" * QUOTE_LENGTH
    assert stored(room, reply.seq) == reply


def test_a_quote_follows_what_it_quotes(ada: User, room: ChatRoom) -> None:
    first = say(room, ada, "secret")
    reply = say(room, ada, reply_to=first.id)
    delete_message(slug=room.slug, user_id=ada.pk, message_id=first.id)
    assert stored(room, reply.seq).quote.message == ""
    assert stored(room, reply.seq).quote.deleted_at is not None


@pytest.mark.parametrize("what", ["deleted", "elsewhere", "unknown"])
def test_no_reply_to_what_is_not_there(ada: User, room: ChatRoom, what: str) -> None:
    gone = say(room, ada)
    delete_message(slug=room.slug, user_id=ada.pk, message_id=gone.id)
    ids = {"deleted": gone.id, "elsewhere": say(make_room(ada), ada).id, "unknown": 2**63 - 1}
    with refused(Code.INVALID, "reply_to"):
        say(room, ada, reply_to=ids[what])


def test_mentions(ada: User, bob: User, room: ChatRoom) -> None:
    message = say(room, ada, mention_ids=[bob.pk, ada.pk, bob.pk])
    assert message.mention_ids == [bob.pk, ada.pk]
    assert stored(room, message.seq) == message
    rows = Mention.objects.values_list("message", "user", "room", "seq").order_by("pk")
    assert list(rows) == [(message.id, person.pk, room.pk, message.seq) for person in (bob, ada)]
    edited = edit_message(slug=room.slug, user_id=ada.pk, message_id=message.id, body=EditIn(message="other"))
    assert edited.mention_ids == message.mention_ids


def test_only_members_are_mentioned(ada: User, cy: User, room: ChatRoom) -> None:
    for nobody in (cy.pk, 2**63 - 1):
        with refused(Code.INVALID, "mention_ids"):
            say(room, ada, mention_ids=[ada.pk, nobody])
    assert not Mention.objects.exists()


def test_files_come_with_a_message(ada: User, room: ChatRoom) -> None:
    files = [attach(ada, name) for name in ("b.txt", "a.txt")]
    message = say(room, ada, "", attachment_ids=[file.pk for file in files])
    assert [item.name for item in message.attachments] == ["b.txt", "a.txt"]
    assert {item.id for item in stored(room, message.seq).attachments} == {file.pk for file in files}


@pytest.mark.parametrize("what", ["foreign", "used", "unknown"])
def test_only_unsent_files_of_the_sender(ada: User, bob: User, room: ChatRoom, what: str) -> None:
    used = attach(ada)
    say(room, ada, attachment_ids=[used.pk])
    ids = {"foreign": attach(bob).pk, "used": used.pk, "unknown": 2**63 - 1}
    mine = attach(ada)
    with refused(Code.INVALID, "attachment_ids"):
        say(room, ada, attachment_ids=[mine.pk, ids[what]])
    mine.refresh_from_db()
    assert mine.message is None
    say(room, ada, attachment_ids=[mine.pk])


def test_one_file_goes_with_one_of_many_messages(ada: User, room: ChatRoom) -> None:
    file = attach(ada)
    body = SendIn(message="hi", attachment_ids=[file.pk])
    [first, second] = send_messages([Send(room.slug, ada.pk, body)] * 2)
    assert not isinstance(first, ChatError)
    assert isinstance(second, ChatError)

    other = attach(ada)
    body = SendIn(message="hi", attachment_ids=[other.pk])
    outcomes = together([partial(send_messages, [Send(room.slug, ada.pk, body)]) for _ in range(4)])
    assert sum(not isinstance(outcome, ChatError) for [outcome] in outcomes) == 1


def test_a_retry_with_other_files_or_mentions_is_a_conflict(ada: User, bob: User, room: ChatRoom) -> None:
    file = attach(ada)
    body = {"message": "hi", "client_id": "1", "attachment_ids": [file.pk], "mention_ids": [bob.pk]}

    def send(**other: Any) -> Any:
        return send_message(slug=room.slug, user_id=ada.pk, body=SendIn.model_validate(body | other))

    first = send()
    again = send()
    assert (again.created, again.message) == (False, first.message)
    others: list[dict[str, list[int]]] = [{"attachment_ids": []}, {"mention_ids": []}, {"mention_ids": [ada.pk]}]
    for other in others:
        with refused(Code.CONFLICT):
            send(**other)


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": "  "}, {"attachment_ids": []}])
def test_a_message_says_something(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        SendIn.model_validate(body)
    assert [error["loc"] for error in caught.value.errors()] == [("message",)]


def test_the_blocked_write_no_direct_messages(ada: User, bob: User, room: ChatRoom) -> None:
    slug = open_direct(user_id=ada.pk, other_id=bob.pk)[0].slug
    direct = ChatRoom.objects.get(slug=slug)
    Block.objects.create(blocker=ada, blocked=bob)
    with refused(Code.FORBIDDEN):
        say(direct, bob)
    say(direct, ada)
    say(room, bob)


def test_a_quote_is_of_the_moment_of_its_reply(ada: User, bob: User, room: ChatRoom) -> None:
    first = say(room, ada, "0")
    for number in range(1, 30):
        before, now = str(number - 1), str(number)
        place: dict[str, Any] = {"slug": room.slug, "user_id": ada.pk, "message_id": first.id}
        edit = partial(edit_message, **place, body=EditIn(message=now))
        edited, *replies = together([edit, *[partial(say, room, bob, reply_to=first.id)] * 3])
        for reply in replies:
            assert reply.quote is not None
            assert reply.quote.message == (now if edited.updated_seq < reply.seq else before)
