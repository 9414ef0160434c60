"""Loads the server from several connections, kills it at a random moment, restarts it and looks at what is left.

Each round: `stator check` on the data that the kill left, a restart, every key compared with what was acknowledged,
all indexes compared with the table, then more load and the next kill. Transactions are whole or absent, and those with
a token are sent again after the restart, acknowledged or not: they are carried out once. A consumer goes on with the
stream where it was, and the table that it rebuilds is the table. A second table loses what has expired, and nothing
else. In half of the rounds an index is made on the live table, or deleted, so that some kills hit a backfill. The seed is printed and
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

from crash.follower import Follower, call
from crash.model import (
    DEFINITION,
    EXPIRING,
    EXPIRING_DEFINITION,
    GLOBAL_INDEX,
    LIVE_DEFINITION,
    LIVE_INDEX,
    LOCAL_INDEX,
    TABLE,
    TIME_TO_LIVE,
    Item,
    Key,
    Model,
    key_attributes,
    key_of,
    shortened,
)
from crash.writers import LOG, Writer
from harness import servers, unit_tests
from harness.wire import Connection

WRITERS = 4
LOAD_SECONDS = (0.05, 0.8)
READY_SECONDS = 30.0
EXPIRY_SECONDS = 60.0
# Of items that no later write touches. Older ones have been found after many kills.
KEPT_ITEMS = 4_000
BATCH = 25
# The job that deletes what has expired looks every second.
FLAGS = ("--ttl-pause-seconds", "1")
SHOWN_FAULTS = 10
TOLD_ROUNDS = 50


class Rounds:
    """The state that lives from kill to kill: the data directory and the model of it."""

    def __init__(self, data: Path, seed: int, extra: Sequence[str]) -> None:
        self._data = data
        self._extra = extra
        self._seed = seed
        self._random = Random(seed)
        self._model = Model()
        self._followers = {name: Follower(name) for name in (TABLE, EXPIRING)}
        # Transactions that were sent again after a restart.
        self.sent_again = 0

    def run(self, number: int) -> tuple[int, list[str]]:
        """One round. Returns the number of acknowledged writes, and the faults."""
        faults = servers.check_offline(self._data, self._extra) if number else []
        server = servers.start_stator(self._data, (*FLAGS, *self._extra))
        try:
            faults += self._look(server.endpoint) if number else create_tables(server.endpoint)
            writers = self._load(server, number)
            server.kill()
            for writer in writers:
                writer.join(30)
        finally:
            server.close()
        self._model.answered = [writer.last for writer in writers if writer.last]
        return sum(writer.acknowledged for writer in writers), faults + [f for writer in writers for f in writer.faults]

    @property
    def records(self) -> int:
        """How many changes the streams told."""
        return sum(follower.records for follower in self._followers.values())

    def finish(self) -> list[str]:
        """The last kill's data: checked and looked at, without more load."""
        faults = servers.check_offline(self._data, self._extra)
        server = servers.start_stator(self._data, (*FLAGS, *self._extra))
        try:
            return faults + self._look(server.endpoint) + self._await_expiry(server.endpoint)
        finally:
            server.close()

    def _await_expiry(self, endpoint: str) -> list[str]:
        """Everything that has expired goes, and nothing else; and the stream tells of it."""
        connection = Connection(endpoint)
        deadline = time.monotonic() + EXPIRY_SECONDS
        found = by_key(scan(connection, None, EXPIRING))
        while found.keys() & self._model.expired and time.monotonic() < deadline:
            time.sleep(0.2)
            found = by_key(scan(connection, None, EXPIRING))
        faults = [f"{EXPIRING}: {key} is still there" for key in found.keys() & self._model.expired]
        faults += self._model.settle_expiring(found)
        follower = self._followers[EXPIRING]
        faults += follower.catch_up(connection) + follower.compare(found)
        connection.close()
        return faults

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
        found = by_key(scan(connection, None))
        follower = self._followers[TABLE]
        faults = follower.catch_up(connection) + follower.compare(found)
        faults += self._model.settle(found)
        faults += self._send_again(connection)
        faults += self._model.settle_expiring(by_key(scan(connection, None, EXPIRING)))
        faults += self._followers[EXPIRING].catch_up(connection)
        for index, attributes in indexes.items():
            faults += compare_index(index, by_key(scan(connection, index)), self._model.expected(attributes))
        self._forget(connection)
        connection.close()
        return faults

    def _forget(self, connection: Connection) -> None:
        """Deletes what has been looked at often enough, so that the last rounds take no longer than the first."""
        states, lasting = self._model.states, self._model.lasting
        logged = [key for key in states if key[0].startswith(LOG)]
        for key in delete(connection, TABLE, logged[:-KEPT_ITEMS]):
            del states[key]
        for key in delete(connection, EXPIRING, list(lasting)[:-KEPT_ITEMS]):
            del lasting[key]

    def _send_again(self, connection: Connection) -> list[str]:
        """Transactions with tokens, answered and not: afterwards each was carried out once."""
        faults = []
        for transaction in [*self._model.in_doubt, *self._model.answered]:
            if "ClientRequestToken" not in transaction.body:
                continue
            self.sent_again += 1
            answer = connection.call("TransactWriteItems", transaction.body)
            if answer.status != 200:
                faults.append(f"a transaction that was sent again was answered {answer.status} {answer.body[:300]!r}")
                continue
            for key, item in transaction.after.items():
                body = {"TableName": TABLE, "Key": key_attributes(key), "ConsistentRead": True}
                found = call(connection, "GetItem", body).get("Item")
                if found != item:
                    faults.append(f"after it was sent again {key} is {shortened(found)}, not {shortened(item)}")
                self._model.states[key] = [found]
        self._model.in_doubt, self._model.answered = [], []
        return faults


def delete(connection: Connection, table: str, keys: list[Key]) -> list[Key]:
    """Deletes items of a table. They may not come back."""
    for start in range(0, len(keys), BATCH):
        requests = [{"DeleteRequest": {"Key": key_attributes(key)}} for key in keys[start : start + BATCH]]
        answer = call(connection, "BatchWriteItem", {"RequestItems": {table: requests}})
        assert not answer.get("UnprocessedItems"), answer
    return keys


def create_tables(endpoint: str) -> list[str]:
    connection = Connection(endpoint)
    requests = [("CreateTable", DEFINITION), ("CreateTable", EXPIRING_DEFINITION)]
    faults = []
    for operation, body in [*requests, ("UpdateTimeToLive", TIME_TO_LIVE)]:
        answer = connection.call(operation, body)
        if answer.status != 200:
            faults.append(f"{operation} was answered {answer.body[:300]!r}")
        wait_ready(connection)
    connection.close()
    return faults


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


def scan(connection: Connection, index: str | None, table: str = TABLE) -> list[Item]:
    body: dict[str, Any] = {"TableName": table, **({"IndexName": index} if index else {"ConsistentRead": True})}
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
    told = unit_tests.run("crash")
    folder = Path(tempfile.mkdtemp(prefix="stator-crash-"))
    extra = ("--master-key", f"file:{make_master_key(folder)}") if options.encrypted else ()
    rounds = Rounds(folder / "data", options.seed, extra)
    failed, writes = 0, 0
    for number in range(options.rounds):
        acknowledged, faults = rounds.run(number)
        writes += acknowledged
        # What a kill left is looked at in the round after it.
        failed += report(number, faults)
        if number and number % TOLD_ROUNDS == 0:
            print(f"  {number} rounds, {writes} writes", flush=True)
    failed += report(options.rounds, rounds.finish())
    print(
        f"{writes} acknowledged writes over {options.rounds} kills, {rounds.records} changes in streams, "
        f"{rounds.sent_again} transactions sent again"
    )
    if failed:
        print(f"the data is kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.rounds - min(failed, options.rounds)} passed, {failed} failed")
    return 1 if failed or not writes or not told else 0


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
