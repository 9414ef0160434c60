"""The load of the crash test: writers that record what they sent and what was acknowledged.

Each writer has its own connection, keys and random generator. It runs until its connection breaks, which is how it
learns of the kill; any other answer than a success is a fault of the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

from crash.model import COUNTER, EXPIRING, TABLE, Item, Key, Model, State, Transaction, key_attributes, key_of, new_item
from harness.wire import Connection, WireError

KEYS_PER_WRITER = 120
# What the partition keys of items begin with that are written once.
LOG = "log-"
YEAR_SECONDS = 365 * 24 * 3600
HOUR_SECONDS = 3600
# A writer ends by itself, should nobody kill the server.
MAX_WRITES = 20_000


class Writer:
    """One connection's worth of puts, updates, deletes, batches and increments."""

    def __init__(self, number: int, endpoint: str, model: Model, seed: str) -> None:
        self.acknowledged = 0
        # The last transaction that was acknowledged.
        self.last: Transaction | None = None
        self.faults: list[str] = []
        self._model = model
        self._random = Random(seed)
        self._log = f"{LOG}{seed}"
        self._connection = Connection(endpoint, timeout_seconds=10)
        # Few partitions with several items each: item collections for the local index.
        self._keys: list[Key] = [(f"w{number}-{part % 6}", part) for part in range(KEYS_PER_WRITER)]
        self._thread = threading.Thread(target=self._run, name=f"writer-{number}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "a writer outlived its server"

    def _run(self) -> None:
        choices: list[Callable[[], bool]] = [self._put, self._put, self._update, self._update, self._delete]
        choices += [self._append, self._append, self._batch, self._increment]
        choices += [self._transaction, self._transaction, self._expiring, self._expiring]
        for _ in range(MAX_WRITES):
            if not self._random.choice(choices)():
                break
        self._connection.close()

    def _append(self) -> bool:
        """A key that no later write touches: a lost write cannot hide behind its successor."""
        item = new_item((self._log, self.acknowledged), self._random)
        return self._write({key_of(item): item}, "PutItem", {"TableName": TABLE, "Item": item})

    def _put(self) -> bool:
        key = self._random.choice(self._keys)
        item = new_item(key, self._random)
        return self._write({key: item}, "PutItem", {"TableName": TABLE, "Item": item})

    def _update(self) -> bool:
        key = self._random.choice(self._keys)
        after: Item = dict(self._model.settled(key) or key_attributes(key))
        fresh = new_item(key, self._random)
        after["version"], after["grp"] = fresh["version"], {"S": f"g{self._random.randrange(5)}"}
        after["count"] = {"N": str(int(after.get("count", {"N": "0"})["N"]) + 1)}
        after.pop("rnk", None)
        body = {
            "TableName": TABLE,
            "Key": key_attributes(key),
            "UpdateExpression": "SET version = :v, grp = :g REMOVE rnk ADD #c :one",
            "ExpressionAttributeNames": {"#c": "count"},
            "ExpressionAttributeValues": {":v": after["version"], ":g": after["grp"], ":one": {"N": "1"}},
        }
        return self._write({key: after}, "UpdateItem", body)

    def _delete(self) -> bool:
        key = self._random.choice(self._keys)
        return self._write({key: None}, "DeleteItem", {"TableName": TABLE, "Key": key_attributes(key)})

    def _batch(self) -> bool:
        keys = self._random.sample(self._keys, self._random.randint(2, 25))
        after: dict[Key, State] = {}
        requests: list[dict[str, Any]] = []
        for key in keys:
            item = new_item(key, self._random) if self._random.random() < 0.8 else None
            after[key] = item
            put = {"PutRequest": {"Item": item}}
            requests.append(put if item else {"DeleteRequest": {"Key": key_attributes(key)}})
        return self._write(after, "BatchWriteItem", {"RequestItems": {TABLE: requests}})

    def _transaction(self) -> bool:
        """Puts, updates and deletions, all or none. Each update adds one, so that twice would show."""
        keys = self._random.sample(self._keys, self._random.randint(2, 12))
        before = {key: self._model.settled(key) for key in keys}
        after: dict[Key, State] = {}
        actions: list[dict[str, Any]] = []
        for key in keys:
            kind = self._random.choice(("Put", "Update", "Update", "Delete"))
            after[key], action = self._action(kind, key)
            actions.append({kind: {"TableName": TABLE, **action}})
        body: dict[str, Any] = {"TransactItems": actions}
        if self._random.random() < 0.7:
            body["ClientRequestToken"] = f"{self._random.getrandbits(120):x}"
        transaction = Transaction(body, before, after)
        self._model.in_doubt.append(transaction)
        if not self._write(after, "TransactWriteItems", body):
            return False
        self._model.in_doubt.remove(transaction)
        self.last = transaction
        return True

    def _action(self, kind: str, key: Key) -> tuple[State, dict[str, Any]]:
        """What an action of a transaction leaves, and its parameters."""
        if kind == "Put":
            item = new_item(key, self._random)
            return item, {"Item": item}
        if kind == "Delete":
            return None, {"Key": key_attributes(key)}
        item = dict(self._model.settled(key) or key_attributes(key))
        item["count"] = {"N": str(int(item.get("count", {"N": "0"})["N"]) + 1)}
        names, values = {"#c": "count"}, {":one": {"N": "1"}}
        expression = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        return item, {"Key": key_attributes(key), "UpdateExpression": "ADD #c :one", **expression}

    def _expiring(self) -> bool:
        """An item that expired long ago, one that will in a year, or one that did and is to stay now."""
        key = (self._log, self.acknowledged)
        will_last = self._random.random() < 0.5
        expires = int(time.time()) + (YEAR_SECONDS if will_last else -HOUR_SECONDS)
        item = {**key_attributes(key), "expires": {"N": str(expires)}}
        if will_last:
            self._model.unsettled[key] = item
        else:
            self._model.expired.add(key)
        if not self._call("PutItem", {"TableName": EXPIRING, "Item": item}):
            return False
        if will_last:
            del self._model.unsettled[key]
            self._model.lasting[key] = item
        return True

    def _increment(self) -> bool:
        body = {
            "TableName": TABLE,
            "Key": key_attributes(COUNTER),
            "UpdateExpression": "ADD hits :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        with COUNTER_LOCK:
            self._model.counter_in_doubt += 1
        if not self._call("UpdateItem", body):
            return False
        with COUNTER_LOCK:
            self._model.counter_in_doubt -= 1
            self._model.counter_acknowledged += 1
        return True

    def _write(self, after: dict[Key, State], operation: str, body: Any) -> bool:
        """Records both outcomes, sends, and settles on the new one when it is acknowledged."""
        touched = self.last is not None and any(key in self.last.after for key in after)
        if touched:
            # Its items are not as it left them any more, so it cannot be told whether it was carried out again.
            self.last = None
        for key, state in after.items():
            self._model.states[key] = [self._model.settled(key), state]
        if not self._call(operation, body):
            return False
        for key, state in after.items():
            self._model.states[key] = [state]
        return True

    def _call(self, operation: str, body: Any) -> bool:
        try:
            answer = self._connection.call(operation, body)
        except (WireError, OSError):
            return False
        if answer.status != 200 or answer.json().get("UnprocessedItems"):
            self.faults.append(f"{operation} was answered {answer.status} {answer.body[:300]!r}")
            return False
        self.acknowledged += 1
        return True


# The counter is the one thing that writers share.
COUNTER_LOCK = threading.Lock()
