"""The load generator: thousands of raw sockets on one epoll, in this process.

It reads into one buffer and counts deliveries with `bytes.count` of a mark that every message carries, and finds a
reply by what every ack says; frames are taken apart only where there are no acks. self_test.py measures how much it
can take.
"""

import errno
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.frames import CLOSE, PING, client_frame, pong, split, upgrade

MARK = b"@@@@"  # one in each message text and nowhere else; four bytes are found twice as fast as two
MARK_BYTE = MARK[0]
STAMP = re.compile(rb"@@@@\d+:(\d+)\|")  # @@@@sender:nanoseconds|
TEXT_LENGTH = 64
ENGINE_PING = b"\x81\x012"
ENGINE_PONG = client_frame(b"3")
ACK = b'"ok":'  # in every ack and nowhere else; `true` or `false` follows
PING_LENGTH = 6  # of uvicorn's, with its header
OPENING_AT_ONCE = 100
OPEN_SECONDS = 180.0
BUFFER = 256 * 1024  # bytes; more would fall out of the cache between reading and counting
CUT_MARKS = {MARK[:size] for size in range(1, len(MARK))}


def cut_mark(end: bytes) -> bytes:
    """The part of a mark that stands at the end of what was read."""
    part = end[len(end.rstrip(MARK[:1])) :]
    return part if part in CUT_MARKS else b""


class LoadError(Exception):
    """The server did something that makes the measurement void."""


@dataclass(frozen=True)
class Seat:
    """What a client has to say to be in a room, and to speak there."""

    path: str
    greetings: tuple[bytes, ...] = ()  # Socket.IO packets once Engine.IO is open
    ready: bytes = b""  # in the frame that says "you are in"; empty: the HTTP upgrade says so
    ready_count: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    head: bytes = b""  # of a message's frame, up to the text
    tail: bytes = b""
    acks: bool = False  # a message is acked; else one's own message coming back is the reply
    ack_marks: int = 0  # marks in an ack: 1 where it holds the message


class Link:
    """One connection."""

    __slots__ = ("asked_at", "ready_at", "rest", "seat", "socket", "state", "tail", "to_come", "who")

    def __init__(self, seat: Seat, who: int) -> None:
        self.seat = seat
        self.who = who
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state = "new"
        self.rest = b""
        self.tail = b""  # the end of what was read, where an ack may begin
        self.to_come = seat.ready_count
        self.asked_at = 0.0
        self.ready_at = 0.0

    def message(self, now: int) -> bytes:
        """A frame with a message whose text holds the mark, who sends it and when."""
        text = b"@@@@%d:%d|" % (self.who, now)
        return client_frame(self.seat.head + text.ljust(TEXT_LENGTH, b".") + self.seat.tail)


class Generator:
    def __init__(self, port: int) -> None:
        self.port = port
        self.links: dict[int, Link] = {}
        self.deliveries = 0
        self.replies = 0
        self.asked = 0  # messages that senders who talk have sent
        self.latencies: list[int] | None = None  # ns, of every delivery to those who do not send, while it is a list
        self._senders: dict[int, Link] | None = None  # nobody talks yet: frames are taken apart for everybody
        self._sending = False
        self._epoll = select.epoll()
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)

    # --- opening and closing -------------------------------------------------------

    def open(self, seats: Sequence[Seat], *, at_once: int = OPENING_AT_ONCE) -> list[Link]:
        """Open a connection a seat, `at_once` under way at any time, until each is in; gives them in order."""
        waiting = deque(Link(seat, len(self.links) + place) for place, seat in enumerate(seats))
        links = list(waiting)
        under_way: dict[int, Link] = {}
        deadline = time.monotonic() + OPEN_SECONDS
        while waiting or under_way:
            while waiting and len(under_way) < at_once:
                link = waiting.popleft()
                self._connect(link)
                under_way[link.socket.fileno()] = link
            for fd, _ in self._epoll.poll(1.0):
                opening = under_way.get(fd)
                if opening is None:
                    self._read(fd)
                    continue
                self._advance(opening)
                if opening.state == "in":
                    del under_way[fd]
            if time.monotonic() > deadline:
                raise LoadError(f"{len(waiting) + len(under_way)} of {len(links)} connections were not in in time")
        return links

    def close(self, links: Iterable[Link]) -> None:
        """Drop connections without a word, as a phone does that goes under a bridge."""
        for link in links:
            fd = link.socket.fileno()
            if self.links.pop(fd, None) is not None:
                self._epoll.unregister(fd)
            link.socket.close()

    def close_all(self) -> None:
        self.close(list(self.links.values()))
        self._epoll.close()

    def _connect(self, link: Link) -> None:
        code = link.socket.connect_ex(("127.0.0.1", self.port))
        if code not in {0, errno.EINPROGRESS}:
            raise LoadError(f"connect: {errno.errorcode.get(code, code)}")
        fd = link.socket.fileno()
        self.links[fd] = link
        self._epoll.register(fd, select.EPOLLOUT)

    def _advance(self, link: Link) -> None:
        """One step of an opening connection: TCP, the HTTP upgrade, Engine.IO, the greetings, in."""
        if link.state == "new":
            if code := link.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise LoadError(f"connect: {errno.errorcode.get(code, code)}")
            link.socket.send(upgrade(link.seat.path, self.port, link.seat.headers))
            self._epoll.modify(link.socket.fileno(), select.EPOLLIN)
            link.state = "upgrading"
            return
        data = link.socket.recv(BUFFER)
        if not data:
            raise LoadError(f"the server closed an opening connection ({link.state}, {link.rest[:300]!r})")
        link.rest += data
        if link.state == "upgrading":
            head, end, rest = link.rest.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise LoadError(f"no upgrade: {link.rest[:300]!r}")
            link.rest = rest
            link.state = "opening" if link.seat.greetings else "joining"
            if not link.seat.ready:
                self._enter(link)
                return
        payloads, link.rest = split(link.rest)
        for payload in payloads:
            self._hear_opening(link, payload)

    def _hear_opening(self, link: Link, payload: bytes) -> None:
        if payload.startswith((bytes((CLOSE,)), b"44")):
            raise LoadError(f"refused: {payload[:300]!r}")
        if payload.startswith(b"0") and link.state == "opening":
            link.state = "joining"
            link.asked_at = time.perf_counter()
            link.socket.sendall(b"".join(map(client_frame, link.seat.greetings)))
        elif payload == b"2":
            link.socket.send(ENGINE_PONG)
        elif link.seat.ready in payload[:100]:
            link.to_come -= 1
            if not link.to_come:
                self._enter(link)

    def _enter(self, link: Link) -> None:
        link.state = "in"
        link.ready_at = time.perf_counter()

    # --- talking -------------------------------------------------------------------

    def talk(self, links: Iterable[Link]) -> None:
        """Each of these has one message under way from now on: at the reply it sends the next."""
        self._sending = True
        self._senders = {link.socket.fileno(): link for link in links}
        for link in self._senders.values():
            self._ask(link)

    def _ask(self, link: Link) -> None:
        self.asked += 1
        link.socket.send(link.message(time.perf_counter_ns()))

    @property
    def talking(self) -> int:
        """How many talk."""
        return len(self._senders or ())

    def hush(self) -> None:
        """No more new messages."""
        self._sending = False

    def run(self, seconds: float, *, until: Callable[[], bool] | None = None) -> float:
        """Read for so long, or until it is so; gives the seconds it took."""
        start = time.perf_counter()
        end = start + seconds
        while (now := time.perf_counter()) < end and not (until and until()):
            self._read_ready(min(end - now, 0.1))
        return time.perf_counter() - start

    def pace(self, links: Sequence[Link], *, rate: float, seconds: float) -> float:
        """Send `rate` messages a second in turn, each stamped with the moment it was due; gives the seconds it took."""
        self._senders = {link.socket.fileno(): link for link in links}
        start = time.perf_counter_ns()
        gap = int(1e9 / rate)
        for count in range(int(rate * seconds)):
            due = start + count * gap
            while (now := time.perf_counter_ns()) < due:
                self._read_ready((due - now) / 1e9)
            link = links[count % len(links)]
            link.socket.send(link.message(due))
        self.run((start + int(seconds * 1e9) - time.perf_counter_ns()) / 1e9)
        return (time.perf_counter_ns() - start) / 1e9

    def _read_ready(self, timeout: float) -> None:
        for fd, _ in self._epoll.poll(timeout):
            self._read(fd)

    def _read(self, fd: int) -> None:
        link = self.links.get(fd)
        if link is None:
            return
        try:
            size = link.socket.recv_into(self._view)
        except BlockingIOError:
            return
        except ConnectionResetError:
            size = 0
        if not size:
            raise LoadError("the server closed a connection")
        sends = self._senders is None or fd in self._senders
        if sends and (self._senders is None or not link.seat.acks):
            self._take_apart(link, bytes(self._view[:size]))
            return
        self.deliveries += self._buffer.count(MARK, 0, size)
        if sends and self._is_acked(link, size):
            self.deliveries -= link.seat.ack_marks
            self._replied(link)
        if link.rest:
            self.deliveries += link.rest in CUT_MARKS and (link.rest + self._view[: len(MARK)]).startswith(MARK)
            link.rest = b""
        if self._buffer[size - 1] == MARK_BYTE:
            link.rest = cut_mark(bytes(self._view[max(0, size - len(MARK)) : size]))
        if self.latencies is not None and not sends:
            now = time.perf_counter_ns()
            self.latencies += [now - int(stamp) for stamp in STAMP.findall(self._view[:size])]
        # A ping that something follows at once is missed; the next one is answered in time.
        if self._buffer.endswith(ENGINE_PING, 0, size):
            link.socket.send(ENGINE_PONG)
        elif size >= PING_LENGTH and self._buffer[size - PING_LENGTH] == PING:
            link.socket.send(pong(bytes(self._view[size - PING_LENGTH + 2 : size])))

    def _is_acked(self, link: Link, size: int) -> bool:
        """Whether an ack begins in what was read; there is one at most, for the one message under way."""
        place = self._buffer.rfind(ACK, 0, size)
        cut = link.tail + bytes(self._view[: min(size, len(ACK) - 1)])
        link.tail = (link.tail + bytes(self._view[max(0, size - len(ACK)) : size]))[1 - len(ACK) :]
        if place >= 0 and self._buffer.startswith(b"false", place + len(ACK), size):
            raise LoadError(f"a message was refused: {bytes(self._view[place - 100 : size][:300])!r}")
        return place >= 0 or ACK in cut

    def _replied(self, link: Link) -> None:
        self.replies += 1
        if self._sending:
            self._ask(link)

    def _take_apart(self, link: Link, data: bytes) -> None:
        payloads, link.rest = split(link.rest + data)
        own = b"@@@@%d:" % link.who
        for payload in payloads:
            if payload == b"2":
                link.socket.send(ENGINE_PONG)
            elif payload[:1] == bytes((PING,)):
                link.socket.send(pong(payload[1:]))
            elif payload[:1] == bytes((CLOSE,)):
                raise LoadError(f"the server closed a connection: {payload[:100]!r}")
            elif MARK in payload:
                self.deliveries += 1
                if own in payload:
                    self._replied(link)
