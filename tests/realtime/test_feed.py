"""RoomFeed under any order of arrival: every member sees every change once, in order, without a hole."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.realtime.feed import RING_BYTES, RING_CHANGES, RoomFeed
from backend.realtime.packets import DROP_PASSING, Delivery, Packet, Packets
from backend.realtime.sync import Sync, page


def change(seq: int, place: int | None = None, data: bytes = b"xx") -> Delivery:
    """A new message at its place, or with `place` a change of the message that stands there."""
    event = "message" if place is None else "message_updated"
    return Delivery(seq, place or seq, place or seq, event, data)


@dataclass(eq=False)
class Recorder:
    """A member that writes down the seqs it gets; `start` is the position it was synced to."""

    start: int
    user_id: int = 1
    packets: list[Packets] = field(default_factory=list)

    def open(self) -> None: ...

    def end(self, code: str) -> None: ...

    def deliver(self, packets: Packets) -> None:
        self.packets.append(packets)

    def data(self) -> list[bytes]:
        return [text for packets in self.packets for text in packets.socketio]


def log_of(length: int, edits: dict[int, int]) -> list[Delivery]:
    """A room's log: at `seq` stands a change of the message at `edits[seq]`, if there is one, or a new message."""
    log: list[Delivery] = []
    for seq in range(1, length + 1):
        target = edits.get(seq, seq)
        is_message = target < seq and log[target - 1].event == "message"
        log.append(change(seq, target if is_message else None, b'{"seq":%d}' % seq))
    return log


def stored_after(log: list[Delivery], committed: int, position: int) -> list[Delivery]:
    """What the database answers: each message once, at its newest place."""
    newest = {delivery.message_id: delivery for delivery in log[:committed]}
    return sorted(delivery for delivery in newest.values() if delivery.seq > position)


@given(st.data())
def test_any_arrival_order_gives_every_member_the_same_log(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 25))
    edits = data.draw(st.dictionaries(st.integers(2, 25), st.integers(1, 24), max_size=8))
    log = log_of(length, edits)
    feed = RoomFeed(1, "tea", 0)
    members = [Recorder(0)]
    feed.members.add(members[0])
    committed = 0
    for _ in range(data.draw(st.integers(1, 40))):
        match data.draw(st.sampled_from(["commit", "arrive", "catch up", "join"])):
            case "commit":
                committed = data.draw(st.integers(committed, length))
            case "arrive" if committed:
                feed.receive(data.draw(st.lists(st.sampled_from(log[:committed]), max_size=6)))
            case "catch up":
                feed.catch_up(stored_after(log, committed, feed.seq))
                assert feed.seq >= committed
                assert not feed.has_hole
            case "join":
                members.append(Recorder(feed.seq))
                feed.members.add(members[-1])
    feed.catch_up(stored_after(log, length, feed.seq))

    assert feed.seq == length
    newest = {delivery.message_id: delivery.seq for delivery in log}
    for member in members:
        seen = [int(text.split(b'"seq":')[1].rstrip(b"}]")) for text in member.data()]
        assert seen == sorted(set(seen)), "in order, and once"
        # A place that is missing was taken over by a later change of the same message.
        expected = {seq for seq in newest.values() if seq > member.start}
        assert expected <= set(seen)
        assert all(seq > member.start for seq in seen)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.integers(0, 12))
def test_the_ring_gives_back_exactly_what_came_after_a_position(targets: list[int], position: int) -> None:
    log = log_of(len(targets), dict(enumerate(targets, start=1)))
    feed = RoomFeed(1, "tea", 0)
    feed.receive(log)
    missed = feed.after(position)
    if position > len(log):
        assert missed is None
    else:
        assert missed == stored_after(log, len(log), position)


@given(
    st.lists(st.integers(1, 25), min_size=1, max_size=30),
    st.integers(0, 30),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4),
)
def test_a_ring_that_reaches_back_holds_what_the_database_has(
    targets: list[int], opened: int, heard: int, asks: list[tuple[int, int]]
) -> None:
    log = log_of(len(targets), dict(enumerate(targets, start=1)))
    opened = min(opened, len(log))
    feed = RoomFeed(1, "tea", opened)
    feed.receive(log[opened : min(heard, len(log))])
    for position, read_at in asks:
        if not feed.can_reach(position):
            continue
        stored = stored_after(log, read_at, position)  # perhaps from before the room was opened here
        if stored and stored[-1].seq > feed.seq:
            feed.catch_up(stored_after(log, len(log), feed.seq))
        feed.reach_back(position, stored)
        for since in range(feed.floor, feed.seq + 1):
            assert feed.after(since) == stored_after(log, feed.seq, since)
        if read_at >= feed.seq:
            assert feed.floor <= position


def test_a_ring_reaches_back_as_far_as_it_has_room() -> None:
    feed = RoomFeed(1, "tea", 10)
    assert not feed.can_reach(10)
    large = [change(seq, data=b"x" * (RING_BYTES // 4)) for seq in range(1, 11)]
    feed.reach_back(0, large)
    assert feed.floor == 6
    assert feed.after(6) == large[6:]
    assert not RoomFeed(1, "tea", RING_CHANGES + 1).can_reach(0)


def newest_page(log: list[Delivery], position: int) -> Sync:
    """The newest page as the database has it."""
    newest = {delivery.message_id: delivery for delivery in log[:position]}
    return page(position, sorted(newest.values(), key=lambda each: each.place), has_more=False)


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(2, 130), st.integers(1, 129), max_size=60),
    st.integers(1, 130),
    st.integers(0, 130),
    st.integers(0, 130),
)
def test_a_sync_brought_forward_is_the_sync_read_later(edits: dict[int, int], end: int, at: int, since: int) -> None:
    log, at = log_of(end, edits), min(at, end)
    since = min(since, at)
    feed = RoomFeed(1, "tea", 0)
    feed.receive(log)
    newer = feed.after(at)
    assert newer is not None
    assert newest_page(log, at).forward(newer, end) == newest_page(log, end)
    recovered = Sync(at, True, stored_after(log, at, since), has_more=False)
    assert recovered.forward(newer, end).messages == stored_after(log, end, since)


def test_a_hole_holds_back_what_is_later_until_it_is_filled() -> None:
    feed, member = RoomFeed(1, "tea", 4), Recorder(4)
    feed.members.add(member)
    feed.receive([change(6), change(7)])
    assert feed.has_hole
    assert not member.packets
    feed.receive([change(5)])
    assert not feed.has_hole
    assert len(member.packets) == 1, "what is ready together leaves together"
    assert feed.seq == 7


def test_the_ring_is_bounded_by_changes_and_by_bytes() -> None:
    feed = RoomFeed(1, "tea", 0)
    feed.receive([change(seq) for seq in range(1, RING_CHANGES + 11)])
    assert feed.after(9) is None
    assert len(feed.after(10) or []) == RING_CHANGES
    large = RoomFeed(1, "tea", 0)
    large.receive([change(seq, data=b"x" * (RING_BYTES // 4)) for seq in range(1, 11)])
    assert large.floor == 6


def test_what_is_of_the_moment_skips_its_sender_and_takes_no_place() -> None:
    feed, sender, other = RoomFeed(1, "tea", 3), Recorder(3, user_id=1), Recorder(3, user_id=2)
    feed.members |= {sender, other}
    feed.say(Packet("typing", b'{"user_id":1,"typing":true}'), skip_user=1)
    assert not sender.packets
    assert [packets.limit for packets in other.packets] == [DROP_PASSING]
    assert feed.seq == 3
    feed.say(Packet("read", b'{"user_id":1,"seq":3}'), only={sender})
    assert [packets.limit for packets in sender.packets] == [DROP_PASSING]
    assert len(other.packets) == 1


def test_a_page_brings_its_quotes_up_to_date() -> None:
    body: dict[str, Any] = {
        "message": '"reply_to":7,',
        "reply_to": 5,
        "quote": {"id": 5, "message": "old", "deleted_at": None},
    }
    reply = Delivery(60, 60, 60, "message", orjson.dumps(body))
    newer = [
        Delivery(61, 7, 7, "message_updated", b'{"message":"another","deleted_at":null}'),
        Delivery(62, 5, 5, "message_updated", b'{"message":"%b","deleted_at":null}' % (b"x" * 300)),
    ]
    edited = page(60, [reply], has_more=True).forward(newer, 62)
    assert [message.message_id for message in edited.messages] == [60], "what is older than the page stays out"
    assert orjson.loads(edited.messages[0].data) == {**body, "quote": {**body["quote"], "message": "x" * 200}}
    gone = Delivery(63, 5, 5, "message_updated", b'{"message":"","deleted_at":"2026-11-23T00:00:00Z"}')
    quote = orjson.loads(edited.forward([gone], 63).messages[0].data)["quote"]
    assert quote == {"id": 5, "message": "", "deleted_at": "2026-11-23T00:00:00Z"}
