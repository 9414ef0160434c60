"""Query and Scan: key conditions, order, filters, pages, segments, legacy parameters."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, Key

from blackbox.conftest import MakeTable
from blackbox.expect import n, refused, s

SORT_KEYS = [-10, -2, -1, 0, 1, 2, 3, 10, 11, 100]

KEY_CONDITIONS = [
    ("pk = :p", SORT_KEYS),
    ("pk = :p AND sk = :3", [3]),
    ("pk = :p AND sk < :3", [-10, -2, -1, 0, 1, 2]),
    ("pk = :p AND sk <= :3", [-10, -2, -1, 0, 1, 2, 3]),
    ("sk > :3 AND pk = :p", [10, 11, 100]),
    ("pk = :p AND :3 <= sk", [3, 10, 11, 100]),
    ("pk = :p AND sk BETWEEN :m AND :3", [-1, 0, 1, 2, 3]),
    ("pk = :none", []),
]


@pytest.fixture
def filled(client: Any, sorted_table: str) -> str:
    """A table with the partitions p and q; p has the items SORT_KEYS."""
    with client_batch(client, sorted_table) as put:
        for key in SORT_KEYS:
            put({"pk": s("p"), "sk": n(key), "even": {"BOOL": key % 2 == 0}, "v": n(key)})
        put({"pk": s("q"), "sk": n(1)})
    return sorted_table


class client_batch:  # noqa: N801 - reads like the batch_writer it stands for
    """Collects puts and sends them in batches of 25."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table, self._items = client, table, []  # type: ignore[var-annotated]

    def __enter__(self) -> Any:
        return self._items.append

    def __exit__(self, *_: object) -> None:
        for start in range(0, len(self._items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in self._items[start : start + 25]]
            self._client.batch_write_item(RequestItems={self._table: requests})


def sort_keys(items: Iterable[dict[str, Any]]) -> list[int]:
    return [int(item["sk"]["N"]) for item in items]


def query(client: Any, table: str, condition: str = "pk = :p", **more: Any) -> Any:
    known = {":p": s("p"), ":none": s("none"), ":3": n(3), ":m": n(-1)}
    values = {name: value for name, value in known.items() if name in condition}
    values.update(more.pop("values", {}))
    return client.query(TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


@pytest.mark.parametrize(("condition", "expected"), KEY_CONDITIONS)
def test_key_conditions(client: Any, filled: str, condition: str, expected: list[int]) -> None:
    forward = query(client, filled, condition)
    assert sort_keys(forward["Items"]) == expected
    assert (forward["Count"], forward["ScannedCount"]) == (len(expected), len(expected))
    assert "LastEvaluatedKey" not in forward
    backward = query(client, filled, condition, ScanIndexForward=False, ConsistentRead=True)
    assert sort_keys(backward["Items"]) == expected[::-1]


def test_filter_counts_what_was_read(client: Any, filled: str) -> None:
    answer = query(client, filled, FilterExpression="even = :t", values={":t": {"BOOL": True}})
    assert (answer["Count"], answer["ScannedCount"]) == (6, 10)
    assert all(item["even"]["BOOL"] for item in answer["Items"])


def test_limit_and_last_evaluated_key(client: Any, filled: str) -> None:
    first = query(client, filled, Limit=4)
    assert sort_keys(first["Items"]) == SORT_KEYS[:4]
    assert first["LastEvaluatedKey"] == {"pk": s("p"), "sk": n(0)}
    second = query(client, filled, Limit=6, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert sort_keys(second["Items"]) == SORT_KEYS[4:]
    # The limit was reached with the last item: DynamoDB cannot know that nothing follows.
    last = query(client, filled, ExclusiveStartKey=second["LastEvaluatedKey"])
    assert (last["Count"], "LastEvaluatedKey" in last) == (0, False)


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("forward", [True, False])
def test_query_paginator(client: Any, filled: str, size: int, forward: bool) -> None:
    pages = client.get_paginator("query").paginate(
        TableName=filled,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": s("p")},
        ScanIndexForward=forward,
        PaginationConfig={"PageSize": size},
    )
    found = [key for page in pages for key in sort_keys(page["Items"])]
    assert found == (SORT_KEYS if forward else SORT_KEYS[::-1])


def test_count(client: Any, filled: str) -> None:
    answer = query(client, filled, Select="COUNT")
    assert (answer["Count"], "Items" in answer) == (10, False)


def test_pages_of_one_megabyte(client: Any, sorted_table: str) -> None:
    for key in range(12):
        client.put_item(TableName=sorted_table, Item={"pk": s("p"), "sk": n(key), "v": s("x" * 300_000)})
    pages = list(
        client.get_paginator("query").paginate(
            TableName=sorted_table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": s("p")},
            ProjectionExpression="sk",
        )
    )
    assert [key for page in pages for key in sort_keys(page["Items"])] == list(range(12))
    # 1 MB is passed with the fourth item, or would be with it: three or four a page.
    assert len(pages) in (3, 4, 5)
    scanned = client.scan(TableName=sorted_table, Select="COUNT")
    assert scanned["Count"] < 12
    assert "LastEvaluatedKey" in scanned


def test_conditions_through_the_resource(resource: Any, filled: str) -> None:
    table = resource.Table(filled)
    found = table.query(
        KeyConditionExpression=Key("pk").eq("p") & Key("sk").between(-2, 3),
        FilterExpression=Attr("even").eq(True),
        ProjectionExpression="sk, #v",
        ExpressionAttributeNames={"#v": "v"},
    )
    assert [item["sk"] for item in found["Items"]] == [-2, 0, 2]
    assert set(found["Items"][0]) == {"sk", "v"}


def test_begins_with(client: Any, make_table: MakeTable) -> None:
    name = make_table(sk="S")
    with client_batch(client, name) as put:
        for key in ("a", "ab", "ab\uffff", "abc", "ac", "b"):
            put({"pk": s("p"), "sk": s(key)})
    answer = query(client, name, "pk = :p AND begins_with(sk, :ab)", values={":ab": s("ab")})
    assert [item["sk"]["S"] for item in answer["Items"]] == ["ab", "abc", "ab\uffff"]


def test_scan_reads_everything_once(client: Any, table: str) -> None:
    keys = {f"key-{number}" for number in range(120)}
    with client_batch(client, table) as put:
        for key in keys:
            put({"pk": s(key)})
    pages = client.get_paginator("scan").paginate(TableName=table, PaginationConfig={"PageSize": 7})
    found = [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert sorted(found) == sorted(keys)


@pytest.mark.parametrize("segments", [1, 4, 13])
def test_parallel_scan(client: Any, table: str, segments: int) -> None:
    keys = {f"key-{number}" for number in range(100)}
    with client_batch(client, table) as put:
        for key in keys:
            put({"pk": s(key)})

    def segment(number: int) -> list[str]:
        pages = client.get_paginator("scan").paginate(
            TableName=table, Segment=number, TotalSegments=segments, PaginationConfig={"PageSize": 9}
        )
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

    with ThreadPoolExecutor(4) as pool:
        found = [key for part in pool.map(segment, range(segments)) for key in part]
    assert sorted(found) == sorted(keys)


def test_scan_filter_and_projection(client: Any, filled: str) -> None:
    answer = client.scan(
        TableName=filled,
        FilterExpression="pk = :p AND v > :m",
        ProjectionExpression="v",
        ExpressionAttributeValues={":p": s("p"), ":m": n(2)},
    )
    assert sorted(int(item["v"]["N"]) for item in answer["Items"]) == [3, 10, 11, 100]
    assert (answer["Count"], answer["ScannedCount"]) == (4, 11)


def test_legacy_query_and_scan(client: Any, filled: str) -> None:
    answer = client.query(
        TableName=filled,
        KeyConditions={
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [s("p")]},
            "sk": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [n(0), n(10)]},
        },
        QueryFilter={"even": {"ComparisonOperator": "EQ", "AttributeValueList": [{"BOOL": False}]}},
        AttributesToGet=["sk"],
    )
    assert answer["Items"] == [{"sk": n(1)}, {"sk": n(3)}]
    scanned = client.scan(
        TableName=filled,
        ScanFilter={
            "v": {"ComparisonOperator": "GT", "AttributeValueList": [n(10)]},
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [s("q")]},
        },
        ConditionalOperator="OR",
    )
    assert scanned["Count"] == 3


REFUSED_QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"condition": "sk = :3"}, "Query condition missed key schema element: pk"),
    ({"condition": "pk > :p"}, "Query key condition not supported"),
    (
        {"Select": "SPECIFIC_ATTRIBUTES"},
        "1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    ),
    ({"IndexName": "absent"}, "The table does not have the specified index: absent"),
    (
        {"condition": "pk = :p AND sk = :3 AND sk > :m"},
        "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
    ),
    (
        {"ProjectionExpression": "v, v"},
        "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [v], path two: [v]",
    ),
    (
        {"FilterExpression": "sk > :p"},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED_QUERIES)
def test_refused_query(client: Any, filled: str, parameters: dict[str, Any], message: str) -> None:
    refused(query, "ValidationException", message, client=client, table=filled, **parameters)


def test_refused_scans(client: Any, table: str) -> None:
    refused(
        client.scan,
        "ValidationException",
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        TableName=table,
        Segment=0,
    )
    error = refused(client.scan, "ValidationException", TableName=table, Segment=5, TotalSegments=5)
    assert "The Segment parameter is zero-based and must be less than parameter TotalSegments" in str(error)
