"""DynamoDB Streams with boto3: which changes make records, what the records say, and how streams come and go."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blackbox.conftest import MakeTable, delete_quietly
from blackbox.consuming import (
    NOT_STREAMING,
    VIEWS,
    Record,
    iterator_of,
    pages_from,
    read,
    shards_of,
    stream_of,
    streaming,
    until,
)
from blackbox.expect import INVALID_VALUES, index, n, refused, s

README = Path(__file__).resolve().parents[2] / "README.md"
LABEL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
# The promise is 50 ms; it is kept by the middle one of so many writes.
WRITES_TIMED = 20
READABLE_SECONDS_MAX = 0.05


def change_of(record: Record) -> tuple[str, Any, Any]:
    """What a record with both images says."""
    return record["eventName"], record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_its_images(client: Any, streams: Any, make_table: MakeTable, view: str) -> None:
    table = make_table(sk="N", **streaming(view))
    key = {"pk": s("a"), "sk": n(1)}
    before: dict[str, Any] = {**key, "v": n(1), "b": {"B": b"\x00\xff"}, "set": {"SS": ["x"]}}
    after: dict[str, Any] = {**key, "v": n(2), "l": {"L": [{"NULL": True}, {"M": {"x": {"BOOL": False}}}]}}
    client.put_item(TableName=table, Item=before)
    client.put_item(TableName=table, Item=after)
    client.delete_item(TableName=table, Key=key)
    expected = [("INSERT", None, before), ("MODIFY", before, after), ("REMOVE", after, None)]
    for record, (event, old, new) in zip(read(streams, stream_of(client, table), 3), expected, strict=True):
        change = record["dynamodb"]
        images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image is not None}
        shown = {name: image for name, image in images.items() if name in VIEWS[view]}
        assert record["eventName"] == event
        assert {name: value for name, value in change.items() if name.endswith("Image")} == shown
        assert (change["Keys"], change["StreamViewType"]) == (key, view)


def test_a_record_says_where_and_when(client: Any, streams: Any, make_table: MakeTable) -> None:
    table = make_table(**streaming())
    began = time.time()
    client.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    client.update_item(
        TableName=table,
        Key={"pk": s("a")},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": n(2)},
    )
    first, second = read(streams, stream_of(client, table), 2)
    assert first["eventVersion"] == "1.1"
    assert (first["eventSource"], first["awsRegion"]) == ("aws:dynamodb", "us-east-1")
    assert "userIdentity" not in first
    assert first["eventID"] != second["eventID"]
    assert int(first["dynamodb"]["SequenceNumber"]) < int(second["dynamodb"]["SequenceNumber"])
    assert 21 <= len(first["dynamodb"]["SequenceNumber"]) <= 40
    # The key is 3 bytes, the item 6: names, text, and 2 for a number of one digit.
    assert [record["dynamodb"]["SizeBytes"] for record in (first, second)] == [3 + 6, 3 + 6 + 6]
    at = first["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    assert began - 2 <= at <= time.time() + 1


def test_what_changes_nothing_makes_no_record(client: Any, streams: Any, make_table: MakeTable) -> None:
    table = make_table(**streaming())
    item = {"pk": s("a"), "v": n(1), "tags": {"SS": ["x", "y"]}}
    client.put_item(TableName=table, Item=item)
    key: dict[str, Any] = {"TableName": table, "Key": {"pk": s("a")}}
    client.put_item(TableName=table, Item={**item, "v": n("1.0"), "tags": {"SS": ["y", "x"]}})
    client.update_item(**key, UpdateExpression="SET v = v REMOVE w")
    client.update_item(**key)
    client.delete_item(TableName=table, Key={"pk": s("absent")})
    absent: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
    put: dict[str, Any] = {"TableName": table, "Item": {"pk": s("a"), "v": n(9)}}
    refused(client.put_item, "ConditionalCheckFailedException", **put, **absent)
    refused(client.delete_item, "ConditionalCheckFailedException", **key, **absent)
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": {"pk": s("b")}}},
                {"ConditionCheck": {**key, **absent}},
            ]
        )
    client.delete_item(**key)
    assert [change_of(record) for record in read(streams, stream_of(client, table), 2)] == [
        ("INSERT", None, item),
        ("REMOVE", item, None),
    ]


def test_every_way_to_write(client: Any, streams: Any, make_table: MakeTable) -> None:
    """Updates that make an item, batches, transactions and statements; the changes of an item in their order."""
    table = make_table(**streaming())
    key = {"TableName": table, "Key": {"pk": s("a")}}
    one = {"ExpressionAttributeValues": {":one": n(1)}}
    client.update_item(**key, UpdateExpression="ADD v :one", **one)
    client.batch_write_item(
        RequestItems={
            table: [
                {"PutRequest": {"Item": {"pk": s("a"), "v": n(2)}}},
                {"PutRequest": {"Item": {"pk": s("b"), "v": n(1)}}},
            ]
        }
    )
    client.transact_write_items(
        TransactItems=[
            {"Update": {**key, "UpdateExpression": "ADD v :one", **one}},
            {"Delete": {"TableName": table, "Key": {"pk": s("b")}}},
        ]
    )
    client.execute_statement(Statement=f"UPDATE \"{table}\" SET v = 4 WHERE pk = 'a'")
    client.execute_statement(Statement=f"INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'v': 2}}")
    client.execute_transaction(
        TransactStatements=[
            {"Statement": f"DELETE FROM \"{table}\" WHERE pk = 'a'"},
            {"Statement": f"DELETE FROM \"{table}\" WHERE pk = 'b'"},
        ]
    )
    found = read(streams, stream_of(client, table), 9)
    values: dict[str, list[tuple[str, str]]] = {"a": [], "b": []}
    for record in found:
        event, old, new = change_of(record)
        shown = f"{(old or {}).get('v', {}).get('N')} {(new or {}).get('v', {}).get('N')}"
        values[record["dynamodb"]["Keys"]["pk"]["S"]].append((event, shown))
    assert values == {
        "a": [("INSERT", "None 1"), ("MODIFY", "1 2"), ("MODIFY", "2 3"), ("MODIFY", "3 4"), ("REMOVE", "4 None")],
        "b": [("INSERT", "None 1"), ("REMOVE", "1 None"), ("INSERT", "None 2"), ("REMOVE", "2 None")],
    }
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in found]
    assert len(set(numbers)) == len(numbers)


def test_large_changes_come_in_pages(client: Any, streams: Any, make_table: MakeTable) -> None:
    """A page is at most 1 MB, and no record is too large for one."""
    table = make_table(**streaming())
    for version in range(5):
        client.put_item(TableName=table, Item={"pk": s("a"), "v": n(version), "body": s("x" * 390_000)})
    arn = stream_of(client, table)
    read(streams, arn, 5)
    [shard] = shards_of(streams, arn)
    pages = list(pages_from(streams, iterator_of(streams, arn, shard)))
    assert len(pages) > 1
    images = [change_of(record)[2]["v"]["N"] for page in pages for record in page]
    assert images == ["0", "1", "2", "3", "4"]


def test_a_stream_is_enabled_and_disabled(client: Any, streams: Any, table: str) -> None:
    """What was written before is not in it, nor what is written after; each enabling makes another stream."""
    put: Callable[[int], Any] = lambda v: client.put_item(TableName=table, Item={"pk": s("a"), "v": n(v)})  # noqa: E731
    described = client.describe_table(TableName=table)["Table"]
    assert not {"StreamSpecification", "LatestStreamArn", "LatestStreamLabel"} & described.keys()
    put(1)
    enabled = client.update_table(TableName=table, **streaming("NEW_IMAGE"))["TableDescription"]
    assert enabled["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    wait_active(client, table)
    first = stream_of(client, table)
    label = client.describe_table(TableName=table)["Table"]["LatestStreamLabel"]
    assert LABEL.fullmatch(label)
    assert first == f"{described['TableArn']}/stream/{label}"
    put(2)
    read(streams, first, 1)
    client.update_table(TableName=table, **NOT_STREAMING)
    wait_active(client, table)
    described = client.describe_table(TableName=table)["Table"]
    assert "StreamSpecification" not in described
    assert described["LatestStreamArn"] == first
    put(3)
    client.update_table(TableName=table, **streaming("KEYS_ONLY"))
    wait_active(client, table)
    second = stream_of(client, table)
    assert second != first
    put(4)
    for arn, status, view, values in [
        (first, "DISABLED", "NEW_IMAGE", ["2"]),
        (second, "ENABLED", "KEYS_ONLY", [None]),
    ]:
        stream = streams.describe_stream(StreamArn=arn)["StreamDescription"]
        assert (stream["StreamStatus"], stream["StreamViewType"]) == (status, view)
        assert [(change_of(record)[2] or {}).get("v", {}).get("N") for record in read(streams, arn, 1)] == values
        closed = ["EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in stream["Shards"]]
        assert closed == [status == "DISABLED"] * len(closed)
    listed = streams.list_streams(TableName=table)["Streams"]
    assert {entry["StreamArn"] for entry in listed} == {first, second}


def test_a_stream_outlives_its_table(client: Any, streams: Any, make_table: MakeTable) -> None:
    """Its records stay readable (developer guide, "Change data capture for DynamoDB Streams"); the deletion makes none."""
    table = make_table(**streaming())
    client.put_item(TableName=table, Item={"pk": s("a")})
    arn = stream_of(client, table)
    client.delete_table(TableName=table)
    client.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    disabled = until(
        lambda: streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"],
        lambda status: status == "DISABLED",
    )
    assert disabled == "DISABLED"
    assert [change_of(record) for record in read(streams, arn, 1)] == [("INSERT", None, {"pk": s("a")})]
    assert arn in [entry["StreamArn"] for entry in streams.list_streams(TableName=table)["Streams"]]


def test_a_stream_of_a_table_with_indexes(client: Any, streams: Any, make_table: MakeTable) -> None:
    """Index entries make no records of their own, and an index is made and deleted beside a stream."""
    table = make_table(
        attributes={"g": "S"}, GlobalSecondaryIndexes=[index("gsi", [("g", "HASH")], "KEYS_ONLY")], **streaming()
    )
    client.put_item(TableName=table, Item={"pk": s("a"), "g": s("x"), "v": n(1)})
    client.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}])
    client.put_item(TableName=table, Item={"pk": s("a"), "g": s("y"), "v": n(2)})
    found = read(streams, stream_of(client, table), 2)
    assert [(change_of(record)[2] or {}).get("g") for record in found] == [s("x"), s("y")]


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        (
            {"StreamEnabled": True},
            INVALID_VALUES + "Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"},
            INVALID_VALUES + "Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
    ],
)
def test_tables_that_cannot_be_made(client: Any, specification: dict[str, Any], message: str) -> None:
    refused(
        client.create_table,
        "ValidationException",
        message,
        TableName="never-made",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=specification,
    )


def test_changes_of_a_stream_that_are_refused(client: Any, make_table: MakeTable) -> None:
    table, with_stream = make_table(), make_table(**streaming())
    view = {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}
    throughput = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    rows: list[tuple[str, dict[str, Any], str]] = [
        (
            table,
            {"StreamSpecification": {"StreamEnabled": True}},
            INVALID_VALUES + "If stream is being enabled then UpdateViewType is required",
        ),
        (
            with_stream,
            {"StreamSpecification": view},
            INVALID_VALUES + "If stream is being disabled, then UpdateViewType must not be specified",
        ),
        (table, NOT_STREAMING, f"Table has no stream to disable: TableName: {table}"),
        (with_stream, streaming(), f"Table already has an enabled stream: TableName: {with_stream}"),
        (with_stream, streaming("KEYS_ONLY"), f"Table already has an enabled stream: TableName: {with_stream}"),
        (
            table,
            {**streaming(), "BillingMode": "PROVISIONED", **throughput},
            INVALID_VALUES + "You cannot modify stream status while updating table IOPS",
        ),
    ]
    for name, more, message in rows:
        refused(client.update_table, "ValidationException", message, TableName=name, **more)
    client.update_table(TableName=table, BillingMode="PAY_PER_REQUEST", **streaming())


def test_a_record_is_readable_at_once(client: Any, streams: Any, make_table: MakeTable) -> None:
    table = make_table(**streaming())
    arn = stream_of(client, table)
    [shard] = shards_of(streams, arn)
    iterator = iterator_of(streams, arn, shard, "LATEST")
    took: list[float] = []
    for number in range(WRITES_TIMED):
        client.put_item(TableName=table, Item={"pk": s("a"), "v": n(number)})
        acknowledged = time.monotonic()
        page = streams.get_records(ShardIterator=iterator)
        while not page["Records"]:
            assert time.monotonic() < acknowledged + 10
            page = streams.get_records(ShardIterator=page["NextShardIterator"])
        took.append(time.monotonic() - acknowledged)
        assert [change_of(record)[2]["v"] for record in page["Records"]] == [n(number)]
        iterator = page["NextShardIterator"]
    assert sorted(took)[len(took) // 2] < READABLE_SECONDS_MAX, took


def test_the_consumer_of_the_readme(endpoint: str, client: Any) -> None:
    """The example is run as it stands there, and prints what stands there."""
    section = README.read_text(encoding="utf-8").partition("\n## Streams\n")[2].partition("\n## ")[0]
    program = section.partition("```python\n")[2].partition("```")[0]
    printed = section.partition("```text\n")[2].partition("```")[0]
    assert 0 < len(program.splitlines()) <= 30
    assert "http://127.0.0.1:8000" in program
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(program.replace("http://127.0.0.1:8000", endpoint), str(README), "exec"), {})
    finally:
        delete_quietly(client, "Orders")
    assert output.getvalue() == printed


def wait_active(client: Any, table: str) -> None:
    status = until(
        lambda: client.describe_table(TableName=table)["Table"]["TableStatus"], lambda status: status == "ACTIVE"
    )
    assert status == "ACTIVE"
