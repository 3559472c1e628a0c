"""What an inbox may cost: a packet has a bound, and who does not read is cut off."""

import asyncio

import orjson
import pytest
from django.utils import timezone

from backend.chat.events import MessageOut, RoomOut, UserBrief
from backend.chat.models import ChatRoom, Message, Role
from backend.realtime.inbox import MESSAGE_BYTES, Inbox, inbox
from backend.realtime.packets import CUT_OFF
from tests.clients import WebSocketClient
from tests.company import Company
from tests.inboxes import INBOXES, InboxClient
from tests.people import Person
from tests.processes import wait_until
from tests.servers import ChatServer

TEXT = "😀" * 4_000  # 16 KB as UTF-8
ROOMS = 60
ROUNDS = 12  # each of 1 MB; the kernel takes some of them for a client


def make_room_out(number: int, text: str) -> RoomOut:
    now = timezone.now()
    message = MessageOut.model_construct(
        id=number, room=f"room-{number}", seq=1, updated_seq=1, kind=Message.Kind.TEXT,
        sender=UserBrief(id=1, name="Ada", avatar=None), message=text,
    )  # fmt: skip
    return RoomOut.model_construct(
        slug=f"room-{number}", name=f"Room {number}", kind=ChatRoom.Kind.PUBLIC, created_at=now, member_count=1,
        last_seq=1, role=Role.MEMBER, last_read_seq=0, unread_count=1, mention_count=0, last_message=message, peer=None,
    )  # fmt: skip


def test_an_inbox_fits_into_one_packet() -> None:
    [text] = inbox([make_room_out(number, TEXT) for number in range(1, 1_001)]).websocket
    rooms = orjson.loads(text)["rooms"]
    assert [room["slug"] for room in rooms] == [f"room-{number}" for number in range(1_000, 0, -1)]
    with_message = [room for room in rooms if room["last_message"]]
    assert MESSAGE_BYTES / len(TEXT.encode()) - 2 < len(with_message) < MESSAGE_BYTES / len(TEXT.encode())
    assert rooms[: len(with_message)] == with_message, "the newest have theirs"
    assert len(text) < CUT_OFF


def test_a_full_inbox_says_so() -> None:
    mine = Inbox(1)
    mine.read_up_to = dict.fromkeys(range(1_000), 0)
    assert mine.full
    del mine.read_up_to[7]
    assert not mine.full


@pytest.mark.asyncio
@pytest.mark.parametrize("door", INBOXES, ids=lambda door: door.door)
async def test_who_stops_reading_is_cut_off(door: type[InboxClient], server: ChatServer) -> None:
    ada, bob = Person.register(server, "Ada"), Person.register(server, "Bob")
    slugs = [ada.make_room(f"Room {number}", member_ids=[bob.id]) for number in range(ROOMS)]
    talkers = [await WebSocketClient.open(server.url, slug, ada.token) for slug in slugs]
    stalled, reader = await door.look(bob), await door.look(bob)
    stalled.pause_reading()

    def cut_off() -> bool:
        return f"Cut off user {bob.id} in " in server.log.read_text()

    for number in range(1, ROUNDS + 1):
        said = await asyncio.gather(*(talker.send_message(TEXT) for talker in talkers))
        last = {message["room"]: message for message in said}
        await reader.follow(lambda rooms: {slug: rooms[slug]["last_message"] for slug in rooms} == last)  # noqa: B023
        assert {room["unread_count"] for room in reader.rooms.values()} == {number}
        if cut_off():
            break
    await asyncio.to_thread(wait_until, cut_off, what="the one who does not read is cut off", seconds=5)
    stalled.resume_reading()
    await stalled.wait_closed()
    async with await door.look(bob) as back:
        assert {slug: room["last_seq"] for slug, room in back.rooms.items()} == {
            slug: message["seq"] for slug, message in last.items()
        }
    for client in (reader, *talkers):
        await client.close()


@pytest.mark.asyncio
async def test_many_inboxes_of_one_person_come_and_go(company: Company, server: ChatServer) -> None:
    """At the same moment, while the person is added to rooms: every inbox that stays has them all."""
    inboxes = await asyncio.gather(*(door.look(company.bob) for door in INBOXES for _ in range(5)))
    closing = asyncio.gather(*(inbox.close() for inbox in inboxes[::2]))
    slugs = {company.alice.make_room(f"Room {number}", member_ids=[company.bob.id]) for number in range(3)}
    later = await asyncio.gather(*(door.look(company.bob) for door in INBOXES))
    await closing
    for client in (*inboxes[1::2], *later):
        await client.follow(lambda rooms: rooms.keys() >= slugs)
        await client.close()
