"""UpdateItem: update expressions, return values, legacy AttributeUpdates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.expect import ENVELOPE, INVALID_VALUES, n, placeholders, refused, s

BEFORE: dict[str, Any] = {
    "pk": s("a"),
    "num": n(5),
    "lst": {"L": [n(1), n(2), n(3)]},
    "tags": {"SS": ["x", "y"]},
    "doc": {"M": {"in": n(7), "rest": n(8)}},
}
V: dict[str, Any] = {
    ":1": n(1),
    ":l": {"L": [n(9)]},
    ":x": {"SS": ["x"]},
    ":z": {"SS": ["z"]},
    ":xy": {"SS": ["x", "y"]},
}

UPDATES: list[tuple[str, dict[str, Any]]] = [
    ("SET num = :1", {"num": n(1)}),
    ("SET num = num + :1", {"num": n(6)}),
    ("SET num = num - :1, made = num", {"num": n(4), "made": n(5)}),
    ("SET #n = if_not_exists(absent, :1)", {"num": n(1)}),
    ("SET num = if_not_exists(num, :1)", {}),
    ("SET lst[1] = :1", {"lst": {"L": [n(1), n(1), n(3)]}}),
    ("SET lst[9] = :1", {"lst": {"L": [n(1), n(2), n(3), n(1)]}}),
    ("SET lst = list_append(lst, :l)", {"lst": {"L": [n(1), n(2), n(3), n(9)]}}),
    ("SET lst = list_append(:l, lst)", {"lst": {"L": [n(9), n(1), n(2), n(3)]}}),
    ("SET doc.#n = :1", {"doc": {"M": {"in": n(7), "rest": n(8), "num": n(1)}}}),
    ("REMOVE num", {"num": None}),
    ("REMOVE lst[0], lst[2]", {"lst": {"L": [n(2)]}}),
    ("REMOVE doc.rest, absent", {"doc": {"M": {"in": n(7)}}}),
    ("ADD num :1", {"num": n(6)}),
    ("ADD fresh :1", {"fresh": n(1)}),
    ("ADD tags :z", {"tags": {"SS": ["x", "y", "z"]}}),
    ("DELETE tags :x", {"tags": {"SS": ["y"]}}),
    ("DELETE tags :xy", {"tags": None}),
    (
        "SET num = :1 REMOVE doc ADD fresh :1 DELETE tags :x",
        {"num": n(1), "doc": None, "fresh": n(1), "tags": {"SS": ["y"]}},
    ),
]

REFUSALS = [
    ("SET", ENVELOPE + 'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "SET"'),
    (
        "INVALID SYNTAX HERE",
        ENVELOPE + 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"',
    ),
    ("", ENVELOPE + "Invalid UpdateExpression: The expression can not be empty;"),
    ("SET pk = :1", INVALID_VALUES + "Cannot update attribute pk. This attribute is part of the key"),
    ("SET absent.deep = :1", "The document path provided in the update expression is invalid for update"),
    ("SET num = absent + :1", "The provided expression refers to an attribute that does not exist in the item"),
    ("SET num = tags + :1", "An operand in the update expression has an incorrect data type"),
]


def update(client: Any, table: str, expression: str, **more: Any) -> Any:
    values = placeholders(expression, V)
    if values:
        more["ExpressionAttributeValues"] = values
    if "#n" in expression:
        more["ExpressionAttributeNames"] = {"#n": "num"}
    return client.update_item(TableName=table, Key={"pk": s("a")}, UpdateExpression=expression, **more)


@pytest.mark.parametrize(("expression", "changes"), UPDATES)
def test_update(client: Any, table: str, expression: str, changes: dict[str, Any]) -> None:
    client.put_item(TableName=table, Item=BEFORE)
    after = {name: value for name, value in {**BEFORE, **changes}.items() if value is not None}
    assert update(client, table, expression, ReturnValues="ALL_NEW")["Attributes"] == after
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"] == after


@pytest.mark.parametrize(("expression", "message"), REFUSALS)
def test_refused_update(client: Any, table: str, expression: str, message: str) -> None:
    client.put_item(TableName=table, Item=BEFORE)
    error = refused(update, "ValidationException", client=client, table=table, expression=expression)
    assert error.response["Error"]["Message"] == message
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"] == BEFORE


def test_overlapping_paths(client: Any, table: str) -> None:
    error = refused(update, "ValidationException", client=client, table=table, expression="SET doc = :1, doc.deep = :1")
    assert error.response["Error"]["Message"] == (
        ENVELOPE + "Invalid UpdateExpression: Two document paths overlap with each other; "
        "must remove or rewrite one of these paths; path one: [doc], path two: [doc, deep]"
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("ALL_OLD", BEFORE),
        ("UPDATED_OLD", {"num": n(5), "doc": {"M": {"in": n(7)}}}),
        ("UPDATED_NEW", {"num": n(1), "fresh": n(1), "doc": {"M": {"in": n(1)}}}),
        ("NONE", None),
    ],
)
def test_return_values(client: Any, table: str, wanted: str, expected: Any) -> None:
    client.put_item(TableName=table, Item=BEFORE)
    answer = client.update_item(
        TableName=table,
        Key={"pk": s("a")},
        UpdateExpression="SET num = :1, fresh = :1, doc.#in = :1",
        ExpressionAttributeNames={"#in": "in"},
        ExpressionAttributeValues={":1": n(1)},
        ReturnValues=wanted,
    )
    assert answer.get("Attributes") == expected


def test_upsert(client: Any, table: str) -> None:
    client.update_item(TableName=table, Key={"pk": s("bare")})
    assert client.get_item(TableName=table, Key={"pk": s("bare")})["Item"] == {"pk": s("bare")}
    answer = update(client, table, "ADD num :1", ReturnValues="ALL_NEW")
    assert answer["Attributes"] == {"pk": s("a"), "num": n(1)}
    assert "Attributes" not in update(client, table, "REMOVE num", ReturnValues="UPDATED_NEW")


def test_legacy_attribute_updates(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item=BEFORE)
    answer = client.update_item(
        TableName=table,
        Key={"pk": s("a")},
        AttributeUpdates={
            "num": {"Action": "ADD", "Value": n(10)},
            "tags": {"Action": "DELETE", "Value": {"SS": ["x"]}},
            "doc": {"Action": "DELETE"},
            "fresh": {"Action": "PUT", "Value": s("new")},
            "lst": {"Action": "ADD", "Value": {"L": [n(4)]}},
        },
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == {
        "pk": s("a"),
        "num": n(15),
        "tags": {"SS": ["y"]},
        "fresh": s("new"),
        "lst": {"L": [n(1), n(2), n(3), n(4)]},
    }


def test_counter_under_concurrency(client: Any, table: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for answer in [pool.submit(update, client, table, "ADD num :1") for _ in range(200)]:
            answer.result()
    assert client.get_item(TableName=table, Key={"pk": s("a")}, ConsistentRead=True)["Item"]["num"] == n(200)


def test_an_update_cannot_nest_deeper_than_a_request(client: Any, table: str) -> None:
    """An update that copies an attribute into itself grew an item until it no longer decoded, and no Scan got past it."""
    client.put_item(TableName=table, Item={"pk": s("deep"), "a": {"M": {"x": s("e")}}})
    grow = {"TableName": table, "Key": {"pk": s("deep")}, "UpdateExpression": "SET a.x = a"}
    for _ in range(30):
        client.update_item(**grow)
    words = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    refused(client.update_item, "ValidationException", words, **grow)
    assert client.scan(TableName=table)["Count"] == 1
