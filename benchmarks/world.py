"""`python -m benchmarks.world ROOMS MEMBERS MESSAGES PEOPLE`: make rooms with members and a history in our database.

The people take their seats in turn. Prints [[slug, [token, ...]], ...]. Written in bulk: the interface would take
longer than the measuring.
"""

import json
import secrets
import sys

import django

django.setup()

from django.db import connection, transaction
from knox.crypto import hash_token
from knox.models import AuthToken

from backend.accounts.models import User
from backend.chat.models import ChatRoom, Membership, make_slug

FILL = """
    INSERT INTO chat_message (room_id, sender_id, message, kind, seq, updated_seq, mention_ids, created_at)
    SELECT %s, %s, 'Message ' || n, 'text', n, n, '[]', now() FROM generate_series(1, %s) n
"""


def main(rooms: int, members: int, messages: int, count: int) -> list[tuple[str, list[str]]]:
    tag = secrets.token_hex(4)
    people = User.objects.bulk_create(
        User(email=f"{tag}-{number}@example.com", name=f"Person {number}", password="!") for number in range(count)
    )
    tokens = {person.pk: secrets.token_hex(32) for person in people}
    AuthToken.objects.bulk_create(
        AuthToken(digest=hash_token(token), token_key=token[:15], user_id=pk, expiry=None)
        for pk, token in tokens.items()
    )
    made = ChatRoom.objects.bulk_create(
        ChatRoom(name=f"Room {number}", slug=make_slug(f"room {number}"), last_seq=messages) for number in range(rooms)
    )
    seats = [
        (room, people[(place * members + member) % len(people)])
        for place, room in enumerate(made)
        for member in range(members)
    ]
    Membership.objects.bulk_create((Membership(room=room, user=person) for room, person in seats), batch_size=5_000)
    if messages:
        with connection.cursor() as cursor:
            for room in made:
                cursor.execute(FILL, [room.pk, people[0].pk, messages])
    by_room: dict[str, list[str]] = {room.slug: [] for room in made}
    for room, person in seats:
        by_room[room.slug].append(tokens[person.pk])
    return list(by_room.items())


if __name__ == "__main__":
    with transaction.atomic():
        world = main(*map(int, sys.argv[1:]))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    json.dump(world, sys.stdout)
