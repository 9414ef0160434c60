"""ReturnConsumedCapacity and ReturnItemCollectionMetrics."""

from __future__ import annotations

from typing import Any

import pytest

from blackbox.conftest import MakeTable
from blackbox.expect import index, n, s


@pytest.fixture
def indexed(make_table: MakeTable) -> str:
    """A table with a global and a local index on the attribute g."""
    return make_table(
        sk="N",
        attributes={"g": "S"},
        GlobalSecondaryIndexes=[index("gsi", [("g", "HASH")], "KEYS_ONLY")],
        LocalSecondaryIndexes=[index("lsi", [("pk", "HASH"), ("g", "RANGE")])],
    )


def put(client: Any, table: str, **attributes: Any) -> Any:
    item = {"pk": s("p"), "sk": n(1), **attributes}
    return client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]


def test_write_units(client: Any, table: str) -> None:
    for size, units in ((10, 1.0), (1020, 1.0), (1030, 2.0), (10_000, 10.0)):
        answer = client.put_item(
            TableName=table, Item={"pk": s("a"), "v": s("x" * (size - 4))}, ReturnConsumedCapacity="TOTAL"
        )
        assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": units}
    # The larger of the item before and after counts.
    small = client.put_item(TableName=table, Item={"pk": s("a")}, ReturnConsumedCapacity="TOTAL")
    assert small["ConsumedCapacity"]["CapacityUnits"] == 10.0
    gone = client.delete_item(TableName=table, Key={"pk": s("none")}, ReturnConsumedCapacity="TOTAL")
    assert gone["ConsumedCapacity"]["CapacityUnits"] == 1.0


def test_read_units(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": s("x" * 9_000)})
    for consistent, units in ((False, 1.5), (True, 3.0)):
        answer = client.get_item(
            TableName=table,
            Key={"pk": s("a")},
            ProjectionExpression="pk",
            ConsistentRead=consistent,
            ReturnConsumedCapacity="TOTAL",
        )
        assert answer["ConsumedCapacity"]["CapacityUnits"] == units
    missing = client.get_item(TableName=table, Key={"pk": s("b")}, ReturnConsumedCapacity="TOTAL")
    assert missing["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_query_is_rounded_once(client: Any, sorted_table: str) -> None:
    for number in range(5):
        client.put_item(TableName=sorted_table, Item={"pk": s("p"), "sk": n(number), "v": s("x" * 2_000)})
    answer = client.query(
        TableName=sorted_table,
        KeyConditionExpression="pk = :p",
        FilterExpression="attribute_not_exists(v)",
        ExpressionAttributeValues={":p": s("p")},
        ReturnConsumedCapacity="TOTAL",
    )
    assert (answer["Count"], answer["ConsumedCapacity"]["CapacityUnits"]) == (0, 1.5)


def test_index_writes(client: Any, indexed: str) -> None:
    sparse = put(client, indexed)
    assert sparse == {"TableName": indexed, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}
    added = put(client, indexed, g=s("x"))
    assert added["CapacityUnits"] == 3.0
    assert added["GlobalSecondaryIndexes"] == {"gsi": {"CapacityUnits": 1.0}}
    assert added["LocalSecondaryIndexes"] == {"lsi": {"CapacityUnits": 1.0}}
    moved = put(client, indexed, g=s("y"))
    assert moved["GlobalSecondaryIndexes"] == {"gsi": {"CapacityUnits": 2.0}}
    unprojected = put(client, indexed, g=s("y"), v=n(1))
    assert "GlobalSecondaryIndexes" not in unprojected
    assert unprojected["LocalSecondaryIndexes"] == {"lsi": {"CapacityUnits": 1.0}}
    assert put(client, indexed, g=s("y"), v=n(1))["CapacityUnits"] == 1.0


def test_index_reads(client: Any, indexed: str) -> None:
    put(client, indexed, g=s("x"))
    answer = client.query(
        TableName=indexed,
        IndexName="gsi",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": s("x")},
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 0.5}},
    }


def test_none_reports_nothing(client: Any, table: str) -> None:
    answer = client.put_item(TableName=table, Item={"pk": s("a")}, ReturnConsumedCapacity="NONE")
    assert "ConsumedCapacity" not in answer


def test_item_collection_metrics(client: Any, indexed: str, table: str) -> None:
    item = {"pk": s("p"), "sk": n(1)}
    answer = client.put_item(TableName=indexed, Item=item, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {"ItemCollectionKey": {"pk": s("p")}, "SizeEstimateRangeGB": [0.0, 1.0]}
    answer = client.put_item(TableName=table, Item={"pk": s("p")}, ReturnItemCollectionMetrics="SIZE")
    assert "ItemCollectionMetrics" not in answer
