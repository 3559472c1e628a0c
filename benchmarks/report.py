"""What was measured, for people: tables in Markdown, plots, and the conditions it was measured under."""

import json
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.curves import CURVES
from benchmarks.machine import OTHER_CORE, SERVER_CORE
from benchmarks.plot import line_plot
from benchmarks.sides import FOLDER, SIDES
from benchmarks.works import WORKS, Column, Measured, Scale
from tests.processes import ROOT, find_program
from tests.servers import PostgresServer, RedisServer

OUTPUT = ROOT / "var" / "bench"
PYTHON_LIBRARIES = ["django", "python-socketio", "channels", "channels-redis", "uvicorn", "uvloop", "psycopg"]
BUSY = ["server_cpu", "generator_cpu", "postgres_cpu", "redis_cpu", "others_cpu"]

Rows = dict[str, dict[str, list[Measured]]]
Curves = dict[str, dict[str, dict[str, Measured]]]


def cell(runs: Sequence[Measured], column: Column) -> str:
    """The median, and in brackets the least and the most."""
    values = sorted(run[column.metric] for run in runs)
    if not values:
        return "-"
    shown = [f"{value:,.{column.digits}f}" for value in (statistics.median(values), values[0], values[-1])]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]} to {shown[2]})"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sides_of(results: dict[str, dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in results.values() for key in row))


def table(results: Rows, scale: dict[str, Any]) -> str:
    """A line for each thing measured, a column for each side."""
    keys = sides_of(results)
    rows = [
        [f"{WORKS[name].title.format(**scale)}: {column.title}", *(cell(row.get(key, []), column) for key in keys)]
        for name, row in results.items()
        for column in WORKS[name].columns
    ]
    return markdown(["work", *(SIDES[key].title for key in keys)], rows)


def cpu_table(results: Rows, scale: dict[str, Any]) -> str:
    """How busy everybody was, per cent of one core; `others` had no business on the server's core."""
    keys = sides_of(results)
    rows = []
    for name, row in results.items():
        if not any("server_cpu" in run for runs in row.values() for run in runs):
            continue
        shares = [
            " / ".join(f"{statistics.median(run[busy] for run in row[key]):.0%}" for busy in BUSY)
            if row.get(key)
            else "-"
            for key in keys
        ]
        rows.append([WORKS[name].title.format(**scale), *shares])
    return markdown(["server / generator / PostgreSQL / Redis / others", *(SIDES[key].title for key in keys)], rows)


def self_test_table(results: dict[str, Measured]) -> str:
    rows = [
        [f"{together} in one write", f"{run['deliveries']:,.0f}", f"{run['generator_us_per_delivery']:.2f}"]
        for together, run in results.items()
    ]
    return markdown(["messages that leave together", "deliveries/s", "generator's CPU us per delivery"], rows)


def curves_tables(results: Curves) -> str:
    """A heading, a table and the plots of each curve."""
    parts = []
    for name, lines in results.items():
        curve = CURVES[name]
        points = list(dict.fromkeys(point for line in lines.values() for point in line))
        rows = [
            [
                f"{SIDES[key].title}: {title}",
                *(number(line[point].get(metric)) if point in line else "-" for point in points),
            ]
            for metric, title in curve.plots.items()
            for key, line in lines.items()
        ]
        pictures = [f"![{title}](benchmarks/{file})" for file, title in plot_names(name)]
        head = [curve.x, *(f"{int(point):,}" for point in points)]
        parts.append("\n\n".join([f"### {curve.title}", markdown(head, rows), *pictures]))
    return "\n\n".join(parts)


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def plot_names(name: str) -> list[tuple[str, str]]:
    """(file, what it shows) of the plots of a curve: one a metric, or all in one where there is one side only."""
    curve = CURVES[name]
    if len(curve.sides) == 1:
        return [(f"{name}.svg", curve.title)]
    return [
        (f"{name}-{metric.replace('_', '-')}.svg", f"{curve.title}: {what}") for metric, what in curve.plots.items()
    ]


def plots(results: Curves) -> dict[str, str]:
    """SVG by file name."""
    pictures = {}
    for name, lines in results.items():
        curve = CURVES[name]
        by_metric = {
            what: {
                SIDES[key].title: [(int(point), run[metric]) for point, run in line.items() if metric in run]
                for key, line in lines.items()
            }
            for metric, what in curve.plots.items()
        }
        if len(curve.sides) == 1:
            merged = {what: points for what, series in by_metric.items() for points in series.values()}
            by_metric = {"milliseconds": merged}
        for (file, _), (what, series) in zip(plot_names(name), by_metric.items(), strict=True):
            shown = {title: points for title, points in series.items() if points}
            if shown:
                pictures[file] = line_plot(title=curve.title, x=curve.x, y=what, series=shown)
    return pictures


def conditions(postgres: PostgresServer, redis: RedisServer, scale: Scale, runs: int) -> dict[str, Any]:
    """Machine, versions and places."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "python_libraries": {name: version(name) for name in PYTHON_LIBRARIES},
        "node": first_line([find_program("node"), "--version"]),
        "node_libraries": node_libraries(),
        "postgres": first_line([postgres.program, "--version"]),
        "redis": first_line([redis.program, "--version"]),
        "server_core": SERVER_CORE,
        "other_core": OTHER_CORE,
        "runs": runs,
        "scale": asdict(scale),
    }


def conditions_table(found: dict[str, Any]) -> str:
    def listed(versions: dict[str, str]) -> str:
        return ", ".join(f"{name} {number}" for name, number in versions.items())

    rows = [
        ["machine", f"{found['cpu']}; {found['system']}"],
        ["Python", f"{found['python']}; {listed(found['python_libraries'])}"],
        ["Node", f"{found['node']}; {listed(found['node_libraries'])}"],
        ["PostgreSQL, Redis", f"{found['postgres']}; {found['redis']}"],
        ["server", f"alone on core {found['server_core']}, one process"],
        ["generator, PostgreSQL, Redis", f"together on core {found['other_core']}"],
        ["runs", f"{found['runs']} a row and side, in turns; {found['scale']['seconds']:.0f} s each"],
    ]
    return markdown(["", ""], rows)


def node_libraries() -> dict[str, str]:
    return dict(json.loads((FOLDER / "package.json").read_text())["dependencies"])


def first_line(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
