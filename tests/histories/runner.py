"""Random operations of concurrent clients, the server killed and started again meanwhile: what the clients saw must be
strictly serializable.

Then the same against stores that break a promise now and then: the checker must notice, or it proves nothing. The
seeds decide the operations and the moments of the kills; how the clients meet is the machine's.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from harness import kills, servers, unit_tests
from harness.crowd import Crowd
from harness.kills import KilledServers
from harness.wire import Connection
from histories.checker import check
from histories.history import Operation
from histories.items import DEFINITIONS
from histories.load import Load
from histories.versions import Anomaly

CLIENTS = 16
# What each broken promise must show itself as, one of them at least.
BROKEN = {
    "none": set[str](),
    "lost-checks": {"lost-append", "torn-transaction", "incompatible-order"},
    "unwritten-checks": {"G2", "G-single"},
    "stale-reads": {"not-linearizable"},
    "torn-batches": {"torn-transaction"},
}
BROKEN_OPERATIONS = 6_000
SHOWN_ANOMALIES = 5


def create_tables(endpoint: str) -> None:
    connection = Connection(endpoint)
    for definition in DEFINITIONS:
        answer = connection.call("CreateTable", definition)
        assert answer.status == 200, answer.body
        connection.call("DescribeTable", {"TableName": definition["TableName"]})
    connection.close()


def read_all(load: Load, endpoint: str) -> None:
    """Reads every item: nothing that was acknowledged may hide."""
    items = load.items.all()
    Crowd(endpoint, (load.reader(number, items[number::CLIENTS]) for number in range(CLIENTS))).run()


def run_seed(seed: int, options: argparse.Namespace) -> bool:
    """One history of the release binary."""
    load_size = f"{options.operations} operations, {options.clients} clients, {options.kills} kills"
    print(f"histories: {load_size}, {kills.described(options)}, --seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="stator-histories-"))
    load = Load(seed, options.operations, outlives=options.store != "local")
    started = time.monotonic()
    with kills.data(options, folder) as data:
        faults = make_history(load, data, seed, options)
    loaded = time.monotonic()
    anomalies = check(load.history)
    checked = time.monotonic()
    count, seconds = len(load.history), loaded - started
    print(
        f"  {count} operations in {seconds:.1f} s ({count / seconds:.0f} a second), checked in {checked - loaded:.1f} s"
    )
    for name, times in sorted(load.counts.items()):
        print(f"  {times:7} {name}")
    report(faults, anomalies)
    if faults or anomalies:
        write_history(folder / "history.jsonl", load.history)
        print(f"  the data and the history are kept in {folder}")
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def make_history(load: Load, data: servers.Data, seed: int, options: argparse.Namespace) -> list[str]:
    """Runs the load through the kills, and reads every item after the last. Returns the faults."""
    clients = [load.client(number) for number in range(options.clients)]
    with KilledServers(data, many=options.servers) as server:
        create_tables(server.endpoint)
        faults = server.run(clients, lambda: len(load.history) / options.operations, options.kills, Random(seed))
    faults += servers.check_offline(data)
    with KilledServers(data) as server:
        read_all(load, server.endpoint)
    return faults + load.faults


def report(faults: list[str], anomalies: list[Anomaly]) -> None:
    for fault in faults:
        print(f"  {fault}")
    for kind, times in Counter(anomaly.kind for anomaly in anomalies).items():
        print(f"  {kind}: {times}")
        for anomaly in [anomaly for anomaly in anomalies if anomaly.kind == kind][:SHOWN_ANOMALIES]:
            print(f"    {anomaly.text}")


def write_history(path: Path, history: list[Operation]) -> None:
    with path.open("w") as sink:
        for operation in history:
            sink.write(json.dumps(dataclasses.asdict(operation), default=list) + "\n")


def run_broken(broken: str, seed: int) -> bool:
    """One history of a store that breaks a promise: the checker must say which kind of anomaly that is."""
    port = servers.free_port()
    binary = servers.binary().parent / "examples" / "careless"
    command = [str(binary), "--listen", f"127.0.0.1:{port}", "--break", broken, "--seed", str(seed)]
    load = Load(seed, BROKEN_OPERATIONS)
    server = servers.start("careless", command, port)
    try:
        create_tables(server.endpoint)
        Crowd(server.endpoint, (load.client(number) for number in range(CLIENTS))).run()
        read_all(load, server.endpoint)
    finally:
        server.close()
    found = Counter(anomaly.kind for anomaly in check(load.history))
    expected = BROKEN[broken]
    passed = not load.faults and (bool(expected & found.keys()) if expected else not found)
    kinds = ", ".join(f"{kind} {times}" for kind, times in sorted(found.items())) or "nothing"
    print(f"a store that breaks {broken}, --seed {seed}: {'' if passed else 'WRONG: '}{kinds}", *load.faults[:3])
    return passed


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run histories", description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, nargs="+", default=[secrets.randbits(32)])
    parser.add_argument("--short", action="store_true", help="10,000 operations and 2 kills for each server")
    kills.add_options(parser)
    options = kills.parse(parser, arguments)
    if options.short:
        options.operations, options.kills = 10_000, 2 * options.servers
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # A history is one growing heap of live objects, which collections would walk again and again.
    gc.disable()
    results: list[bool] = []
    if options.store == "local":
        # The checker is the same over every store.
        results.append(unit_tests.run("histories"))
        results += [run_broken(broken, options.seed[0]) for broken in BROKEN]
    results += [run_seed(seed, options) for seed in options.seed]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
