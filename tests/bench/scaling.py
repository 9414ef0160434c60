"""What a second core gives, and what many clients of one item lose."""

from __future__ import annotations

import argparse
import statistics

from bench import load, machine, subjects
from bench.load import Target
from bench.report import Bound, Report

TWO_CORES_MIN = 1.8
HOT_MIN = 0.5
# Enough for two cores, and the same for one.
CONNECTIONS = 128
TITLES = {"get": "GetItem", "put": "PutItem on different items, durable"}


def measure_cores(report: Report, options: argparse.Namespace) -> None:
    """Two cores over one.

    With four cores or more the load has cores of its own and throughputs are compared. With fewer it shares those of the
    server, one or two, so the server's processor time of a request is compared: two cores do twice as much as one
    where it stays the same and neither is ever idle. Time in which one is counts as lost. A load with a core of its
    own beside the one, and without beside the two, would flatter: packets that cross cores make both sides dearer.
    """
    cores = machine.cores()
    if len(cores) < 2:
        report.absent("two cores over one", "there is one core")
        return
    compare = _by_throughput if len(cores) >= machine.CORES_FOR_TWO else _by_cost
    with subjects.stator(cores[:1]) as one, subjects.stator(cores[:2]) as two:
        targets = Target(one), Target(two)
        for target in targets:
            load.fill(target, options.items)
            load.run(target, "get", items=options.items, seconds=options.seconds)
        for operation, title in TITLES.items():
            compare(report, f"{title}: two cores over one", operation, targets, options)


def _by_cost(
    report: Report, title: str, operation: str, targets: tuple[Target, Target], options: argparse.Namespace
) -> None:
    one, two = targets
    settings = {"items": options.items, "seconds": options.seconds, "connections": CONNECTIONS}
    gains, alone, together, idle = [], [], [], []
    for _ in range(options.rounds):
        single = load.run(one, operation, on=machine.cores()[:1], **settings)
        double = load.run(two, operation, on=machine.cores()[:2], **settings)
        gains.append(2 * (1 - double.machine_idle) * single.server_us / double.server_us)
        alone.append(single.server_us)
        together.append(double.server_us)
        idle.append(double.machine_idle)
    cost = f"{statistics.median(alone):.1f} µs on one, {statistics.median(together):.1f} on two"
    report.add(title, gains, Bound(TWO_CORES_MIN, at_least=True), note=f"{cost}, {statistics.median(idle):.0%} idle")


def _by_throughput(
    report: Report, title: str, operation: str, targets: tuple[Target, Target], options: argparse.Namespace
) -> None:
    # Two generators, each on a core of its own. They make requests when they send them: one that paused to make
    # requests ahead would leave the server to the other.
    settings = {
        "items": options.items,
        "seconds": options.seconds,
        "connections": CONNECTIONS // 2,
        "ahead": 0,
    }
    rates: list[list[float]] = [[], []]
    for _ in range(options.rounds):
        for at, target in enumerate(targets):
            running = [load.start(target, operation, on=[core], **settings) for core in machine.cores()[2:4]]
            rates[at].append(sum(load.finish(process, operation).rate for process in running))
    gains = [double / single for single, double in zip(*rates, strict=True)]
    note = f"{statistics.median(rates[0]):,.0f}/s on one, {statistics.median(rates[1]):,.0f}/s on two"
    report.add(title, gains, Bound(TWO_CORES_MIN, at_least=True), note=note)


def measure_hot(report: Report, options: argparse.Namespace) -> None:
    """64 connections that increment one counter, against 64 on different items."""
    with subjects.stator([machine.server_core()]) as server:
        target = Target(server)
        load.fill(target, options.items)
        hot, spread, longest = [], [], 0.0
        for _ in range(options.rounds):
            spread.append(load.run(target, "increment", items=options.items, seconds=options.seconds).rate)
            found = load.run(target, "increment", items=1, seconds=options.seconds)
            hot.append(found.rate)
            longest = max(longest, found.p999_us)
    shares = [one / other for one, other in zip(hot, spread, strict=True)]
    rates = f"{statistics.median(hot):,.0f}/s against {statistics.median(spread):,.0f}/s"
    note = f"{rates}, p999 {longest / 1000:.0f} ms"
    report.add(
        "one hot item over different items, increments, durable", shares, Bound(HOT_MIN, at_least=True), note=note
    )
