"""Fills an empty debug database with people, rooms and talk, and says where to log in."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from backend.accounts.models import User
from backend.chat.errors import ChatError
from backend.chat.inputs import SendIn
from backend.chat.management.demo_talk import DIRECT, PEOPLE, ROOMS, Talk
from backend.chat.models import ChatRoom
from backend.chat.services.members import join
from backend.chat.services.messages import react
from backend.chat.services.reads import Read, mark_reads
from backend.chat.services.rooms import create_room, open_direct
from backend.chat.services.sending import Send, send_messages

PASSWORD = "demo-chat-2026"  # noqa: S105 - printed for everybody, and only in a debug database


class Command(BaseCommand):
    help = "Fill an empty debug database with a few people, rooms and a conversation; print a demo login."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo data has a known password: it is only for DEBUG=1.")
        if not User.objects.exists():
            settings.RATE_MESSAGES = "1000/second"  # what limits people's typing would stop the demo half-way
            with transaction.atomic():
                fill()
        self.stdout.write(self.where_to_go())

    def where_to_go(self) -> str:
        """The address, and the logins as far as they are still there."""
        lines = [f"chat_api: http://{settings.HOST}:{settings.PORT}/   docs: /api/docs   admin: /admin/"]
        known = {person.email for person in PEOPLE}
        check = cache(check_password)  # slow on purpose, and the demo's people share one hash
        for user in User.objects.filter(email__in=known, is_active=True).order_by("pk"):
            if check(PASSWORD, user.password):
                lines.append(f"  {user.email}  {PASSWORD}{'  (admin)' if user.is_superuser else ''}")
        return "\n".join(lines)


def fill() -> None:
    """All through the services: what a demo shows is what an app would have written."""
    people = _people()
    for talk in ROOMS:
        owner, *others = [people[name].pk for name in talk.members]
        if talk.kind == ChatRoom.Kind.PUBLIC:
            room = create_room(owner_id=owner, name=talk.name, kind=talk.kind)
            for user_id in others:
                join(slug=room.slug, user_id=user_id)
        else:
            room = create_room(owner_id=owner, name=talk.name, kind=talk.kind, member_ids=others)
        _talk(room.slug, talk, people)
    one, other = DIRECT.members
    room, _ = open_direct(user_id=people[one].pk, other_id=people[other].pk)
    _talk(room.slug, DIRECT, people)


def _people() -> dict[str, User]:
    # One hash for all: hashing is slow on purpose, and the password is no secret.
    password = make_password(PASSWORD)
    users = [
        User(email=p.email, name=p.name, password=password, is_staff=p.is_admin, is_superuser=p.is_admin)
        for p in PEOPLE
    ]
    User.objects.bulk_create(users)
    return {user.name: user for user in users}


def _talk(slug: str, talk: Talk, people: dict[str, User]) -> None:
    """Everybody has read what was said, but for the last two lines."""
    seqs = []
    sends = [Send(slug, people[line.name].pk, SendIn(message=line.text)) for line in talk.lines]
    for line, sent in zip(talk.lines, send_messages(sends), strict=True):
        if isinstance(sent, ChatError):
            raise sent
        seqs.append(sent.message.seq)
        for name, emoji in line.reactions:
            react(slug=slug, user_id=people[name].pk, message_id=sent.message.id, emoji=emoji)
    mark_reads([Read(slug, people[name].pk, seqs[-3]) for name in talk.members])
