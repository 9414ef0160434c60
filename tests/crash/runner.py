"""Loads the server from several connections, kills it at a random moment, restarts it and looks at what is left.

Each round: `stator check` on the data that the kill left, a restart, every key compared with what was
acknowledged, all indexes compared with the table, then more load and the next kill. In half of the rounds an index
is made on the live table, or deleted, so that some kills hit a backfill. The seed is printed and
decides the load and the moments of the kills; the interleaving of the writers is the machine's.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from crash.model import (
    DEFINITION,
    GLOBAL_INDEX,
    LIVE_DEFINITION,
    LIVE_INDEX,
    LOCAL_INDEX,
    TABLE,
    Item,
    Key,
    Model,
    key_of,
)
from crash.writers import Writer
from harness import servers
from harness.wire import Connection

WRITERS = 4
LOAD_SECONDS = (0.05, 0.8)
READY_SECONDS = 30.0
SHOWN_FAULTS = 10


class Rounds:
    """The state that lives from kill to kill: the data directory and the model of it."""

    def __init__(self, data: Path, seed: int, extra: Sequence[str]) -> None:
        self._data = data
        self._extra = extra
        self._seed = seed
        self._random = Random(seed)
        self._model = Model()

    def run(self, number: int) -> tuple[int, list[str]]:
        """One round. Returns the number of acknowledged writes, and the faults."""
        faults = servers.check_offline(self._data, self._extra) if number else []
        server = servers.start_stator(self._data, self._extra)
        try:
            faults += self._look(server.endpoint) if number else create_table(server.endpoint)
            writers = self._load(server, number)
            server.kill()
            for writer in writers:
                writer.join(30)
        finally:
            server.close()
        return sum(writer.acknowledged for writer in writers), faults + [f for writer in writers for f in writer.faults]

    def finish(self) -> list[str]:
        """The last kill's data: checked and looked at, without more load."""
        faults = servers.check_offline(self._data, self._extra)
        server = servers.start_stator(self._data, self._extra)
        try:
            return faults + self._look(server.endpoint)
        finally:
            server.close()

    def _load(self, server: servers.Server, number: int) -> list[Writer]:
        writers = [
            Writer(index, server.endpoint, self._model, f"{self._seed}/{number}/{index}") for index in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        seconds = self._random.uniform(*LOAD_SECONDS)
        before_change = seconds * self._random.random()
        time.sleep(before_change)
        if self._random.random() < 0.5:
            toggle_live_index(server.endpoint)
        time.sleep(seconds - before_change)
        return writers

    def _look(self, endpoint: str) -> list[str]:
        connection = Connection(endpoint)
        indexes = {GLOBAL_INDEX: ("grp", "rnk"), LOCAL_INDEX: ("rnk",)}
        if LIVE_INDEX in wait_ready(connection):
            indexes[LIVE_INDEX] = ("grp",)
        faults = self._model.settle(by_key(scan(connection, None)))
        for index, attributes in indexes.items():
            faults += compare_index(index, by_key(scan(connection, index)), self._model.expected(attributes))
        connection.close()
        return faults


def create_table(endpoint: str) -> list[str]:
    connection = Connection(endpoint)
    answer = connection.call("CreateTable", DEFINITION)
    if answer.status == 200:
        wait_ready(connection)
    connection.close()
    return [] if answer.status == 200 else [f"CreateTable was answered {answer.body[:300]!r}"]


def toggle_live_index(endpoint: str) -> None:
    """Starts to make or to delete the live index. The kill may come at any moment of that, or after it."""
    connection = Connection(endpoint)
    update: dict[str, Any] = {"Create": LIVE_DEFINITION}
    if LIVE_INDEX in wait_ready(connection):
        update = {"Delete": {"IndexName": LIVE_INDEX}}
    definitions = DEFINITION["AttributeDefinitions"]
    body = {"TableName": TABLE, "AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [update]}
    connection.call("UpdateTable", body)
    connection.close()


def wait_ready(connection: Connection) -> set[str]:
    """Waits until the table and its indexes are ACTIVE, and tells the names of its global indexes."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        table = connection.call("DescribeTable", {"TableName": TABLE}).json()["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if all(state == "ACTIVE" for state in (table["TableStatus"], *(index["IndexStatus"] for index in indexes))):
            return {index["IndexName"] for index in indexes}
        time.sleep(0.01)
    raise AssertionError(f"the table did not become ACTIVE within {READY_SECONDS} s")


def scan(connection: Connection, index: str | None) -> list[Item]:
    body: dict[str, Any] = {"TableName": TABLE, **({"IndexName": index} if index else {"ConsistentRead": True})}
    items: list[Item] = []
    for _ in range(1_000):
        answer = connection.call("Scan", body).json()
        items += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return items
        body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    raise AssertionError("a scan of a few hundred items did not end after 1,000 pages")


def by_key(items: list[Item]) -> dict[Key, Item]:
    return {key_of(item): item for item in items}


def compare_index(index: str, found: dict[Key, Item], expected: dict[Key, Item]) -> list[str]:
    faults = [f"{index} lacks {key}" for key in expected.keys() - found.keys()]
    faults += [f"{index} has {key}, which the table has not" for key in found.keys() - expected.keys()]
    both = expected.keys() & found.keys()
    return faults + [f"{index} shows {key} otherwise than the table" for key in both if expected[key] != found[key]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--encrypted", action="store_true", help="the data directory is encrypted")
    options = parser.parse_args(arguments)
    print(f"crash test: {options.rounds} rounds, --seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="stator-crash-"))
    extra = ("--master-key", f"file:{make_master_key(folder)}") if options.encrypted else ()
    rounds = Rounds(folder / "data", options.seed, extra)
    failed, writes = 0, 0
    for number in range(options.rounds):
        acknowledged, faults = rounds.run(number)
        writes += acknowledged
        # What a kill left is looked at in the round after it.
        failed += report(number, faults)
    failed += report(options.rounds, rounds.finish())
    print(f"{writes} acknowledged writes over {options.rounds} kills")
    if failed:
        print(f"the data is kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.rounds - min(failed, options.rounds)} passed, {failed} failed")
    return 1 if failed or not writes else 0


def make_master_key(folder: Path) -> Path:
    path = folder / "key"
    path.touch(0o600)
    path.write_text(secrets.token_hex(32))
    return path


def report(number: int, faults: list[str]) -> int:
    if not faults:
        return 0
    print(f"before round {number + 1}:")
    for fault in faults[:SHOWN_FAULTS]:
        print(f"  {fault}")
    if len(faults) > SHOWN_FAULTS:
        print(f"  and {len(faults) - SHOWN_FAULTS} more")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
