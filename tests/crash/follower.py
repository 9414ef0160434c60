"""A consumer that follows a stream from kill to kill and rebuilds the table of it.

It resumes behind the last record that it was told of, reads shards after their parents, and holds every record to the
table as rebuilt so far: a change that was lost, told twice or told out of order does not begin where the one before it
ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crash.model import Item, Key, key_of, shortened
from harness.wire import Connection

PAGES_MAX = 100_000
FAULTS_MAX = 20


@dataclass(slots=True)
class Shard:
    """How far a shard was read."""

    name: str
    parent: str | None
    checkpoint: str | None = None
    is_ended: bool = False


class Follower:
    """The table as its stream tells it."""

    def __init__(self, table: str) -> None:
        self.items: dict[Key, Item] = {}
        self.records = 0
        self._table = table
        self._shards: dict[str, Shard] = {}
        self._faults: list[str] = []

    def catch_up(self, connection: Connection) -> list[str]:
        """Reads everything that is there. Returns the faults. Nobody may write meanwhile."""
        self._faults = []
        description = call(connection, "DescribeTable", {"TableName": self._table})
        stream = description["Table"]["LatestStreamArn"]
        self._list(connection, stream)
        # Parents are listed before their children.
        for shard in self._shards.values():
            if not shard.is_ended:
                self._read(connection, stream, shard)
        return self._faults[:FAULTS_MAX]

    def compare(self, found: dict[Key, Item]) -> list[str]:
        """What the table holds otherwise than its stream tells."""
        differing = [key for key in found.keys() | self.items.keys() if found.get(key) != self.items.get(key)]
        return [
            f"{self._table}: by its stream {key} is {shortened(self.items.get(key))}, but it is {shortened(found.get(key))}"
            for key in differing[:FAULTS_MAX]
        ]

    def _list(self, connection: Connection, stream: str) -> None:
        body: dict[str, Any] = {"StreamArn": stream}
        for _ in range(PAGES_MAX):
            page = call(connection, "DescribeStream", body)["StreamDescription"]
            for shard in page["Shards"]:
                name = shard["ShardId"]
                self._shards.setdefault(name, Shard(name, shard.get("ParentShardId")))
            if "LastEvaluatedShardId" not in page:
                break
            body["ExclusiveStartShardId"] = page["LastEvaluatedShardId"]
        known = list(self._shards)
        for at, shard in enumerate(self._shards.values()):
            if shard.parent in known[at:]:
                self._faults.append(f"{shard.name} is listed before its parent {shard.parent}")

    def _read(self, connection: Connection, stream: str, shard: Shard) -> None:
        place: dict[str, Any] = {"StreamArn": stream, "ShardId": shard.name, "ShardIteratorType": "TRIM_HORIZON"}
        if shard.checkpoint:
            place.update(ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=shard.checkpoint)
        iterator = call(connection, "GetShardIterator", place)["ShardIterator"]
        for _ in range(PAGES_MAX):
            page = call(connection, "GetRecords", {"ShardIterator": iterator})
            for record in page["Records"]:
                self._faults += self.take(record["dynamodb"])
                shard.checkpoint = record["dynamodb"]["SequenceNumber"]
            iterator = page.get("NextShardIterator")
            shard.is_ended = iterator is None
            if iterator is None or not page["Records"]:
                return
        raise AssertionError(f"{shard.name} did not end after {PAGES_MAX} pages")

    def take(self, change: dict[str, Any]) -> list[str]:
        """One record. Returns what is wrong with it."""
        self.records += 1
        key = key_of(change["Keys"])
        old, before, after = change.get("OldImage"), self.items.get(key), change.get("NewImage")
        if after is None:
            self.items.pop(key, None)
        else:
            self.items[key] = after
        if old == before:
            return []
        return [
            f"{self._table}: a change of {key} begins with {shortened(old)}, the last ended with {shortened(before)}"
        ]


def call(connection: Connection, operation: str, body: Any) -> Any:
    answer = connection.call(operation, body)
    assert answer.status == 200, f"{operation} was answered {answer.status} {answer.body[:300]!r}"
    return answer.json()
