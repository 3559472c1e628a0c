"""The slug: drawn once, readable, never the same twice."""

import re

import pytest
from django.db import IntegrityError

from backend.chat import models
from backend.chat.models import ChatRoom

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Tea & Cake", "tea-cake"),
        ("  Überflug  2 ", "uberflug-2"),
        ("茶", "room"),
        ("!!!", "room"),
        ("x" * 80, "x" * 40),
        ("a" * 39 + " b", "a" * 39),  # the cut leaves no dash behind
    ],
)
def test_slug_is_readable_and_ends_in_five_random_characters(name: str, head: str) -> None:
    slug = ChatRoom.objects.create(name=name).slug
    assert re.fullmatch(re.escape(head) + "-[a-z0-9]{5}", slug)


def test_renaming_keeps_the_slug() -> None:
    room = ChatRoom.objects.create(name="Tea")
    slug = room.slug
    room.name = "Coffee"
    room.save()
    room.refresh_from_db()
    assert (room.name, room.slug) == ("Coffee", slug)


def test_a_clash_draws_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter(["tea-aaaaa", "tea-aaaaa", "tea-aaaaa", "tea-bbbbb"])
    monkeypatch.setattr(models, "make_slug", lambda name: next(draws))
    assert [ChatRoom.objects.create(name="Tea").slug for _ in range(2)] == ["tea-aaaaa", "tea-bbbbb"]


def test_another_fault_is_not_taken_for_a_clash() -> None:
    ChatRoom.objects.create(name="Tea", direct_key="1:2")
    with pytest.raises(IntegrityError):
        ChatRoom.objects.create(name="Tea", direct_key="1:2")
