"""`manage.py demo`: fills an empty debug database once, and never a real one."""

import re
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from backend.accounts import services
from backend.accounts.models import User
from backend.chat import room_queries
from backend.chat.management.demo_talk import TALKS
from backend.chat.models import ChatRoom, Membership, Message, Reaction, Role

pytestmark = pytest.mark.django_db


def run_demo(settings: Settings) -> str:
    settings.DEBUG = True
    settings.HOST, settings.PORT = "127.0.0.1", 8765
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_what_it_prints_works(settings: Settings) -> None:
    settings.RATE_MESSAGES = settings.RATE_ROOMS = "1/day"
    start = time.monotonic()
    printed = run_demo(settings)
    assert time.monotonic() - start < 5
    assert "http://127.0.0.1:8765/" in printed
    logins = re.findall(r"^  (\S+@\S+)  (\S+)", printed, re.MULTILINE)
    assert len(logins) >= 4
    for email, password in logins:
        session = services.log_in(email=email, password=password)
        assert session is not None
        rooms = room_queries.my_rooms(user_id=session.user.pk).items
        assert rooms
        assert all(room.last_message for room in rooms)
    assert User.objects.filter(is_superuser=True, is_staff=True, email__in=dict(logins)).exists()
    assert set(ChatRoom.objects.values_list("kind", flat=True)) == {"public", "private", "direct"}
    assert Message.objects.filter(kind=Message.Kind.TEXT).count() > 20


def test_it_shows_what_there_is_to_show(settings: Settings) -> None:
    run_demo(settings)
    assert Message.objects.filter(reply_to__isnull=False).count() >= 3
    assert Message.objects.filter(pinned_at__isnull=False).count() >= 3
    assert Reaction.objects.count() > 10
    assert set(Membership.objects.values_list("role", flat=True)) == set(Role)
    for line in Message.objects.filter(message__contains="@"):
        assert line.mention_ids, line.message
    mira = room_queries.my_rooms(user_id=User.objects.get(email="mira@example.com").pk).items
    assert sorted(room.unread_count for room in mira) == [0, 1, 1, 2]
    assert sorted(room.mention_count for room in mira) == [0, 0, 1, 1]


def test_each_reply_answers_the_line_it_names() -> None:
    for talk in TALKS:
        for number, line in enumerate(talk.lines):
            earlier = [each.text for each in talk.lines[:number]]
            assert not line.answers or [text.startswith(line.answers) for text in earlier].count(True) == 1, line


def test_again_adds_nothing(settings: Settings) -> None:
    first = run_demo(settings)
    count = Message.objects.count()
    assert run_demo(settings) == first
    assert Message.objects.count() == count


def test_a_database_with_people_is_left_alone(settings: Settings) -> None:
    User.objects.create_user("ada@example.org", "Ada")
    assert "@" not in run_demo(settings)
    assert User.objects.count() == 1


def test_not_in_production(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("demo")
    assert not User.objects.exists()
