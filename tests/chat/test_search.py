"""Searching: what is found and what never is, on the database that this run has."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.accounts.models import User
from backend.chat import search_index
from backend.chat.access import check
from backend.chat.errors import ChatError, Code
from backend.chat.events import FoundOut
from backend.chat.inputs import EditIn, SearchIn, SendIn
from backend.chat.models import ChatRoom, Membership, Role
from backend.chat.search import search
from backend.chat.services import members, rooms
from backend.chat.services.messages import delete_message, edit_message, react
from backend.chat.services.sending import Send, send_messages
from tests.chat.costs import effort, fill
from tests.chat.world import make_room, queries, refused, say

migration = import_module("backend.chat.migrations.0004_search")


def ask(user: User, q: str, room: ChatRoom | None = None, *, limit: int = 20) -> list[FoundOut]:
    access = check(slug=room.slug, user_id=user.pk) if room else None
    return search(user_id=user.pk, access=access, page=SearchIn(q=q, limit=limit)).items


def texts(user: User, q: str, room: ChatRoom | None = None) -> list[str]:
    return [item.message.message for item in ask(user, q, room)]


def test_all_words_in_any_order_newest_first(ada: User, bob: User, room: ChatRoom) -> None:
    said = ["green tea", "Black TEA", "teapot green", "coffee", "A cup of green, hot tea."]
    for text in said:
        say(room, ada, text)
    assert texts(bob, "tea") == [said[4], said[2], said[1], said[0]]
    assert texts(bob, "green tea") == [said[4], said[2], said[0]]
    assert texts(bob, "tea green") == [said[4], said[0]]
    assert texts(bob, "gree tea") == []
    [found] = ask(bob, "black")
    assert found.message.room == room.slug
    assert found.snippet == "<mark>Black</mark> TEA"


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Crème brûlée", ["creme", "CRÈME", "brulee crème", "brûl"]),
        ("write to ada@example.com!", ["ada@example.com", "example", "example.co", "com"]),
        ("see https://example.org/a_b?c=tea-pot#x", ["pot", "tea-pot", "example.org", "a_b"]),
        ("<b>bold</b> it's 3.14 -5 don't", ["bold", "3.14", "it's", "-5", "14"]),
        ("今天天气很好", ["天气", "今天", "好"]),
        ("カタカナ を かく", ["カタ", "ナ", "かく"]),
        ("Ёлка и чай", ["чай", "Ёлка", "ё", "ЧАЙ"]),
        ("हिन्दी में", ["हिन्दी", "हिन्"]),
        ("한국어 검색", ["한국어", "검"]),
        ("tea 👍🏽 at 10°C", ["tea 👍🏽", "10"]),
    ],
)
def test_what_a_text_is_found_by(ada: User, room: ChatRoom, text: str, questions: list[str]) -> None:
    say(room, ada, text)
    for question in questions:
        [found] = ask(ada, question)
        assert found.message.message == text
        assert "<mark>" in found.snippet, question
    assert ask(ada, "nothing") == ask(ada, "气天") == []


@pytest.mark.parametrize("q", ["", "  ", "x" * 201, "a\x00b"])
def test_bad_questions(q: str) -> None:
    with pytest.raises(ValidationError):
        SearchIn(q=q)


@pytest.mark.parametrize("q", ["!", "\"'", "* - ( ) : & | <-> \\", "👍", "…", "%", "''"])
def test_question_without_words(ada: User, q: str) -> None:
    with refused(Code.INVALID, "q"):
        ask(ada, q)


@pytest.mark.parametrize(
    "sign", ["'", '"', "\\", ":*", "!", "&", "|", "<->", "(", ")", "*", "-", "^", "{", "+", "%", "$", ":", "''", '""']
)
def test_operators_mean_nothing(ada: User, room: ChatRoom, sign: str) -> None:
    said = say(room, ada, "green tea")
    for question in (f"green {sign} tea", f"{sign}tea{sign} {sign}green", f"green{sign}tea"):
        assert [found.message for found in ask(ada, question)] == [said], question
    for word in ("AND", "OR", "NOT", "NEAR", "words"):
        assert ask(ada, f"green {word}{sign} tea") == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_text_can_be_said_and_asked_for(ada: User, room: ChatRoom, text: str) -> None:
    if text.strip():
        say(room, ada, text)
        with suppress_invalid():
            ask(ada, text)


@pytest.mark.parametrize("sign", ["™", "㎡", "℀"])
def test_signs_that_are_words_only_once_folded(ada: User, room: ChatRoom, sign: str) -> None:
    said = say(room, ada, f"tea {sign}")
    assert [found.message for found in ask(ada, "tea")] == [said]
    assert [found.message for found in ask(ada, sign)] == ([said] if connection.vendor == "postgresql" else [])


@contextmanager
def suppress_invalid() -> Iterator[None]:
    try:
        yield
    except ChatError as error:
        if error.code != Code.INVALID:
            raise


def test_a_question_has_few_words(ada: User, room: ChatRoom) -> None:
    say(room, ada, "0 1 2 3 4 5 6 7 8 9 tea")
    for question in ("0 1 2 3 4 5 6 7 8 9", "tea " * 40, "0.1.2.3.4.5.6.7.8.9.tea"):
        assert len(ask(ada, question)) == 1
    with refused(Code.INVALID, "q"):
        ask(ada, "0 1 2 3 4 5 6 7 8 9 tea")


@pytest.mark.parametrize("sign", ["x", "天", "ﷺ", "👍", "x ", "\u0301", "é", "1e5"])
def test_long_texts(ada: User, room: ChatRoom, sign: str) -> None:
    text = (sign * 4_000)[:4_000]
    assert say(room, ada, text).message == text.strip()
    with suppress_invalid():
        ask(ada, text[:200])
    say(room, ada, "tea")
    assert len(ask(ada, "tea")) == 1


def test_only_my_rooms(ada: User, bob: User, cy: User) -> None:
    shared = make_room(ada, members={bob: Role.MEMBER}, kind="private")
    own = make_room(ada, kind="private")
    public = make_room(cy)
    direct, _ = rooms.open_direct(user_id=ada.pk, other_id=cy.pk)
    for room, user in ((shared, ada), (own, ada), (public, cy), (ChatRoom.objects.get(slug=direct.slug), ada)):
        say(room, user, f"tea in {room.pk}")
    slugs = {user.name: {found.message.room for found in ask(user, "tea")} for user in (ada, bob, cy)}
    assert slugs == {
        "Ada": {shared.slug, own.slug, direct.slug},
        "Bob": {shared.slug},
        "Cy": {public.slug, direct.slug},
    }
    assert texts(ada, "tea", shared) == [f"tea in {shared.pk}"]
    with refused(Code.FORBIDDEN):
        ask(bob, "tea", own)


def test_nothing_after_leaving_removal_and_deletion(ada: User, bob: User) -> None:
    left, removed, deleted, stays = (make_room(ada, members={bob: Role.MEMBER}) for _ in range(4))
    for room in (left, removed, deleted, stays):
        say(room, ada, "tea")
    assert len(ask(bob, "tea")) == 4
    members.leave(slug=left.slug, user_id=bob.pk)
    members.remove_member(slug=removed.slug, user_id=ada.pk, member_id=bob.pk)
    rooms.delete_room(slug=deleted.slug, user_id=ada.pk)
    assert [found.message.room for found in ask(bob, "tea")] == [stays.slug]
    members.join(slug=left.slug, user_id=bob.pk)
    assert len(ask(bob, "tea")) == 2
    assert len(ask(ada, "tea")) == 3


def test_edited_deleted_and_changed_messages(ada: User, room: ChatRoom) -> None:
    first, second = (say(room, ada, text) for text in ("green tea", "black tea"))
    react(slug=room.slug, user_id=ada.pk, message_id=first.id, emoji="👍")
    edit_message(slug=room.slug, user_id=ada.pk, message_id=first.id, body=EditIn(message="red wine"))
    assert texts(ada, "green") == []
    assert texts(ada, "wine") == ["red wine"]
    assert texts(ada, "tea") == ["black tea"]
    for message in (first, second):
        delete_message(slug=room.slug, user_id=ada.pk, message_id=message.id)
    for word in ("wine", "red", "tea", "black", "green"):
        assert texts(ada, word) == []


def test_system_lines_are_not_found(ada: User, room: ChatRoom) -> None:
    rooms.rename_room(slug=room.slug, user_id=ada.pk, name="Wine")
    assert texts(ada, "wine") == []


def test_by_page(ada: User, room: ChatRoom) -> None:
    other = make_room(ada)
    send_messages([Send((room, other)[n % 2].slug, ada.pk, SendIn(message=f"tea {n}")) for n in range(5)])
    pages, before = [], None
    while True:
        page = search(user_id=ada.pk, access=None, page=SearchIn(q="tea", limit=2, before=before))
        pages.append([item.message.message for item in page.items])
        if not page.has_more:
            break
        before = page.items[-1].message.id
    assert pages == [["tea 4", "tea 3"], ["tea 2", "tea 1"], ["tea 0"]]


def test_beyond_the_newest_messages(ada: User, room: ChatRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "WALKED", 4)
    monkeypatch.setattr(search_index, "READ", 2)
    send_messages([Send(room.slug, ada.pk, SendIn(message=f"tea {n} {'cup' if n % 4 else ''}")) for n in range(12)])
    assert [found.message.seq for found in ask(ada, "tea", limit=10)] == list(range(13, 3, -1))
    assert [found.message.seq for found in ask(ada, "cup tea", limit=2)] == [13, 12]
    assert [found.message.seq for found in ask(ada, "tea 0")] == [2]


def test_what_takes_too_long_is_invalid(ada: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, mine = make_room(ada), make_room(bob)
    fill(theirs, 20_000, sender=ada, message="some tea")
    fill(mine, search_index.READ, sender=bob, message="some coffee")
    monkeypatch.setattr(search_index, "SECONDS", 0.001)
    with refused(Code.INVALID, "q"):
        ask(bob, "tea")
    monkeypatch.undo()
    assert ask(bob, "tea") == []
    assert len(ask(ada, "tea")) == 20


def test_cost_does_not_grow_with_rooms(ada: User, bob: User) -> None:
    cost = []
    for count in (10, 990):
        made = ChatRoom.objects.bulk_create(ChatRoom(name="Tea", slug=f"tea-{count}-{n}") for n in range(count))
        Membership.objects.bulk_create(Membership(room=room, user=bob) for room in made)
        Membership.objects.bulk_create(Membership(room=room, user=ada) for room in made[::2])
        send_messages([Send(room.slug, bob.pk, SendIn(message=f"tea {room.pk}")) for room in made])
        with queries() as statements:
            found = ask(bob, "tea", limit=5)
        assert len(found) == 5
        cost.append(len(statements))
    assert cost[0] == cost[1] <= 7
    last = made[-1].pk
    assert texts(ada, f"tea {last}") == []
    assert texts(bob, f"tea {last}") == [f"tea {last}"]
    mine = set(Membership.objects.filter(user=ada).values_list("room__slug", flat=True))
    assert {found.message.room for found in ask(ada, "tea", limit=50)} <= mine


def test_cost_does_not_grow_with_the_log(ada: User, room: ChatRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "_stopped_after", lambda _: nullcontext())  # it takes the place of the meter
    say(room, ada, "a rarity")
    costs = []
    for count in (3_000, 17_000):
        fill(room, count, sender=ada, message="some tea is in every one of these")
        cost = []
        for question, found in (("rarity", 1), ("rari", 1), ("missing", 0), ("tea", 20), ("i", 20)):
            with effort() as spent:
                assert len(ask(ada, question)) == found
            cost.append(sum(spent))
        costs.append(cost)
    assert all(0 < large < 1.5 * small + 100 for small, large in zip(*costs, strict=True)), costs


def test_migration_there_and_back(ada: User, room: ChatRoom) -> None:
    say(room, ada, "green tea")
    say(room, ada, "天气")
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
    say(room, ada, "black tea")
    with connection.schema_editor() as editor:
        migration.create(apps, editor)
    assert texts(ada, "tea") == ["black tea", "green tea"]
    assert texts(ada, "天") == ["天气"]
