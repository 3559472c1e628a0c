"""The rows of the table: what each side is made to do, and what is measured meanwhile."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.generator import Generator, Link, LoadError, Seat
from benchmarks.machine import SERVER_CORE, Cpu, connections, cpu_seconds, memory, on_core
from benchmarks.sides import Side
from tests.processes import Server
from tests.servers import PostgresServer, RedisServer

Measured = dict[str, float]
Rooms = list[list[Link]]
SENDERS = 250
HOLDERS = 100  # connections that keep the open rooms open between them
OPENING_HOLDERS = 4  # at once: each asks for many rooms


@dataclass(frozen=True)
class Scale:
    """How long and how large; `make bench QUICK=1` takes less of everything."""

    seconds: float
    warm_up: float
    first_replies: float  # more warming up, until there are as many replies as senders
    settle: float  # two rounds of what a server does every few seconds
    opened: int  # connections in the rows of single connections
    open_rooms: int  # "many"
    runs: int


FULL = Scale(seconds=10.0, warm_up=2.0, first_replies=20.0, settle=4.0, opened=2_000, open_rooms=10_000, runs=3)
QUICK = Scale(seconds=2.0, warm_up=1.0, first_replies=2.0, settle=1.0, opened=500, open_rooms=1_000, runs=1)


@dataclass(frozen=True)
class Bench:
    """Where a row runs: PostgreSQL and Redis for all, one side, how large."""

    postgres: PostgresServer
    redis: RedisServer
    side: Side
    scale: Scale

    @contextmanager
    def serve(self) -> Iterator[tuple[Server, Generator]]:
        """A fresh server on a core of its own, and the generator aimed at it."""
        server = self.side.server()
        with on_core(SERVER_CORE):
            try:
                server.start()
            except BaseException:
                server.close()
                raise
        generator = Generator(server.port)
        try:
            yield server, generator
        finally:
            generator.close_all()
            server.kill9()
            server.close()

    def cpu(self, server: Server) -> Cpu:
        return Cpu({"server": server.pid, "postgres": self.postgres.pid, "redis": self.redis.pid})


def shares(used: dict[str, float], seconds: float) -> Measured:
    """CPU time as a share of one core."""
    return {f"{name}_cpu": value / seconds for name, value in used.items()}


def saturate(
    bench: Bench, rooms: list[list[Seat]], senders: Callable[[Rooms], list[Link]], holders: Sequence[Seat] = ()
) -> Measured:
    """The senders have one message each under way, all the time; the holders only hold their rooms."""
    stored = bench.side.stored()
    with bench.serve() as (server, generator):
        generator.open(holders, at_once=OPENING_HOLDERS)
        links = iter(generator.open([seat for room in rooms for seat in room]))
        generator.talk(senders([[next(links) for _ in room] for room in rooms]))
        generator.run(bench.scale.warm_up)
        generator.run(bench.scale.first_replies, until=lambda: generator.replies >= generator.talking)
        cpu = bench.cpu(server)
        deliveries, replies = generator.deliveries, generator.replies
        seconds = generator.run(bench.scale.seconds)
        used = cpu.used()
        deliveries, replies = generator.deliveries - deliveries, generator.replies - replies
        generator.hush()
        members = len(rooms[0])
        generator.run(bench.scale.settle, until=lambda: generator.replies >= generator.asked)
        generator.run(
            bench.scale.settle, until=lambda: generator.deliveries >= (bench.side.stored() - stored) * members
        )
        written = bench.side.stored() - stored
        if generator.replies > written:
            raise LoadError(f"{generator.replies} messages were acknowledged, {written} are in the database")
        return {
            "deliveries": deliveries / seconds,
            "messages": replies / seconds,
            "us_per_delivery": used["server"] / deliveries * 1e6 if deliveries else float("nan"),
            "us_per_message": used["server"] / replies * 1e6 if replies else float("nan"),
            "undelivered": written * members - generator.deliveries,
            **shares(used, seconds),
        }


def one_room(bench: Bench, members: int = 1_000) -> Measured:
    return saturate(bench, bench.side.rooms(1, members), lambda rooms: rooms[0][:SENDERS])


def many_rooms(bench: Bench, rooms: int = 200, members: int = 5) -> Measured:
    seats = bench.side.rooms(rooms, members)
    return saturate(bench, seats, lambda linked: [link for room in linked for link in room])


def steady_room(bench: Bench, members: int = 1_000, rate: float = 40.0) -> Measured:
    """Latency from the moment a message was due to be sent to the moment a member's bytes were read."""
    seats = bench.side.rooms(1, members)[0]
    with bench.serve() as (server, generator):
        links = generator.open(seats)
        senders = links[:: members // 10]
        generator.pace(senders, rate=rate, seconds=bench.scale.warm_up)
        generator.run(1.0)
        cpu = bench.cpu(server)
        generator.latencies = []
        seconds = generator.pace(senders, rate=rate, seconds=bench.scale.seconds)
        used = cpu.used()
        generator.run(
            bench.scale.settle,
            until=lambda: len(generator.latencies or ()) >= rate * seconds * (members - len(senders)),
        )
        percentiles = statistics.quantiles(generator.latencies, n=100)
        return {"p50": percentiles[49] / 1e6, "p99": percentiles[98] / 1e6, **shares(used, seconds)}


def opening(bench: Bench) -> Measured:
    """Connections opened one after another, 100 under way at a time; what each costs in time, CPU and memory."""
    count = bench.scale.opened
    seats = [seat for room in bench.side.rooms(count // 10 + 10, 10) for seat in room]
    with bench.serve() as (server, generator):
        generator.open(seats[:100])  # what a server does once only
        generator.run(1.0)
        cpu = bench.cpu(server)
        before = memory(server.pid)
        start = time.perf_counter()
        generator.open(seats[100 : 100 + count])
        seconds = time.perf_counter() - start
        used = cpu.used()
        generator.run(2.0)
        return {
            "connections": count / seconds,
            "us_per_connection": used["server"] / count * 1e6,
            "kb_per_connection": (memory(server.pid) - before) / count / 1024,
            **shares(used, seconds),
        }


def hold(side: Side, open_rooms: int) -> list[Seat]:
    """As many connections for few rooms as for many, which have the rooms open between them."""
    seats = [room[0] for room in side.rooms(max(open_rooms, HOLDERS), 1, people=HOLDERS)]
    return [
        side.holder(seats[place::HOLDERS] if open_rooms >= HOLDERS else [seats[place % open_rooms]])
        for place in range(HOLDERS)
    ]


def leaving(bench: Bench, open_rooms: int) -> Measured:
    """CPU time of the server for one dropped connection, while so many rooms are open."""
    probes = bench.scale.opened
    holders = hold(bench.side, open_rooms)
    visited = [seat for room in bench.side.rooms(10, probes // 10) for seat in room]
    with bench.serve() as (server, generator):
        generator.open(holders, at_once=OPENING_HOLDERS)
        before = connections(server.port)
        links = generator.open(visited)
        generator.run(bench.scale.settle)
        idle = cpu_seconds(server.pid)
        generator.run(bench.scale.settle)
        idle = (cpu_seconds(server.pid) - idle) / bench.scale.settle
        start = time.perf_counter()
        used = cpu_seconds(server.pid)
        generator.close(links)
        generator.run(60.0, until=lambda: connections(server.port) <= before)
        generator.run(1.0)
        used = cpu_seconds(server.pid) - used - idle * (time.perf_counter() - start)
        return {"us_per_disconnect": used / len(links) * 1e6, "idle_cpu": idle}


def leaving_few(bench: Bench) -> Measured:
    return leaving(bench, 10)


def leaving_many(bench: Bench) -> Measured:
    return leaving(bench, bench.scale.open_rooms)


@dataclass(frozen=True)
class Column:
    metric: str
    title: str
    higher_is_better: bool = False
    digits: int = 0


@dataclass(frozen=True)
class Work:
    key: str
    title: str
    run: Callable[[Bench], Measured]
    columns: tuple[Column, ...]
    needs_many_rooms: bool = False


WORKS = {
    work.key: work
    for work in (
        Work(
            "room",
            "one room of 1,000, saturated",
            one_room,
            (Column("deliveries", "deliveries/s", True), Column("us_per_delivery", "CPU us per delivery", digits=2)),
        ),
        Work(
            "rooms",
            "200 rooms of 5, saturated",
            many_rooms,
            (Column("messages", "durable messages/s", True), Column("us_per_message", "CPU us per message")),
        ),
        Work(
            "latency",
            "one room of 1,000, 40 messages/s",
            steady_room,
            (Column("p50", "delivery p50, ms", digits=1), Column("p99", "delivery p99, ms", digits=1)),
        ),
        Work(
            "connect",
            "new connections",
            opening,
            (
                Column("connections", "connections/s", True),
                Column("us_per_connection", "CPU us per connection"),
                Column("kb_per_connection", "KB per idle connection", digits=1),
            ),
        ),
        Work("leave-few", "one disconnect, 10 open rooms", leaving_few, (Column("us_per_disconnect", "CPU us"),), True),
        Work(
            "leave-many",
            "one disconnect, {open_rooms:,} open rooms",
            leaving_many,
            (Column("us_per_disconnect", "CPU us"),),
            True,
        ),
    )
}
