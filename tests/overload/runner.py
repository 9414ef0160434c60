"""Far more is asked of a server than it can do: it answers what it can, soon, and refuses the rest with an error that
SDKs send again; it keeps its memory; and when the load is gone it is well at once.

First a few clients show what the server can do. Then ten times as much is asked, twice: by hundreds of connections
that never back off, and at a rate, over as many connections as that takes. The requests are cheap to send and
expensive to serve, because the clients share the machine with the server.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from harness import servers
from harness.memory import MEBIBYTE, Watched
from overload.load import OpenLoop, Tally, closed_loop, create, percentile, probe

KINDS = ("scan", "batch", "transaction", "hot", "mixed")
SHORT_KINDS = ("scan", "mixed")
FEW_CLIENTS = 8
BASE_SECONDS = 2.0
MANY_CLIENTS = 800
CONNECTIONS_MAX = 2_000
TIMES = 10
# What one interpreter can send beside the server.
SENT_PER_SECOND_MAX = 6_000
# The server refuses who has been in line for a fifth of a second. The rest is the client's own line, and the machine's: where that
# is busy with others a few clients wait, too, and many wait the longer.
WAIT_SECONDS_MAX = 2.0
WAIT_TIMES_MAX = 10
# Of what a few clients are answered: the clients take a processor for themselves, and refusing has its price.
LEAST_SHARE = 0.35
MEMORY_BYTES_MAX = 1024 * MEBIBYTE
WELL_SECONDS = 0.1
WELL_TIMES = 10
RECOVERY_SECONDS_MAX = 3.0
SHOWN_FAULTS = 5


def show(name: str, tally: Tally, seconds: float) -> None:
    parts = [
        f"{len(waits) / seconds:.0f}/s {what}, waited {percentile(waits, 0.5) * 1000:.0f} ms (median), "
        f"{percentile(waits, 0.99) * 1000:.0f} ms (99 %)"
        for what, waits in (("answered", tally.answered), ("refused", tally.refused))
        if waits
    ]
    print(f"    {name}: {'; '.join(parts)}", flush=True)


def faults_of(name: str, tally: Tally, seconds: float, base: Tally) -> Iterator[str]:
    """What does not hold of a time under load, by what a few clients were answered."""
    capacity = len(base.answered) / BASE_SECONDS
    allowed = WAIT_SECONDS_MAX + WAIT_TIMES_MAX * percentile(base.answered, 0.99)
    for what, waits in (("answered", tally.answered), ("refused", tally.refused)):
        if percentile(waits, 0.99) > allowed:
            yield f"{name}: of those who were {what}, one in a hundred waited {percentile(waits, 0.99):.2f} s"
    if len(tally.answered) / seconds < capacity * LEAST_SHARE:
        yield f"{name}: {len(tally.answered) / seconds:.0f} answers per second of {capacity:.0f}"
    if tally.faults:
        yield f"{name}: {len(tally.faults)} other answers: {'; '.join(tally.faults[:SHOWN_FAULTS])}"


def recovery_seconds(endpoint: str) -> float:
    """How long it takes until a small read is quick, several times in a row."""
    began = time.monotonic()
    well = 0
    while well < WELL_TIMES and time.monotonic() - began < 10 * RECOVERY_SECONDS_MAX:
        try:
            well = well + 1 if probe(endpoint) < WELL_SECONDS else 0
        except AssertionError:
            # It was refused.
            well = 0
    return time.monotonic() - began


def overload(endpoint: str, kind: str, seconds: float) -> list[str]:
    """One kind of requests. Returns what does not hold."""
    base = closed_loop(endpoint, kind, FEW_CLIENTS, BASE_SECONDS)
    show(f"{FEW_CLIENTS} clients", base, BASE_SECONDS)
    faults = [f"{kind}, a few clients: {len(base.refused)} refused, {base.faults[:1]}"] if base.refused else []

    many = closed_loop(endpoint, kind, MANY_CLIENTS, seconds)
    show(f"{MANY_CLIENTS} clients", many, seconds)
    faults += faults_of(f"{kind}, {MANY_CLIENTS} clients", many, seconds, base)
    recovery = recovery_seconds(endpoint)

    rate = min(len(base.answered) / BASE_SECONDS * TIMES, SENT_PER_SECOND_MAX)
    loop = OpenLoop(endpoint, kind, rate, CONNECTIONS_MAX)
    began = time.monotonic()
    open_tally = loop.run(seconds)
    took = time.monotonic() - began
    show(f"{rate:.0f} a second, of which {loop.unsent} found no connection", open_tally, took)
    faults += faults_of(f"{kind}, {rate:.0f} a second", open_tally, took, base)
    recovery = max(recovery, recovery_seconds(endpoint))
    print(f"    well after {recovery:.2f} s", flush=True)
    if recovery > RECOVERY_SECONDS_MAX:
        faults.append(f"{kind}: the server was not well for {recovery:.1f} s after the load")
    if kind == "scan" and not (many.refused and open_tally.refused):
        faults.append("nothing was refused: this was no overload")
    return faults


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each kind of load")
    parser.add_argument("--kinds", default=",".join(KINDS), help="names, with commas between them")
    parser.add_argument("--short", action="store_true", help=f"3 seconds for each of {', '.join(SHORT_KINDS)}")
    options = parser.parse_args(arguments)
    if options.short:
        options.seconds, options.kinds = 3.0, ",".join(SHORT_KINDS)
    kinds = options.kinds.split(",")
    print(f"overload: {', '.join(kinds)}, {options.seconds} s each", flush=True)
    passed = 0
    with servers.stator() as server:
        create(server.endpoint)
        with Watched(server.process.pid) as memory:
            for kind in kinds:
                print(f"  {kind}", flush=True)
                faults = overload(server.endpoint, kind, options.seconds)
                for fault in faults:
                    print(f"  {fault}", flush=True)
                passed += not faults
        held = memory.most_bytes <= MEMORY_BYTES_MAX
        print(f"  at most {memory.most_bytes // MEBIBYTE} MiB of memory", flush=True)
    failed = len(kinds) - passed + (not held)
    print(f"{passed + held} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
