"""How cost grows: with the size of a room, the number of open rooms, the length of a history, the number of workers."""

import http.client
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from benchmarks.generator import Generator, Seat
from benchmarks.machine import SERVER_CORE, cpu_seconds, on_core
from benchmarks.sides import Ours
from benchmarks.works import Bench, Measured, hold, one_room, saturate
from tests.servers import ChatServer

RATE = 200.0  # messages a second, where the load is given
REQUESTS = 100
PAGE = 50
BEHIND = 100  # changes that a returning client has missed


def open_rooms(bench: Bench, count: int) -> Measured:
    """The same load in ten rooms of five while so many others are open."""
    holders = hold(bench.side, count)
    return saturate(
        bench, bench.side.rooms(10, 5), lambda rooms: [link for room in rooms for link in room], holders=holders
    )


def history(bench: Bench, messages: int) -> Measured:
    """Milliseconds (medians) of REST pages and of a connect, in a room with so many messages."""
    side = bench.side
    assert isinstance(side, Ours)
    [[slug, tokens]] = side.make_rooms(1, 5, messages=messages)
    with bench.serve() as (server, generator):
        assert isinstance(server, ChatServer)
        room = f"/api/rooms/{slug}"
        paths = {
            "newest_page": f"{room}/messages?limit={PAGE}",
            "middle_page": f"{room}/messages?limit={PAGE}&before={messages // 2}",
            "changes": f"{room}/changes?since={messages - BEHIND}",
            "rooms": "/api/rooms",
        }
        measured = {name: timed_requests(server.port, path, tokens[0]) for name, path in paths.items()}
        seat = side.seat(slug, tokens[0])
        returning = replace(seat, greetings=(seat.greetings[0][:-1] + b',"since":%d}' % (messages - BEHIND),))
        for name, visitor in {"sync_new": seat, "sync_returning": returning}.items():
            measured[name] = timed_syncs(generator, visitor)
        return measured


def timed_requests(port: int, path: str, token: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    try:
        for _ in range(REQUESTS):
            start = time.perf_counter()
            connection.request("GET", path, headers={"Authorization": f"Token {token}"})
            response = connection.getresponse()
            body = response.read()
            times.append(time.perf_counter() - start)
            if response.status != http.HTTPStatus.OK:
                raise RuntimeError(f"{path}: {response.status} {body[:200]!r}")
    finally:
        connection.close()
    return statistics.median(times) * 1e3


def timed_syncs(generator: Generator, seat: Seat) -> float:
    times = []
    for _ in range(REQUESTS):
        [link] = generator.open([seat])
        times.append(link.ready_at - link.asked_at)
        generator.close([link])
    return statistics.median(times) * 1e3


def workers(bench: Bench, count: int) -> Measured:
    """CPU of the worker whose rooms talk at a given rate, and of each other worker, whose own rooms are silent."""
    with ExitStack() as stack:
        servers = [bench.side.server() for _ in range(count)]
        with on_core(SERVER_CORE):
            for server in servers:
                stack.enter_context(server)
        generators = [Generator(server.port) for server in servers]
        for generator in generators:
            stack.callback(generator.close_all)
        rooms = [bench.side.rooms(20, 5) for _ in servers]
        opened = [
            generator.open([seat for room in seats for seat in room])
            for generator, seats in zip(generators, rooms, strict=True)
        ]
        generators[0].pace(opened[0], rate=RATE, seconds=bench.scale.warm_up)
        before = [cpu_seconds(server.pid) for server in servers]
        seconds = generators[0].pace(opened[0], rate=RATE, seconds=bench.scale.seconds)
        used = [cpu_seconds(server.pid) - cpu for server, cpu in zip(servers, before, strict=True)]
        messages = RATE * seconds
        measured = {"us_per_message_here": used[0] / messages * 1e6}
        if others := used[1:]:
            measured["us_per_message_elsewhere"] = statistics.mean(others) / messages * 1e6
        return measured


@dataclass(frozen=True)
class Curve:
    key: str
    title: str
    x: str
    points: tuple[int, ...]
    run: Callable[[Bench, int], Measured]
    plots: dict[str, str]  # metric: what the plot says
    sides: tuple[str, ...]


CURVES = {
    curve.key: curve
    for curve in (
        Curve(
            "room-size",
            "One room, saturated",
            "members",
            (10, 100, 1_000, 2_500, 5_000),
            one_room,
            {"deliveries": "deliveries/s", "us_per_delivery": "CPU us per delivery"},
            ("ours", "node", "stock"),
        ),
        Curve(
            "open-rooms",
            "Ten rooms of five, saturated, while others are open",
            "open rooms",
            (10, 100, 1_000, 10_000),
            open_rooms,
            {"messages": "durable messages/s", "us_per_message": "CPU us per message"},
            ("ours", "node", "stock"),
        ),
        Curve(
            "history",
            "A room with a long history",
            "messages",
            (1_000, 10_000, 100_000, 1_000_000),
            history,
            {
                "newest_page": "newest page, ms",
                "middle_page": "page in the middle, ms",
                "changes": "changes, ms",
                "rooms": "list of rooms, ms",
                "sync_new": "connect, ms",
                "sync_returning": "connect with since, ms",
            },
            ("ours",),
        ),
        Curve(
            "workers",
            f"{RATE:.0f} messages a second in the rooms of one worker",
            "workers",
            (1, 2, 3),
            workers,
            {
                "us_per_message_here": "its CPU us per message",
                "us_per_message_elsewhere": "each other worker's CPU us per message",
            },
            ("ours", "node", "stock"),
        ),
    )
}
