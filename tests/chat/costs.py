"""Large rooms, quickly made, and what it costs to read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from backend.accounts.models import User
from backend.chat.models import ChatRoom, Membership, Message
from tests.chat.world import queries


def fill(room: ChatRoom, count: int, **fields: Any) -> list[Message]:
    """So many more messages at the end of the log, without their announcements."""
    room.refresh_from_db()
    now = timezone.now()
    places = range(room.last_seq + 1, room.last_seq + count + 1)
    messages = Message.objects.bulk_create(
        Message(room=room, seq=place, updated_seq=place, created_at=now, **fields) for place in places
    )
    room.last_seq = places[-1]
    room.save(update_fields=["last_seq"])
    return messages


def crowd(room: ChatRoom, count: int) -> list[User]:
    """So many more members, people whom nobody knows."""
    start = User.objects.count()
    people = User.objects.bulk_create(
        User(email=f"{number}@crowd.example.org", name=f"P{number}") for number in range(start, start + count)
    )
    Membership.objects.bulk_create(Membership(room=room, user=person) for person in people)
    return people


@contextmanager
def effort() -> Iterator[list[int]]:
    """What the queries of the block cost: pages looked at on PostgreSQL, tens of its instructions on SQLite."""
    costs: list[int] = []
    if connection.vendor == "sqlite":
        steps: list[None] = []
        connection.connection.set_progress_handler(lambda: steps.append(None), 10)
        try:
            yield costs
        finally:
            connection.connection.set_progress_handler(None, 0)
        costs.append(len(steps))
    else:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the plan hangs on when autovacuum last came by
            with queries() as statements:
                yield costs
            for statement in statements:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement)
                [[[found]]] = cursor.fetchall()
                costs.append(found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"])
