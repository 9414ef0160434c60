"""What becomes of costs, memory, waits and the time to open when a table has grown.

A small table and a large one, each on a server of its own and both on one core, are asked in turn.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import load, machine, starts, subjects
from bench.load import Target
from bench.report import Bound, Report
from harness import servers

GROWN_COST_MAX = 1.3
# The loading server's core is busy for at least this share of the time: it does not wait.
LOADING_BUSY_MIN = 0.9
RESIDENT_OVER_MAX = 1.2
PUT_P999_MS_MAX = 100
OPEN_SECONDS_MAX = 2
OPENINGS = 3
# Of the items, how many are in one partition.
PARTITION_SHARE = 10


def measure(report: Report, options: argparse.Namespace) -> None:
    """Everything, on one server that is loaded once."""
    _check_room(options)
    memory = ["--memory-mb", str(options.memory_mb)]
    on = [machine.server_core()]
    with (
        tempfile.TemporaryDirectory(prefix="stator-bench-", dir=options.directory) as folder,
        subjects.stator(on, memory) as small,
    ):
        data = Path(folder) / "data"
        server = subjects.start(data, on, memory)
        try:
            _loaded(report, options, Target(small), Target(server))
            server.kill()
        finally:
            server.close()
        _opened(report, data, memory)


def _loaded(report: Report, options: argparse.Namespace, small: Target, large: Target) -> None:
    load.fill(small, options.items)
    items, partition = options.growth_items, options.growth_items // PARTITION_SHARE
    filled = load.fill(large, items)
    # A request carries 25 items.
    each = f"{filled.server_us / 25:.1f} µs of processor each"
    report.add(f"loading {items:,} items by BatchWriteItem, items/s", [filled.rate * 25], None, "{:,.0f}".format, each)
    title = f"loading {items:,} items, share of its core that the server kept busy"
    report.add(title, [filled.server_processors], Bound(LOADING_BUSY_MIN, at_least=True))
    load.run(large, "fill", items=partition, partition=partition, prefix="long")
    # What was loaded is compacted first: that is part of loading, not of reading.
    machine.wait_until_idle(large.process)

    costs = _in_turn(options, (small, {"items": options.items}), (large, {"items": items}), "get")
    report.add(f"GetItem, {items:,} items over {options.items:,}", costs[0], Bound(GROWN_COST_MAX), note=costs[1])
    long = {"items": partition, "partition": partition, "prefix": "long"}
    costs = _in_turn(options, (large, {"items": items}), (large, long), "query-last")
    report.add(f"Query of the last ten of {partition:,} over those of ten", costs[0], note=costs[1])

    put = load.run(large, "put", items=items, seconds=options.sustained_seconds, ahead=0)
    waits = f"{put.rate:,.0f}/s, longest {put.longest_us / 1000:.0f} ms"
    title = f"PutItem for {options.sustained_seconds:g} s, durable, p999 in ms"
    report.add(title, [put.p999_us / 1000], Bound(PUT_P999_MS_MAX), "{:.0f}".format, waits)
    peak = machine.resident_bytes(large.process, "VmHWM") / (options.memory_mb << 20)
    now = machine.resident_bytes(large.process) >> 20
    title = f"most resident memory, over --memory-mb {options.memory_mb}"
    report.add(title, [peak], Bound(RESIDENT_OVER_MAX), note=f"in the end {now} MiB")


def _in_turn(
    options: argparse.Namespace,
    base: tuple[Target, dict[str, Any]],
    grown: tuple[Target, dict[str, Any]],
    operation: str,
) -> tuple[list[float], str]:
    """The cost of the second over that of the first, and both."""
    costs: list[list[float]] = [[], []]
    # One turn more than is counted: caches become warm.
    for turn in range(options.rounds + 1):
        for at, (target, settings) in enumerate((base, grown)):
            found = load.run(target, operation, seconds=options.seconds, **settings)
            if turn > 0:
                costs[at].append(found.server_us)
    ratios = [late / early for early, late in zip(*costs, strict=True)]
    return ratios, f"{statistics.median(costs[1]):.1f} µs and {statistics.median(costs[0]):.1f}"


def _opened(report: Report, data: Path, flags: list[str]) -> None:
    """After SIGKILL; from the second time on after an orderly end, which is told in the note."""
    seconds = []
    for _ in range(OPENINGS):
        with starts.started(data, flags) as milliseconds:
            seconds.append(milliseconds / 1000)
    note = f"after an orderly end {statistics.median(seconds[1:]):.2f}"
    report.add("start to ready after kill -9, seconds", seconds[:1], Bound(OPEN_SECONDS_MAX), note=note)


def _check_room(options: argparse.Namespace) -> None:
    """Refuses to begin what the disk cannot hold."""
    # About 600 bytes an item, and as much again while files are merged.
    needed = options.growth_items * 1200
    free = shutil.disk_usage(options.directory or tempfile.gettempdir()).free
    if free < needed:
        raise servers.ServerError(f"{needed / 1e9:.0f} GB of disk are needed and {free / 1e9:.0f} GB free")
