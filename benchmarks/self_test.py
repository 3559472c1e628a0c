"""What the load generator can take: deliveries a second from a server that only writes, on the other core."""

import sys

from benchmarks.generator import Generator, Seat
from benchmarks.machine import SERVER_CORE, Cpu, on_core
from benchmarks.sides import Peer

MEMBERS = 1_000


def self_test(together: int, seconds: float) -> dict[str, float]:
    """With so many messages in each write of the server."""
    server = Peer([sys.executable, "-m", "benchmarks.blaster", "$PORT", str(together)], "", "")
    with on_core(SERVER_CORE):
        server.start()
    generator = Generator(server.port)
    try:
        generator.open([Seat(path="/")] * MEMBERS)
        generator.talk([])
        generator.run(0.5)
        cpu = Cpu({"server": server.pid})
        before = generator.deliveries
        taken = generator.run(seconds)
        used = cpu.used()
        deliveries = generator.deliveries - before
        return {
            "deliveries": deliveries / taken,
            "generator_us_per_delivery": used["generator"] / deliveries * 1e6,
            "generator_cpu": used["generator"] / taken,
        }
    finally:
        generator.close_all()
        server.kill9()
        server.close()
