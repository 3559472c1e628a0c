"""Fills an empty debug database with people, rooms and talk, and says where to log in."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from backend.accounts.models import User
from backend.chat.events import MessageOut
from backend.chat.inputs import SendIn
from backend.chat.management.demo_talk import PEOPLE, TALKS, Talk
from backend.chat.models import ChatRoom, Role
from backend.chat.services.members import change_role, join
from backend.chat.services.messages import pin_message, react
from backend.chat.services.reads import Read, mark_reads
from backend.chat.services.rooms import create_room, open_direct
from backend.chat.services.sending import send_message

PASSWORD = "demo-chat-2026"  # noqa: S105 - printed for everybody, and only in a debug database


class Command(BaseCommand):
    help = "Fill an empty debug database with a few people, rooms and a conversation; print a demo login."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo data has a known password: it is only for DEBUG=1.")
        if not User.objects.exists():
            # What limits people's typing would stop the demo half-way.
            settings.RATE_MESSAGES = settings.RATE_ROOMS = "1000/second"
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
    for talk in TALKS:
        _talk(_open(talk, people), talk, people)


def _people() -> dict[str, User]:
    # One hash for all: hashing is slow on purpose, and the password is no secret.
    password = make_password(PASSWORD)
    users = [
        User(email=p.email, name=p.name, password=password, is_staff=p.is_admin, is_superuser=p.is_admin)
        for p in PEOPLE
    ]
    User.objects.bulk_create(users)
    return {user.name: user for user in users}


def _open(talk: Talk, people: dict[str, User]) -> str:
    """Make the room with everybody in it; gives its slug."""
    owner, *others = [people[name].pk for name in talk.members]
    if talk.kind == ChatRoom.Kind.DIRECT:
        return open_direct(user_id=owner, other_id=others[0])[0].slug
    if talk.kind == ChatRoom.Kind.PUBLIC:
        slug = create_room(owner_id=owner, name=talk.name, kind=talk.kind).slug
        for user_id in others:
            join(slug=slug, user_id=user_id)
    else:
        slug = create_room(owner_id=owner, name=talk.name, kind=talk.kind, member_ids=others).slug
    for name in talk.admins:
        change_role(slug=slug, user_id=owner, member_id=people[name].pk, role=Role.ADMIN)
    return slug


def _talk(slug: str, talk: Talk, people: dict[str, User]) -> None:
    """Everybody has read what was said, but for the last lines."""
    said: list[MessageOut] = []
    for line in talk.lines:
        mention_ids = [person.pk for name, person in people.items() if f"@{name}" in line.text]
        answered = [message.id for message in said if line.answers and message.message.startswith(line.answers)]
        body = SendIn(message=line.text, mention_ids=mention_ids, reply_to=answered[0] if answered else None)
        message = send_message(slug=slug, user_id=people[line.name].pk, body=body).message
        for name, emoji in line.reactions:
            react(slug=slug, user_id=people[name].pk, message_id=message.id, emoji=emoji)
        if line.is_pinned:
            pin_message(slug=slug, user_id=people[talk.members[0]].pk, message_id=message.id)
        said.append(message)
    read = said[-1 - talk.unread].seq
    mark_reads([Read(slug, people[name].pk, read) for name in talk.members])
