"""What a request costs the processor, as a ratio to a server that answers a constant body.

Both run on one core, asked from another, in turn: the constant body is measured before and after each turn, and the
ratio is to the mean of both. So what else happens on the machine falls on both sides of the ratio.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench import load, machine, subjects
from bench.load import Measured, Target
from bench.report import Bound, Report
from harness import caches, servers

# What is asked, what it is called, and what it may cost.
OPERATIONS = {
    "get": ("GetItem", 1.6),
    "put": ("PutItem, durable", 2.5),
    "update": ("UpdateItem with a condition", 3.0),
    "query": ("Query of ten items", 3.0),
    "batch-get": ("BatchGetItem of 25", 6.0),
    "transact": ("TransactWriteItems of two Puts", 5.0),
}
# Of the constant body's cost: what verifying a signature and deciding a policy of ten statements may add to a GetItem. What they add to
# larger requests grows with the bytes that are signed.
ADDED_MAX = 0.35
WITH = {
    subjects.ENCRYPTED: "encrypted",
    subjects.AUTHENTICATED: "encrypted, with authentication",
}
FLOOR_SHARE = 0.5
# Every item is read before anything is measured.
WARM_SECONDS = 3
PEER_OPERATIONS_AHEAD = 2_000


class Turns:
    """Turns of a few seconds, each between two of the constant body."""

    def __init__(self, floor: Target, seconds: float) -> None:
        self._floor = floor
        self._seconds = seconds
        self._last: float | None = None
        self.floors: list[float] = []

    def take(self, target: Target, operation: str, **settings: Any) -> tuple[Measured, float]:
        """What was measured, and its ratio to the constant body."""
        before = self._last or self._constant()
        found = load.run(target, operation, seconds=self._seconds, **settings)
        self._last = self._constant()
        return found, found.server_us / statistics.mean((before, self._last))

    def _constant(self) -> float:
        found = load.run(self._floor, "get", seconds=self._seconds * FLOOR_SHARE)
        self.floors.append(found.server_us)
        return found.server_us


def measure(report: Report, options: argparse.Namespace) -> None:
    """All operations of all variants."""
    operations = options.operations.split(",")
    variants = options.variants.split(",")
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    found: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    with ExitStack() as stack:
        floor = load.start_floor()
        stack.callback(floor.server.close)
        targets = {name: stack.enter_context(subjects.variant(name, [machine.server_core()])) for name in variants}
        for target in targets.values():
            load.fill(target, options.items)
            load.run(target, "get", items=options.items, seconds=WARM_SECONDS)
        turns = Turns(floor, options.seconds)
        for _ in range(options.rounds):
            for operation in operations:
                for name, target in targets.items():
                    measured, ratio = turns.take(target, operation, items=options.items)
                    ratios[operation, name].append(ratio)
                    found[operation, name].append(measured)
    report.add("constant body, microseconds", turns.floors, show="{:.1f}".format)
    for operation in operations:
        for name in variants:
            _report(report, operation, name, ratios, found[operation, name])


def _report(
    report: Report,
    operation: str,
    name: str,
    ratios: Mapping[tuple[str, str], list[float]],
    found: list[Measured],
) -> None:
    title, target = OPERATIONS[operation]
    mine = ratios[operation, name]
    if name == subjects.PLAIN:
        report.add(title, mine, Bound(target), note=spent(found))
        return
    report.add(f"{title}, {WITH[name]}", mine, note=spent(found))
    without = ratios.get((operation, subjects.ENCRYPTED))
    if name == subjects.AUTHENTICATED and without:
        # The same signed requests, which the other server does not verify.
        added = [ratio - base for ratio, base in zip(mine, without, strict=True)]
        bound = Bound(ADDED_MAX) if operation == "get" else None
        report.add(f"{title}, what authentication adds", added, bound)


def spent(found: list[Measured]) -> str:
    """The median cost, and how many were answered."""
    microseconds = statistics.median(one.server_us for one in found)
    rate = statistics.median(one.rate for one in found)
    return f"{microseconds:.1f} µs, {rate:,.0f}/s"


def measure_peers(report: Report, options: argparse.Namespace) -> None:
    """The same operations of other servers, which keep everything in memory."""
    for name in options.peers.split(","):
        try:
            server = _start_peer(name)
        except (caches.SetupError, servers.ServerError) as problem:
            report.absent(name, f"{problem}".splitlines()[0])
            continue
        try:
            _peer(report, Target(server), options)
        finally:
            server.close()


def _start_peer(name: str) -> servers.Server:
    port = servers.free_port()
    command = servers.peer_command(name, port)
    if name == "dynoxide":
        command[0] = str(caches.dynoxide(optimized=True))
    return servers.start(name, machine.pinned(command, [machine.server_core()]), port)


def _peer(report: Report, peer: Target, options: argparse.Namespace) -> None:
    floor = load.start_floor()
    try:
        load.fill(peer, options.items)
        turns = Turns(floor, options.seconds)
        for operation in options.operations.split(","):
            title = f"{peer.server.name}, in memory: {OPERATIONS[operation][0].removesuffix(', durable')}"
            try:
                taken = [
                    turns.take(peer, operation, items=options.items, ahead=PEER_OPERATIONS_AHEAD)
                    for _ in range(options.rounds)
                ]
            except servers.ServerError as problem:
                report.absent(title, f"{problem}"[:80])
                continue
            report.add(title, [ratio for _, ratio in taken], note=spent([measured for measured, _ in taken]))
    finally:
        floor.server.close()
