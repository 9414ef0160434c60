"""A consumer with several workers follows a table that is divided under load, while the server is killed again and again.

Clients put, update and delete a few hundred items in every way there is. The workers take shards from a table of
leases, children after their parents, and resume behind the last record that they noted. At the end the stream is
disabled and read to its end: every acknowledged change was received once, the changes of each item in their order,
and together they make the table that a Scan shows; `stator check` finds nothing. The checker proves itself on
histories written by hand. The seed decides the requests and the moments of the kills.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from consumer.checker import check, divisions
from consumer.history import Anomaly, Item
from consumer.workers import Leases, Worker
from consumer.writers import DEFINITION, TABLE, Load
from harness import kills, servers, unit_tests
from harness.kills import KilledServers
from harness.wire import Connection

CLIENTS = 24
WORKERS = 4
# A partition is divided once it took more than so many units a second for a second.
FLAGS = ("--partition-writes", "100", "--partition-hot-seconds", "1")
DIVISIONS_LEAST = 2
CATCH_UP_SECONDS = 60.0
PAGES_MAX = 10_000
SHOWN_FAULTS = 10


class Consumption:
    """One run: the load, the workers, and what is left at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.leases = Leases()
        self.load = Load(options.seed, options.seconds, lambda: divisions(self.leases.shards) >= DIVISIONS_LEAST)
        self.faults: list[str] = []
        self.final: dict[str, Item] = {}
        self._seed = options.seed
        self._kills = options.kills
        self._servers = options.servers

    def run(self, data: servers.Data) -> None:
        with KilledServers(data, FLAGS, self._servers) as server:
            stream = create_table(server.endpoint)
            endpoint = lambda: server.endpoint  # noqa: E731
            workers = [Worker(number, self._seed, stream, endpoint, self.leases) for number in range(WORKERS)]
            for worker in workers:
                worker.start()
            clients = [self.load.client(number) for number in range(CLIENTS)]
            self.faults += server.run(clients, self.load.progress, self._kills, Random(self._seed))
            self.faults += self.load.faults
            if not self.faults:
                self._end(server.endpoint)
            deadline = time.monotonic() + (0 if self.faults else CATCH_UP_SECONDS)
            ended = [worker.join(deadline) for worker in workers]
            self.faults += [worker.fault for worker in workers if worker.fault]
            if not self.faults and not all(ended):
                self.faults.append(f"the workers did not reach the end within {CATCH_UP_SECONDS} s")
        self.faults += servers.check_offline(data)

    def _end(self, endpoint: str) -> None:
        """No more writes: the table as it is, and the end of the stream."""
        connection = Connection(endpoint)
        self.final = {item["pk"]["S"]: item for item in scan(connection)}
        body = {"TableName": TABLE, "StreamSpecification": {"StreamEnabled": False}}
        answer = connection.call("UpdateTable", body)
        assert answer.status == 200, answer.body
        connection.close()
        self.leases.close()

    def check(self) -> list[Anomaly]:
        count = divisions(self.leases.shards)
        if count < DIVISIONS_LEAST:
            self.faults.append(f"the table was divided {count} times, {DIVISIONS_LEAST} at least were expected")
        return check(self.leases.steps, self.leases.shards, self.load.changes, self.final)


def create_table(endpoint: str) -> str:
    """Makes the table. The ARN of its stream."""
    connection = Connection(endpoint)
    answer = connection.call("CreateTable", DEFINITION)
    assert answer.status == 200, answer.body
    connection.call("DescribeTable", {"TableName": TABLE})
    connection.close()
    return str(answer.json()["TableDescription"]["LatestStreamArn"])


def scan(connection: Connection) -> list[Item]:
    body: dict[str, Any] = {"TableName": TABLE, "ConsistentRead": True}
    items: list[Item] = []
    for _ in range(PAGES_MAX):
        answer = connection.call("Scan", body)
        assert answer.status == 200, answer.body
        page = answer.json()
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        body["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise AssertionError(f"a scan did not end after {PAGES_MAX} pages")


def follow(options: argparse.Namespace) -> bool:
    """The run against the release binary."""
    where = kills.described(options)
    print(f"consumer: {options.seconds} s of load, {options.kills} kills, {where}, --seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="stator-consumer-"))
    consumption = Consumption(options)
    started = time.monotonic()
    with kills.data(options, folder) as data:
        consumption.run(data)
    loaded = time.monotonic()
    leases = consumption.leases
    anomalies = consumption.check()
    print(
        f"  {len(leases.steps)} steps, {len(leases.shards)} shards, {divisions(leases.shards)} divisions in "
        f"{loaded - started:.1f} s, checked in {time.monotonic() - loaded:.1f} s"
    )
    for name, times in sorted((consumption.load.counts + leases.counts).items()):
        print(f"  {times:7} {name}")
    report(consumption.faults, anomalies)
    failed = bool(consumption.faults or anomalies) or not consumption.load.changes
    if failed:
        write_history(folder / "history.jsonl", consumption)
        print(f"  the data and the history are kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return not failed


def report(faults: list[str], anomalies: list[Anomaly]) -> None:
    for fault in faults[:SHOWN_FAULTS]:
        print(f"  {fault}")
    for kind, times in Counter(anomaly.kind for anomaly in anomalies).items():
        print(f"  {kind}: {times}")
        for anomaly in [anomaly for anomaly in anomalies if anomaly.kind == kind][:SHOWN_FAULTS]:
            print(f"    {anomaly.text[:600]}")


def write_history(path: Path, consumption: Consumption) -> None:
    with path.open("w") as sink:
        for part in (consumption.leases.steps, consumption.leases.shards.values(), consumption.load.changes):
            for entry in part:
                sink.write(json.dumps({type(entry).__name__: dataclasses.asdict(entry)}) + "\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run consumer", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--short", action="store_true", help="15 seconds and 3 kills for each server")
    kills.add_options(parser)
    options = kills.parse(parser, arguments)
    if options.short:
        options.seconds, options.kills = 15, 3 * options.servers
    # The checker is the same over every store.
    results = [unit_tests.run("consumer")] if options.store == "local" else []
    results.append(follow(options))
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
