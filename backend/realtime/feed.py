"""RoomFeed: brings the changes of one room to this worker's members: in order, no hole, no duplicate.

Pure bookkeeping, no I/O: the hub feeds it from this worker, from Redis and, where a hole stays, from the database.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from .packets import Delivery, Packet, Packets
from .presence import RoomPresence

if TYPE_CHECKING:
    from .sync import Sync

RING_CHANGES = 300
RING_BYTES = 256 * 1024
PENDING_CHANGES = 500


class Member(Protocol):
    """A connection in a room, whatever its transport."""

    @property
    def user_id(self) -> int: ...

    def open(self) -> None:
        """Called once, right before the first packets: the client is in."""

    def deliver(self, packets: Packets) -> None:
        """Write without waiting; a reader that is too slow is cut off by the member itself."""

    def end(self, code: str) -> None:
        """Say `bye` with this code and end the connection."""


class RoomFeed:
    """`seq`: everything up to here was delivered. `floor`: the ring holds all changes after it."""

    def __init__(self, room_id: int, slug: str, seq: int) -> None:
        self.room_id = room_id
        self.slug = slug
        self.seq = seq
        self.floor = seq
        self.members: set[Member] = set()
        self.presence = RoomPresence()
        self.page: Sync | None = None  # the newest messages, kept for those who come without a position
        self._ring: deque[Delivery] = deque()
        self._ring_bytes = 0
        self._pending: dict[int, Delivery] = {}

    @property
    def has_hole(self) -> bool:
        """Later changes are here, earlier ones are missing."""
        return bool(self._pending)

    def receive(self, deliveries: Iterable[Delivery]) -> None:
        """Changes in whatever order they arrive: known ones are dropped, early ones wait for the hole to close."""
        for delivery in deliveries:
            # Past the bound the newest are let go: the database still has them.
            if delivery.seq > self.seq and len(self._pending) < PENDING_CHANGES:
                self._pending[delivery.seq] = delivery
        self._release([])

    def catch_up(self, deliveries: Sequence[Delivery]) -> None:
        """All changes after `seq` as the database has them, in order. A place that is not among them was
        taken over by a later change of the same message."""
        self._release([delivery for delivery in deliveries if delivery.seq > self.seq])

    def after(self, position: int) -> list[Delivery] | None:
        """All changes after a position, each message once in its newest state; None: ask the database."""
        if not self.floor <= position <= self.seq:
            return None
        newest = {delivery.message_id: delivery for delivery in self._ring if delivery.seq > position}
        return sorted(newest.values())

    def can_reach(self, position: int) -> bool:
        """Whether the ring may be made to begin at a position before it."""
        return self.seq - RING_CHANGES <= position < self.floor

    def reach_back(self, position: int, deliveries: Sequence[Delivery]) -> None:
        """Put what the database has after a position in front of the ring, as far as there is room."""
        if self.floor > (deliveries[-1].seq if deliveries else position):
            return  # the ring has moved on since: something would be missing between
        for delivery in reversed(deliveries):
            if delivery.seq > self.floor:
                continue
            if len(self._ring) >= RING_CHANGES or self._ring_bytes + len(delivery.data) > RING_BYTES:
                self.floor = delivery.seq
                return
            self._ring.appendleft(delivery)
            self._ring_bytes += len(delivery.data)
        self.floor = position

    def say(self, packet: Packet, *, skip_user: int | None = None, only: set[Member] | None = None) -> None:
        """Something of the moment for everybody here, or `only` some: no place in the log, dropped for slow readers."""
        packets = Packets(self.slug, [packet], droppable=True)
        for member in list(self.members if only is None else only):
            if member.user_id != skip_user:
                member.deliver(packets)

    def _release(self, ready: list[Delivery]) -> None:
        """Deliver what is ready, then all that follows without a hole."""
        if ready:
            self.seq = ready[-1].seq
        while (delivery := self._pending.pop(self.seq + 1, None)) is not None:
            ready.append(delivery)
            self.seq = delivery.seq
        if not ready:
            return
        for seq in [seq for seq in self._pending if seq <= self.seq]:
            del self._pending[seq]
        self._remember(ready)
        packets = Packets(self.slug, [Packet(delivery.event, delivery.data) for delivery in ready])
        for member in list(self.members):
            member.deliver(packets)

    def _remember(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._ring.append(delivery)
            self._ring_bytes += len(delivery.data)
        while len(self._ring) > RING_CHANGES or self._ring_bytes > RING_BYTES:
            gone = self._ring.popleft()
            self._ring_bytes -= len(gone.data)
            self.floor = gone.seq
