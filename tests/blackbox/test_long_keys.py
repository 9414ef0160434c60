"""Keys as long as DynamoDB allows, random and full of bytes that an encoding might have to escape, in a table and in its indexes."""

from __future__ import annotations

import random
from typing import Any

from blackbox.conftest import MakeTable
from blackbox.expect import index

PARTITION_KEY_BYTES = 2048
SORT_KEY_BYTES = 1024
ITEMS = 12

Item = dict[str, Any]


def binary(value: bytes) -> Item:
    return {"B": value}


def make_items(generator: random.Random) -> list[Item]:
    """Items of one partition, in their order: one half of the sort keys is random, of the others only the last byte differs."""
    partition = generator.randbytes(PARTITION_KEY_BYTES)
    zeros = bytes(SORT_KEY_BYTES - 1)
    sorts = [generator.randbytes(SORT_KEY_BYTES) for _ in range(ITEMS // 2)]
    sorts += [zeros + bytes([last]) for last in range(ITEMS // 2)]
    team = bytes(PARTITION_KEY_BYTES)
    return [
        {
            "pk": binary(partition),
            "sk": binary(sort),
            "team": binary(team),
            "score": binary(generator.randbytes(SORT_KEY_BYTES)),
        }
        for sort in sorted(sorts)
    ]


def make_table_of_long_keys(make_table: MakeTable) -> str:
    return make_table(
        pk="B",
        sk="B",
        attributes={"team": "B", "score": "B"},
        GlobalSecondaryIndexes=[index("by-team", [("team", "HASH"), ("score", "RANGE")])],
        LocalSecondaryIndexes=[index("by-score", [("pk", "HASH"), ("score", "RANGE")])],
    )


def pages(client: Any, table: str, attribute: str, value: Item, **more: Any) -> list[Item]:
    """All items of a Query, in pages of a few, continued from the last key of each."""
    found: list[Item] = []
    request = {
        "TableName": table,
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": attribute},
        "ExpressionAttributeValues": {":k": value},
        "Limit": 5,
        **more,
    }
    while True:
        answer = client.query(**request)
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return found
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def test_longest_keys_are_kept_in_order_in_tables_and_indexes(client: Any, make_table: MakeTable) -> None:
    table = make_table_of_long_keys(make_table)
    items = make_items(random.Random(5))
    for item in random.Random(6).sample(items, len(items)):
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    for item in items:
        key = {"pk": item["pk"], "sk": item["sk"]}
        assert client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"] == item
    partition, team = items[0]["pk"], items[0]["team"]
    by_score = sorted(items, key=lambda item: item["score"]["B"])
    for is_forward in (True, False):
        order = {"ScanIndexForward": is_forward}
        step = 1 if is_forward else -1
        assert pages(client, table, "pk", partition, **order) == items[::step]
        assert pages(client, table, "team", team, IndexName="by-team", **order) == by_score[::step]
        assert pages(client, table, "pk", partition, IndexName="by-score", **order) == by_score[::step]


def test_ranges_and_writes_between_the_longest_keys(client: Any, make_table: MakeTable) -> None:
    table = make_table_of_long_keys(make_table)
    items = make_items(random.Random(7))
    client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]})
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b",
        ExpressionAttributeValues={":p": items[0]["pk"], ":a": items[2]["sk"], ":b": items[8]["sk"]},
    )
    assert answer["Items"] == items[2:9]
    keys = [{"pk": item["pk"], "sk": item["sk"]} for item in items]
    client.update_item(
        TableName=table,
        Key=keys[3],
        UpdateExpression="SET score = :s",
        ExpressionAttributeValues={":s": binary(b"\xff" * SORT_KEY_BYTES)},
    )
    client.transact_write_items(
        TransactItems=[{"Delete": {"TableName": table, "Key": key}} for key in keys[4:8]]
        + [{"ConditionCheck": {"TableName": table, "Key": keys[0], "ConditionExpression": "attribute_exists(pk)"}}]
    )
    left = pages(client, table, "team", items[0]["team"], IndexName="by-team")
    assert left[-1]["sk"] == items[3]["sk"]
    assert sorted(item["sk"]["B"] for item in left) == [item["sk"]["B"] for item in items[:4] + items[8:]]
