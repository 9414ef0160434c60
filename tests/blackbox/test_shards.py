"""Reading DynamoDB Streams with boto3: pages of streams, of shards and of records, every kind of iterator, errors."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from typing import Any

import pytest

from blackbox.conftest import MakeTable
from blackbox.consuming import (
    NOT_STREAMING,
    PAGES_MAX,
    Shard,
    iterator_of,
    pages_from,
    read,
    records_from,
    shards_of,
    stream_of,
    streaming,
)
from blackbox.expect import n, refused, s
from harness.wire import Connection

COUNT = 10
EVENTS = [str(number) for number in range(COUNT)]
# A table of so much throughput has several partitions, and so its stream several shards.
WIDE = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 4_000}}
NO_SHARD = "shardId-00000001414576573621-f55eea83"


class Filled:
    """A stream with one shard, whose records count from 0."""

    def __init__(self, client: Any, streams: Any, table: str) -> None:
        for number in range(COUNT):
            client.put_item(TableName=table, Item={"pk": s("a"), "v": n(number)})
        self.table = table
        self.arn = stream_of(client, table)
        self.numbers = [record["dynamodb"]["SequenceNumber"] for record in read(streams, self.arn, COUNT)]
        self.shard = shards_of(streams, self.arn)[0]


@pytest.fixture
def filled(client: Any, streams: Any, make_table: MakeTable) -> Filled:
    return Filled(client, streams, make_table(**streaming("NEW_IMAGE")))


def values(streams: Any, iterator: str, **more: Any) -> list[str]:
    return [record["dynamodb"]["NewImage"]["v"]["N"] for record in records_from(streams, iterator, **more)]


def test_records_come_in_pages(streams: Any, filled: Filled) -> None:
    iterator = iterator_of(streams, filled.arn, filled.shard)
    pages = [len(page) for page in pages_from(streams, iterator, Limit=3)]
    assert pages == [3, 3, 3, 1]
    assert values(streams, iterator, Limit=3) == EVENTS
    # An iterator is a place: it is not used up.
    assert values(streams, iterator) == EVENTS


def test_an_iterator_at_and_after_every_record(streams: Any, filled: Filled) -> None:
    for place, number in enumerate(filled.numbers):
        for kind, start in [("AT_SEQUENCE_NUMBER", place), ("AFTER_SEQUENCE_NUMBER", place + 1)]:
            iterator = iterator_of(streams, filled.arn, filled.shard, kind, SequenceNumber=number)
            assert values(streams, iterator) == EVENTS[start:], (kind, place)


def test_an_iterator_at_the_beginning_of_the_shard(streams: Any, filled: Filled) -> None:
    beginning = filled.shard["SequenceNumberRange"]["StartingSequenceNumber"]
    iterator = iterator_of(streams, filled.arn, filled.shard, "AT_SEQUENCE_NUMBER", SequenceNumber=beginning)
    assert values(streams, iterator) == EVENTS


def test_the_latest_iterator_sees_only_what_comes(client: Any, streams: Any, filled: Filled) -> None:
    iterator = iterator_of(streams, filled.arn, filled.shard, "LATEST")
    assert values(streams, iterator) == []
    client.put_item(TableName=filled.table, Item={"pk": s("a"), "v": n("-1")})
    read(streams, filled.arn, COUNT + 1)
    assert values(streams, iterator) == ["-1"]


def test_an_iterator_at_a_time(client: Any, streams: Any, filled: Filled) -> None:
    """Times of records are whole seconds, so a moment has to pass to tell some from others."""
    time.sleep(1.1)
    between = datetime.datetime.now(datetime.UTC)
    time.sleep(1.1)
    client.put_item(TableName=filled.table, Item={"pk": s("a"), "v": n("-1")})
    read(streams, filled.arn, COUNT + 1)
    for at, expected in [
        (between, ["-1"]),
        (datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), [*EVENTS, "-1"]),
        (datetime.datetime.now(datetime.UTC), []),
    ]:
        iterator = iterator_of(streams, filled.arn, filled.shard, "AT_TIMESTAMP", Timestamp=at)
        assert values(streams, iterator) == expected, at


def test_a_closed_shard_ends(client: Any, streams: Any, filled: Filled) -> None:
    client.update_table(TableName=filled.table, **NOT_STREAMING)
    [shard] = shards_of(streams, filled.arn)
    numbers = shard["SequenceNumberRange"]
    assert int(numbers["StartingSequenceNumber"]) <= int(filled.numbers[0])
    assert int(filled.numbers[-1]) <= int(numbers["EndingSequenceNumber"])
    for kind, expected in [("TRIM_HORIZON", EVENTS), ("LATEST", [])]:
        seen: list[str] = []
        following: str | None = iterator_of(streams, filled.arn, shard, kind)
        for _ in range(PAGES_MAX):
            if following is None:
                break
            page = streams.get_records(ShardIterator=following, Limit=4)
            seen += [record["dynamodb"]["NewImage"]["v"]["N"] for record in page["Records"]]
            following = page.get("NextShardIterator")
        assert following is None
        assert seen == expected


@pytest.fixture
def wide(client: Any, make_table: MakeTable) -> str:
    return make_table(**WIDE, **streaming())


def test_shards_come_in_pages(client: Any, streams: Any, wide: str, own_endpoint: bool) -> None:
    arn = stream_of(client, wide)
    shards = shards_of(streams, arn)
    ids = [shard["ShardId"] for shard in shards]
    # How many there are is the server's own choice, how they are named and listed is not.
    assert len(ids) >= (4 if own_endpoint else 1)
    assert len(set(ids)) == len(ids)
    assert all(28 <= len(shard_id) <= 65 for shard_id in ids)
    for limit in (1, 2, 100):
        assert shards_of(streams, arn, Limit=limit) == shards
    for number in range(40):
        client.put_item(TableName=wide, Item={"pk": s(f"p{number}")})
    found = read(streams, arn, 40)
    assert {record["dynamodb"]["Keys"]["pk"]["S"] for record in found} == {f"p{number}" for number in range(40)}
    used = [shard for shard in shards if records_from(streams, iterator_of(streams, arn, shard))]
    assert len(used) >= (4 if own_endpoint else 1)


def test_children_of_a_shard(client: Any, streams: Any, make_table: MakeTable, own_endpoint: bool) -> None:
    """A table that is given more throughput is divided: its shards are closed and continued by others."""
    if not own_endpoint:
        pytest.skip("when a partition is divided is the server's own choice")
    few = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    table = make_table(BillingMode="PROVISIONED", ProvisionedThroughput=few, **streaming("NEW_IMAGE"))
    filled = Filled(client, streams, table)
    client.update_table(TableName=table, ProvisionedThroughput=WIDE["ProvisionedThroughput"])
    for number in range(COUNT):
        client.put_item(TableName=table, Item={"pk": s("a"), "v": n(COUNT + number)})
    shards = shards_of(streams, filled.arn)
    by_parent: dict[str | None, list[Shard]] = {}
    for shard in shards:
        by_parent.setdefault(shard.get("ParentShardId"), []).append(shard)
    assert len(by_parent[None]) == 1
    assert sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards) == 4
    places = {shard["ShardId"]: place for place, shard in enumerate(shards)}
    for parent, children in by_parent.items():
        if parent is None:
            continue
        assert all(places[parent] < places[child["ShardId"]] for child in children)
        ending = int(shards[places[parent]]["SequenceNumberRange"]["EndingSequenceNumber"])
        assert all(ending <= int(child["SequenceNumberRange"]["StartingSequenceNumber"]) for child in children)
        filtered = {"ShardFilter": {"Type": "CHILD_SHARDS", "ShardId": parent}}
        assert shards_of(streams, filled.arn, **filtered) == children
        assert shards_of(streams, filled.arn, Limit=1, **filtered) == children
    seen = [record["dynamodb"]["NewImage"]["v"]["N"] for record in read(streams, filled.arn, 2 * COUNT)]
    assert seen == [str(number) for number in range(2 * COUNT)]


def test_streams_come_in_pages(client: Any, streams: Any, make_table: MakeTable) -> None:
    tables = [make_table(**streaming("KEYS_ONLY")) for _ in range(3)]
    client.update_table(TableName=tables[0], **NOT_STREAMING)
    client.update_table(TableName=tables[0], **streaming("KEYS_ONLY"))
    listed = list(listed_streams(streams, Limit=1))
    arns = [entry["StreamArn"] for entry in listed]
    assert len(set(arns)) == len(arns)
    for table, count in zip(tables, (2, 1, 1), strict=True):
        own = [entry for entry in listed if entry["TableName"] == table]
        assert len(own) == count
        assert all(entry["StreamArn"].endswith(f"table/{table}/stream/{entry['StreamLabel']}") for entry in own)
        assert list(listed_streams(streams, TableName=table, Limit=1)) == own
        assert stream_of(client, table) == own[-1]["StreamArn"]
    assert streams.list_streams(TableName="no-such-table")["Streams"] == []


def listed_streams(streams: Any, **more: Any) -> Iterator[dict[str, str]]:
    """All streams, page by page."""
    start: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        page = streams.list_streams(**more, **start)
        yield from page["Streams"]
        if "LastEvaluatedStreamArn" not in page:
            return
        start = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    raise AssertionError("the list of streams has no last page")


def test_places_that_are_none(streams: Any, filled: Filled) -> None:
    """The types are those that AWS answers; words where AWS's are known."""
    absent = filled.arn[:-4] + "9999"
    not_found = f"Requested resource not found: Stream: {absent} not found"
    no_shard = "Requested resource not found: Shard does not exist"
    far = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    rows: list[tuple[str, str | None, dict[str, Any]]] = [
        ("ResourceNotFoundException", not_found, {"StreamArn": absent}),
        ("ValidationException", "Invalid StreamArn", {"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table"}),
        ("ResourceNotFoundException", no_shard, {"ShardId": NO_SHARD}),
        ("ValidationException", None, {"ShardIteratorType": "AT_SEQUENCE_NUMBER"}),
        ("ValidationException", None, {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}),
        ("ValidationException", None, {"SequenceNumber": filled.numbers[0]}),
        ("ValidationException", None, {"ShardIteratorType": "LATEST", "SequenceNumber": filled.numbers[0]}),
        ("ValidationException", None, {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "9" * 40}),
        ("ValidationException", None, {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "x" * 30}),
        ("ValidationException", None, {"ShardIteratorType": "AT_TIMESTAMP"}),
        ("ValidationException", None, {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": far}),
        ("ValidationException", None, {"ShardIteratorType": "YESTERDAY"}),
    ]
    for error, message, changed in rows:
        place = {"StreamArn": filled.arn, "ShardId": filled.shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        refused(streams.get_shard_iterator, error, message, **{**place, **changed})


def test_requests_that_are_refused(streams: Any, filled: Filled) -> None:
    iterator = iterator_of(streams, filled.arn, filled.shard)
    damaged = iterator[:-6] + ("AAAAAA" if not iterator.endswith("AAAAAA") else "BBBBBB")
    absent = filled.arn[:-4] + "9999"
    not_found = f"Requested resource not found: Stream: {absent} not found"
    arn, shard_filter = filled.arn, {"Type": "CHILD_SHARDS"}
    rows: list[tuple[Any, str, str | None, dict[str, Any]]] = [
        (streams.get_records, "ValidationException", "Invalid ShardIterator", {"ShardIterator": damaged}),
        (streams.get_records, "ValidationException", "Invalid ShardIterator", {"ShardIterator": "no iterator"}),
        (streams.get_records, "ValidationException", None, {"ShardIterator": iterator, "Limit": 1001}),
        (streams.describe_stream, "ResourceNotFoundException", not_found, {"StreamArn": absent}),
        (streams.describe_stream, "ValidationException", "Invalid StreamArn", {"StreamArn": "x" * 40}),
        (streams.describe_stream, "ValidationException", None, {"StreamArn": arn, "ShardFilter": shard_filter}),
    ]
    for call, error, message, parameters in rows:
        refused(call, error, message, **parameters)


def test_requests_that_no_sdk_sends(wire: Connection, filled: Filled) -> None:
    for operation, body, error in [
        ("GetRecords", {}, "ValidationException"),
        ("GetRecords", {"ShardIterator": 1}, "SerializationException"),
        ("GetRecords", {"ShardIterator": "x", "Limit": 0}, "ValidationException"),
        ("DescribeStream", {}, "ValidationException"),
        ("DescribeStream", {"StreamArn": filled.arn, "Limit": 0}, "ValidationException"),
        ("DescribeStream", {"StreamArn": ["x"]}, "SerializationException"),
        ("GetShardIterator", {"StreamArn": filled.arn}, "ValidationException"),
        ("ListStreams", {"Limit": -1}, "ValidationException"),
        ("ListStreams", {"TableName": "x"}, "ValidationException"),
        ("ListStreams", [], "SerializationException"),
    ]:
        answer = wire.call(operation, body)
        assert (answer.status, answer.error_type()) == (400, error), (operation, body, answer.body)
