"""Local and global secondary indexes: queries, projections, sparse entries, creation on a live table."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.conftest import MakeTable
from blackbox.expect import index, n, refused, s

READY_SECONDS = 20.0


@pytest.fixture
def indexed(client: Any, make_table: MakeTable) -> str:
    """A table with two global indexes and a local one."""
    name = make_table(
        sk="N",
        attributes={"team": "S", "score": "N"},
        GlobalSecondaryIndexes=[
            index("by-team", [("team", "HASH"), ("score", "RANGE")]),
            index("keys", [("team", "HASH")], "KEYS_ONLY"),
        ],
        LocalSecondaryIndexes=[
            index("by-score", [("pk", "HASH"), ("score", "RANGE")], "INCLUDE", NonKeyAttributes=["v"])
        ],
    )
    for number in range(6):
        item = {"pk": s("p"), "sk": n(number), "v": n(number * 10), "hidden": s("h")}
        if number % 2 == 0:
            item |= {"team": s("red"), "score": n(-number)}
        client.put_item(TableName=name, Item=item)
    return name


def query(client: Any, table: str, name: str, attribute: str, value: str, **more: Any) -> Any:
    return client.query(
        TableName=table,
        IndexName=name,
        KeyConditionExpression="#k = :k",
        ExpressionAttributeNames={"#k": attribute},
        ExpressionAttributeValues={":k": s(value)},
        **more,
    )


def test_index_is_sparse_and_sorted(client: Any, indexed: str) -> None:
    answer = query(client, indexed, "by-team", "team", "red")
    assert [item["sk"]["N"] for item in answer["Items"]] == ["4", "2", "0"]
    assert "hidden" in answer["Items"][0]
    assert client.scan(TableName=indexed, IndexName="by-team")["Count"] == 3


def test_projections(client: Any, indexed: str) -> None:
    keys = query(client, indexed, "keys", "team", "red")["Items"]
    assert {frozenset(item) for item in keys} == {frozenset({"pk", "sk", "team"})}
    included = query(client, indexed, "by-score", "pk", "p")["Items"]
    assert {frozenset(item) for item in included} == {frozenset({"pk", "sk", "score", "v"})}
    fetched = query(client, indexed, "by-score", "pk", "p", Select="ALL_ATTRIBUTES", ConsistentRead=True)["Items"]
    assert all("hidden" in item for item in fetched)


def test_entry_follows_the_item(client: Any, indexed: str) -> None:
    key = {"pk": s("p"), "sk": n(0)}
    client.update_item(
        TableName=indexed,
        Key=key,
        UpdateExpression="SET team = :b",
        ExpressionAttributeValues={":b": s("blue")},
    )
    assert query(client, indexed, "by-team", "team", "red")["Count"] == 2
    assert query(client, indexed, "by-team", "team", "blue")["Count"] == 1
    client.update_item(TableName=indexed, Key=key, UpdateExpression="REMOVE team")
    assert query(client, indexed, "by-team", "team", "blue")["Count"] == 0
    client.delete_item(TableName=indexed, Key={"pk": s("p"), "sk": n(2)})
    assert query(client, indexed, "by-team", "team", "red")["Count"] == 1


def test_equal_index_keys_page_without_loss(client: Any, indexed: str) -> None:
    for number in range(10, 30):
        client.put_item(TableName=indexed, Item={"pk": s(f"p{number}"), "sk": n(1), "team": s("same"), "score": n(1)})
    pages = client.get_paginator("query").paginate(
        TableName=indexed,
        IndexName="by-team",
        KeyConditionExpression="team = :t",
        ExpressionAttributeValues={":t": s("same")},
        PaginationConfig={"PageSize": 3},
    )
    listed = list(pages)
    found = [item["pk"]["S"] for page in listed for item in page["Items"]]
    assert sorted(found) == sorted(f"p{number}" for number in range(10, 30))
    assert set(listed[0]["LastEvaluatedKey"]) == {"pk", "sk", "team", "score"}


def test_key_attribute_of_a_wrong_type(client: Any, indexed: str) -> None:
    error = refused(
        client.put_item,
        "ValidationException",
        TableName=indexed,
        Item={"pk": s("p"), "sk": n(1), "team": n(1), "score": n(1)},
    )
    assert "Type mismatch for Index Key team Expected: S Actual: N IndexName: by-team" in str(error)


def test_consistent_read_of_a_global_index(client: Any, indexed: str) -> None:
    refused(
        query,
        "ValidationException",
        "Consistent reads are not supported on global secondary indexes",
        client=client,
        table=indexed,
        name="by-team",
        attribute="team",
        value="red",
        ConsistentRead=True,
    )


def test_multi_attribute_keys(client: Any, make_table: MakeTable) -> None:
    keys = [("a", "HASH"), ("b", "HASH"), ("c", "RANGE"), ("d", "RANGE")]
    name = make_table(
        attributes={"a": "S", "b": "N", "c": "S", "d": "N"},
        GlobalSecondaryIndexes=[index("multi", keys)],
    )
    for number in range(8):
        parts = {"a": s("x"), "b": n(1), "c": s("even" if number % 2 == 0 else "odd"), "d": n(number)}
        client.put_item(TableName=name, Item={"pk": s(f"p{number}"), **parts})
    client.put_item(TableName=name, Item={"pk": s("incomplete"), "a": s("x"), "b": n(1), "c": s("odd")})

    def find(condition: str) -> list[str]:
        values = {":x": s("x"), ":1": n(1), ":odd": s("odd"), ":3": n(3)}
        used = {key: value for key, value in values.items() if key in condition}
        answer = client.query(
            TableName=name, IndexName="multi", KeyConditionExpression=condition, ExpressionAttributeValues=used
        )
        return [item["pk"]["S"] for item in answer["Items"]]

    assert find("a = :x AND b = :1") == ["p0", "p2", "p4", "p6", "p1", "p3", "p5", "p7"]
    assert find("a = :x AND b = :1 AND c = :odd AND d > :3") == ["p5", "p7"]
    with pytest.raises(client.exceptions.ClientError, match="must have equality conditions"):
        find("a = :x AND b = :1 AND d > :3")


def test_index_made_on_a_live_table(client: Any, make_table: MakeTable) -> None:
    name = make_table()
    for number in range(60):
        client.put_item(TableName=name, Item={"pk": s(f"before-{number}"), "team": s("red")})

    def write(number: int) -> None:
        client.put_item(TableName=name, Item={"pk": s(f"during-{number}"), "team": s("red")})

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, number) for number in range(100)]
        client.update_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": index("by-team", [("team", "HASH")])}],
        )
        for done in writes:
            done.result()
    wait_for_index(client, name, "by-team")
    assert query(client, name, "by-team", "team", "red", Select="COUNT")["Count"] == 160
    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-team"}}])
    wait_without_indexes(client, name)
    error = refused(
        query, "ValidationException", client=client, table=name, name="by-team", attribute="team", value="red"
    )
    assert error.response["Error"]["Message"] == "The table does not have the specified index: by-team"


def wait_for_index(client: Any, table: str, name: str) -> None:
    """As an SDK user waits: until the table and the index are ACTIVE."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        described = client.describe_table(TableName=table)["Table"]
        states = {entry["IndexName"]: entry["IndexStatus"] for entry in described.get("GlobalSecondaryIndexes", [])}
        if described["TableStatus"] == "ACTIVE" and states.get(name) == "ACTIVE":
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} did not become ACTIVE: {states}")


def wait_without_indexes(client: Any, table: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        described = client.describe_table(TableName=table)["Table"]
        if described["TableStatus"] == "ACTIVE" and "GlobalSecondaryIndexes" not in described:
            return
        time.sleep(0.05)
    raise AssertionError("the index was not deleted")
