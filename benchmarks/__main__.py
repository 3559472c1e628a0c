"""`make bench`: our server against its peers. ROWS, ONLY, RUNS and QUICK in the environment choose; see README.md."""

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks.curves import CURVES
from benchmarks.generator import LoadError
from benchmarks.machine import OTHER_CORE, on_core
from benchmarks.report import OUTPUT, conditions, plots, self_test_table, table
from benchmarks.self_test import self_test
from benchmarks.sides import DEFAULT_SIDES, SIDES
from benchmarks.works import FULL, QUICK, WORKS, Bench, Measured
from tests.servers import PostgresServer, RedisServer

TOGETHER = (1, 10, 50)  # messages in one write of the self-test's server


def chosen(variable: str, known: Iterable[str], default: Iterable[str]) -> list[str]:
    names = os.environ.get(variable, "").replace(",", " ").split() or list(default)
    if unknown := set(names) - set(known):
        sys.exit(f"{variable}: {', '.join(sorted(unknown))} is none of {', '.join(known)}")
    return names


def attempt(what: str, measure: Callable[[], Measured]) -> Measured | None:
    """Measure and print; a run that a server made void is printed as such and counts for nothing."""
    start = time.monotonic()
    try:
        measured = measure()
    except (LoadError, TimeoutError) as error:
        print(f"{what}: void: {error}", flush=True)
        return None
    finally:
        gc.collect()
    numbers = "  ".join(f"{name} {value:,.2f}" for name, value in measured.items())
    print(f"{what}: {numbers}  ({time.monotonic() - start:.0f} s)", flush=True)
    return measured


def measure_rows(names: list[str], benches: list[Bench], runs: int) -> dict[str, dict[str, list[Measured]]]:
    """Row by row; the sides take turns, so that a slow minute of the machine hits them all."""
    results: dict[str, dict[str, list[Measured]]] = {}
    for name in names:
        work = WORKS[name]
        able = [bench for bench in benches if bench.side.many_rooms or not work.needs_many_rooms]
        row = results[name] = {bench.side.key: [] for bench in able}
        for run in range(runs):
            for bench in able:
                key = bench.side.key
                if measured := attempt(f"{name} {key} {run + 1}/{runs}", partial(work.run, bench)):
                    row[key].append(measured)
    return results


def measure_curves(names: list[str], benches: list[Bench]) -> dict[str, dict[str, dict[int, Measured]]]:
    """{curve: {side: {point: measured}}}"""
    results: dict[str, dict[str, dict[int, Measured]]] = {}
    for name in names:
        curve = CURVES[name]
        able = [bench for bench in benches if bench.side.key in curve.sides]
        lines = results[name] = {bench.side.key: {} for bench in able}
        for point in curve.points:
            for bench in able:
                key = bench.side.key
                if measured := attempt(f"{name} {point} {key}", partial(curve.run, bench, point)):
                    lines[key][point] = measured
    return results


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))  # through the servers' clean-up
    scale = QUICK if os.environ.get("QUICK") else FULL
    runs = int(os.environ.get("RUNS") or scale.runs)
    names = chosen("ROWS", [*WORKS, *CURVES], [*WORKS, *([] if scale is QUICK else CURVES)])
    keys = chosen("ONLY", SIDES, DEFAULT_SIDES)
    with ExitStack() as stack:
        stack.enter_context(on_core(OTHER_CORE))
        postgres = stack.enter_context(PostgresServer())
        redis = stack.enter_context(RedisServer())
        benches = [Bench(postgres, redis, SIDES[key](postgres, redis), scale) for key in keys]
        gc.disable()  # a pause of the generator would be counted as latency
        seconds = scale.seconds / 2
        document: dict[str, Any] = {
            "conditions": conditions(postgres, redis, scale, runs),
            "self_test": {together: self_test(together, seconds) for together in TOGETHER},
            "rows": measure_rows([name for name in names if name in WORKS], benches, runs),
            "curves": measure_curves([name for name in names if name in CURVES], benches),
        }
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(document, indent=1))
    document = json.loads(path.read_text())
    for name, svg in plots(document["curves"]).items():
        (OUTPUT / name).write_text(svg)
    print(f"\n{self_test_table(document['self_test'])}\n")
    if document["rows"]:
        print(f"{table(document['rows'], document['conditions']['scale'])}\n")
    print(
        f"Written to {path}; `python -m benchmarks.publish {path.relative_to(OUTPUT.parent.parent)}` puts it into docs/"
    )


if __name__ == "__main__":
    main()
