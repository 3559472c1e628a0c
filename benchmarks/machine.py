"""What the operating system says: cores, and the CPU time and memory of the processes of one server."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
HELD = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
OTHER_CORE = CORES[-1]  # the load generator, PostgreSQL and Redis


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started in here runs on this core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process(NamedTuple):
    cpu: float  # seconds, with its children that have ended
    rss: int  # bytes


def processes(server: int) -> list[Process]:
    """A server's processes: its session, which tests/processes.py gives it, and children with one of their own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The program's name stands in parentheses and may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if server in {int(fields[1]), int(fields[3])}:
            found.append(Process(sum(map(int, fields[11:15])) * TICK, int(fields[21]) * PAGE))
    return found


def cpu_seconds(server: int) -> float:
    return sum(process.cpu for process in processes(server))


def memory(server: int) -> int:
    """Resident bytes."""
    return sum(process.rss for process in processes(server))


def connections(port: int) -> int:
    """How many TCP connections the server on this port holds, those that the client has closed included."""
    with open("/proc/net/tcp") as table:
        rows = [line.split()[1:4] for line in table]
    return sum(local.endswith(f":{port:04X}") and state in HELD for local, _, state in rows)


def core_seconds(core: int) -> float:
    """How long a core was busy since the machine started."""
    with open("/proc/stat") as lines:
        [fields] = [line.split() for line in lines if line.startswith(f"cpu{core} ")]
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


class Cpu:
    """CPU time of several servers since this was made, in seconds by name, and of this process, and of others.

    `others` is what else ran on the core of the one named `server`.
    """

    def __init__(self, servers: dict[str, int]) -> None:
        self._servers = servers
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        times = os.times()
        used = {name: cpu_seconds(server) for name, server in self._servers.items()}
        # Whatever else ran on the server's core makes a measurement doubtful.
        others = core_seconds(SERVER_CORE) - used["server"]
        return {**used, "generator": times.user + times.system, "others": others}

    def used(self) -> dict[str, float]:
        now = self._now()
        return {name: now[name] - before for name, before in self._before.items()}
