"""Streams and times to live: the requests about them, and the records that the writes of an episode made.

Every server has ARNs, shards and iterators of its own. In requests they are placeholders, which `Streams` puts each
server's own in place of, and takes out of the answers again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from differential.answers import Aspects, canonical
from differential.fleet import Links
from differential.requests import Request, Requests
from differential.shapes import Shapes, Table
from harness.wire import Answer

PAGES_MAX = 40
# A record may be seen a little after its write, so an empty page of the server under test is not believed at once.
EMPTY_PAGES = 3
EMPTY_PAUSE_SECONDS = 0.005
VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
STREAM, SHARD, ITERATOR, NUMBER = "<stream>", "<shard>", "<iterator>", "<number>"
KINDS = ("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
STREAM_ARNS = [
    "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/2015-05-20T20:51:10.252",
    "arn:aws:dynamodb:us-east-1:000000000000:table/none-of-this-name",
    "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/",
    "x" * 36,
    "x" * 37,
    "x" * 1025,
    "",
    5,
    None,
]
SHARDS = ["shardId-00000001414576573621-f55eea83", "shardId-00000001414576573621-none", "x" * 27, "x" * 66, "", 5, None]
NUMBERS = ["0" * 21, "9" * 30, "x" * 30, "1" * 20, "1" * 41, "", 5, None]
# Beside each member what may stand in its place.
BROKEN: dict[str, list[Any]] = {
    "StreamArn": STREAM_ARNS,
    "ExclusiveStartStreamArn": STREAM_ARNS,
    "ShardId": SHARDS,
    "ExclusiveStartShardId": SHARDS,
    "ShardIteratorType": [*KINDS, "AT_TIMESTAMP", "latest", "", 5, None],
    "SequenceNumber": NUMBERS,
    "ShardIterator": ["x", "", "x" * 2049, "arn:aws:dynamodb:us-east-1:000000000000|1|x", 5, None],
    "Limit": [0, -1, 1001, 101, "1", 1.5, None],
    "TableName": ["no-such-table", "ab", "", "bad name!", "a" * 256, 5, None],
    "TimeToLiveSpecification": [
        {},
        {"Enabled": True},
        {"AttributeName": "ttl"},
        {"Enabled": "yes", "AttributeName": "ttl"},
        {"Enabled": True, "AttributeName": ""},
        {"Enabled": True, "AttributeName": "x" * 256},
        {"Enabled": True, "AttributeName": "pk"},
        {"Enabled": False, "AttributeName": "other"},
        None,
        "ttl",
        [],
    ],
    "StreamSpecification": [
        {},
        {"StreamEnabled": True},
        {"StreamEnabled": False},
        {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"},
        {"StreamViewType": "KEYS_ONLY"},
        {"StreamEnabled": True, "StreamViewType": "ALL"},
        {"StreamEnabled": True, "StreamViewType": ""},
        {"StreamEnabled": "true", "StreamViewType": "KEYS_ONLY"},
        {"StreamEnabled": 1, "StreamViewType": "KEYS_ONLY"},
        {"StreamEnabled": None, "StreamViewType": None},
        None,
        [],
        "KEYS_ONLY",
    ],
}


@dataclass(frozen=True)
class StreamedTable(Table):
    """A table with a stream."""

    view: str = "NEW_AND_OLD_IMAGES"

    def definition(self) -> dict[str, Any]:
        stream = {"StreamEnabled": True, "StreamViewType": self.view}
        return {**super().definition(), "StreamSpecification": stream}


def streamed(table: Table, view: str) -> StreamedTable:
    return StreamedTable(table.name, table.keys, table.types, table.indexes, view)


class StreamRequests:
    """Draws writes, and between them requests about the stream."""

    def __init__(self, shapes: Shapes, tables: list[Table]) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self.tables = tables
        self._others = Requests(shapes, tables)
        self._writes = (self._others.put, self._others.update, self._others.delete, self._others.batch_write)
        self._last: Request | None = None

    def draw(self) -> Request:
        table = self.random.choice(self.tables)
        if self._last and self.shapes.chance(0.04):
            return replace(self._last, fault="repeated")
        if self.shapes.chance(0.7):
            request = self.random.choices(self._writes, (5, 6, 3, 2))[0](table)
            # A write that changes nothing is seen where both images are shown.
            self._last = request if table == self.tables[0] else None
            return request
        makers: tuple[Callable[[Table], Request], ...] = (self._describe, self._iterator, self._records, self._list)
        return self._perhaps_broken(self.random.choices(makers, (3, 5, 3, 2))[0](table))

    def _perhaps_broken(self, request: Request) -> Request:
        """Stream requests have breaks of their own: with those of items little would be reached."""
        return broken(request, self.shapes) if self.shapes.chance(0.7) else request

    def _describe(self, table: Table) -> Request:
        body: dict[str, Any] = {"StreamArn": STREAM}
        if self.shapes.chance(0.3):
            body["Limit"] = self.random.choice((1, 100))
        if self.shapes.chance(0.2):
            body["ExclusiveStartShardId"] = SHARD
        return Request("DescribeStream", body, table)

    def _iterator(self, table: Table) -> Request:
        kind = self.random.choice(KINDS)
        body: dict[str, Any] = {"StreamArn": STREAM, "ShardId": SHARD, "ShardIteratorType": kind}
        if kind.endswith("NUMBER") != self.shapes.chance(0.15):
            body["SequenceNumber"] = NUMBER
        return Request("GetShardIterator", body, table)

    def _records(self, table: Table) -> Request:
        body: dict[str, Any] = {"ShardIterator": ITERATOR}
        if self.shapes.chance(0.4):
            body["Limit"] = self.random.choice((1, 10, 1000))
        return Request("GetRecords", body, table)

    def _list(self, table: Table) -> Request:
        body: dict[str, Any] = {"TableName": table.name}
        if self.shapes.chance(0.3):
            body["Limit"] = self.random.choice((1, 100))
        return Request("ListStreams", body, table)


class StreamControlRequests:
    """Tables whose streams and times to live come and go."""

    def __init__(self, shapes: Shapes, prefix: str) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self._prefix = prefix
        self._count = 0

    def create(self) -> Request:
        self._count += 1
        table = self.shapes.table(f"{self._prefix}-c{self._count}")
        body = {**table.definition(), "StreamSpecification": self._specification()}
        return self._perhaps_broken(Request("CreateTable", body, table))

    def others(self, table: Table) -> list[Request]:
        """What is asked of a table that was made, in any order."""
        return [self._perhaps_broken(self._other(table)) for _ in range(self.random.randint(3, 9))]

    def _other(self, table: Table) -> Request:
        name = {"TableName": table.name}
        expiry = {"Enabled": self.shapes.chance(0.6), "AttributeName": self.random.choice(("ttl", "ttl", "other"))}
        choices = [
            Request("DescribeTable", name, table),
            Request("UpdateTable", {**name, "StreamSpecification": self._specification()}, table),
            Request("UpdateTable", {**name, "StreamSpecification": self._specification()}, table),
            Request("UpdateTimeToLive", {**name, "TimeToLiveSpecification": expiry}, table),
            Request("DescribeTimeToLive", name, table),
        ]
        return self.random.choice(choices)

    def _specification(self) -> dict[str, Any]:
        if self.shapes.chance(0.4):
            return {"StreamEnabled": False}
        return {"StreamEnabled": True, "StreamViewType": self.random.choice(VIEWS)}

    def _perhaps_broken(self, request: Request) -> Request:
        return broken(request, self.shapes) if self.shapes.chance(0.4) else request


def broken(request: Request, shapes: Shapes) -> Request:
    """The request with a member that is missing, or another in its place."""
    body = dict(request.body)
    # The streams of all tables are those of all episodes that run side by side.
    places = [name for name in body if name in BROKEN and (request.operation, name) != ("ListStreams", "TableName")]
    if not places:
        return request
    name = shapes.random.choice(places)
    if shapes.chance(0.15):
        del body[name]
        return replace(request, body=body, fault="missing")
    if shapes.chance(0.1):
        name = shapes.random.choice(list(BROKEN))
    body[name] = shapes.random.choice(BROKEN[name])
    return replace(request, body=body, fault="stream")


@dataclass
class Place:
    """A table's stream on one server: what stands for the placeholders, and where its records are read on."""

    # The iterator first: the stream's ARN may be a part of it.
    values: dict[str, str]
    iterators: list[str]


class Streams:
    """The streams of an episode's tables on all servers."""

    def __init__(self, links: Links, subject: str, tables: list[Table]) -> None:
        self._links = links
        self._subject = subject
        self._tables = [table for table in tables if isinstance(table, StreamedTable)]
        self._places: dict[tuple[str, str], Place] = {}

    def bodies(self, request: Request) -> dict[str, Any]:
        """The body for every server."""
        table = self._table(request)
        if table is None:
            return dict.fromkeys(self._links.names, request.body)
        bodies: dict[str, Any] = {}
        for name in self._links.names:
            body = json.dumps(request.body)
            for mark, value in self._place(name, table).values.items():
                body = body.replace(mark, value)
            bodies[name] = body.encode()
        return bodies

    def told(self, request: Request, name: str, answer: Answer) -> Answer:
        """The answer with the placeholders back in the place of what they stood for."""
        table = self._table(request)
        body = answer.body
        for mark, value in self._place(name, table).values.items() if table else ():
            body = body.replace(value.encode(), mark.encode())
        return replace(answer, body=body)

    def records(self) -> list[tuple[Request, dict[str, Aspects]]]:
        """For every table the records since the last time, as aspects of an answer of each server."""
        found = []
        for table in self._tables:
            body = {"TableName": table.name, "StreamViewType": table.view}
            request = Request("GetRecords", body, table, fault="the records of the episode")
            found.append((request, {name: self._new_records(name, table) for name in list(self._links.names)}))
        return found

    def skip(self) -> None:
        """What was written to make the tables equal again is nobody's difference."""
        for table in self._tables:
            for name in list(self._links.names):
                self._new_records(name, table)

    def agree(self, table: Table) -> bool:
        """Whether a table is there, and has the same settings everywhere: else later answers would differ, too."""
        body = {"TableName": table.name}
        settings = []
        for name in list(self._links.names):
            described = self._ask(name, "DescribeTable", body).get("Table")
            expiry = self._ask(name, "DescribeTimeToLive", body).get("TimeToLiveDescription", {})
            is_on = expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
            stream = described.get("StreamSpecification", {}) if described else {}
            view = stream.get("StreamViewType") if stream.get("StreamEnabled") else None
            settings.append((described is not None, view, is_on, expiry.get("AttributeName") if is_on else None))
        return settings[0][0] and all(other == settings[0] for other in settings)

    def _table(self, request: Request) -> StreamedTable | None:
        is_placed = isinstance(request.body, dict) and isinstance(request.table, StreamedTable)
        return request.table if is_placed else None  # type: ignore[return-value]

    def _place(self, name: str, table: Table) -> Place:
        """These tables have the same stream all the time."""
        known = self._places.get((name, table.name))
        if known and known.values.get(NUMBER):
            return known
        described = self._ask(name, "DescribeTable", {"TableName": table.name}).get("Table", {})
        stream = str(described.get("LatestStreamArn"))
        described = self._ask(name, "DescribeStream", {"StreamArn": stream}).get("StreamDescription", {})
        iterators: list[str] = []
        for shard in described.get("Shards", []):
            begin = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterators.append(self._ask(name, "GetShardIterator", begin).get("ShardIterator", ITERATOR))
        values: dict[str, str] = {}
        if iterators:
            first = described["Shards"][0]
            # A peer leaves it out while a shard has no records.
            number = first["SequenceNumberRange"].get("StartingSequenceNumber", "")
            values = {ITERATOR: iterators[0], SHARD: first["ShardId"], STREAM: stream}
            values |= {NUMBER: number} if number else {}
        place = Place(values, known.iterators if known else iterators)
        self._places[name, table.name] = place
        return place

    def _new_records(self, name: str, table: StreamedTable) -> Aspects:
        place = self._place(name, table)
        if not place.iterators:
            return {"outcome": "no records"}
        found: list[dict[str, Any]] = []
        for number, start in enumerate(place.iterators):
            iterator, empty_left = start, EMPTY_PAGES if name == self._subject else 1
            for _ in range(PAGES_MAX):
                page = self._ask(name, "GetRecords", {"ShardIterator": iterator})
                found += page.get("Records", [])
                iterator = page.get("NextShardIterator") or iterator
                if not page.get("Records"):
                    empty_left -= 1
                    if not empty_left or "NextShardIterator" not in page:
                        break
                    time.sleep(EMPTY_PAUSE_SECONDS)
            place.iterators[number] = iterator
        return aspects_of(table, found, is_peer=name != self._subject)

    def _ask(self, name: str, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._links.ask(operation, {name: body})[name]
        result: dict[str, Any] = answer.json() if answer.status == 200 else {}
        return result


def aspects_of(table: StreamedTable, records: list[dict[str, Any]], *, is_peer: bool) -> Aspects:
    """What records say, item by item: the order of the changes of different items is the server's own choice."""
    both = table.view == "NEW_AND_OLD_IMAGES"
    if both and is_peer:
        records = [record for record in records if is_change(record)]
    by_key: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_key.setdefault(json.dumps(canonical(record["dynamodb"]["Keys"]), sort_keys=True), []).append(record)
    ordered = [record for key in sorted(by_key) for record in by_key[key]]
    changes = [record["dynamodb"] for record in ordered]
    suffix = " of both images" if both else ""
    return {
        "outcome": "success",
        f"result Events{suffix}": [[record["eventName"] for record in by_key[key]] for key in sorted(by_key)],
        "result Keys": [canonical(change["Keys"]) for change in changes],
        "result NewImage": [canonical(change.get("NewImage")) for change in changes],
        "result OldImage": [canonical(change.get("OldImage")) for change in changes],
        "result StreamViewType": sorted({change["StreamViewType"] for change in changes}),
        "result UserIdentity": [record.get("userIdentity") for record in ordered if record.get("userIdentity")],
    }


def is_change(record: dict[str, Any]) -> bool:
    """Some peers record writes that change nothing; DynamoDB does not (developer guide, "Change data capture")."""
    change = record["dynamodb"]
    return bool(canonical(change.get("OldImage")) != canonical(change.get("NewImage")))
