"""Items written and read with boto3's client: every type, numbers, sizes, return values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary

from blackbox.conftest import MakeTable
from blackbox.expect import ENVELOPE, INVALID_VALUES, n, refused, s

EVERY_TYPE: dict[str, Any] = {
    "string": {"S": "text with \u00fc, \u4e2d and \U0001f600"},
    "number": {"N": "123.456"},
    "binary": {"B": b"\x00\x01\xff"},
    "true": {"BOOL": True},
    "false": {"BOOL": False},
    "null": {"NULL": True},
    "strings": {"SS": ["a", "b", "c"]},
    "numbers": {"NS": ["-1", "2", "30"]},
    "binaries": {"BS": [b"a", b"b"]},
    "list": {"L": [{"S": "x"}, {"N": "1"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"inner": {"M": {"deep": {"BOOL": True}}}, "empty": {"S": ""}}},
    "empty string": {"S": ""},
    "empty binary": {"B": b""},
}

NORMAL_FORMS = [
    ("0", "0"),
    ("-0", "0"),
    ("1.0", "1"),
    ("007", "7"),
    ("+5", "5"),
    (".5", "0.5"),
    ("5.", "5"),
    ("1.5E2", "150"),
    ("1e-3", "0.001"),
    ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ("1E125", "1" + "0" * 125),
    ("9.9999999999999999999999999999999999999E125", "9" * 38 + "0" * 88),
    ("-1E-130", "-0." + "0" * 129 + "1"),
    ("100000.00001", "100000.00001"),
]

BAD_NUMBERS = [
    ("abc", "The parameter cannot be converted to a numeric value: abc"),
    ("1.2.3", "The parameter cannot be converted to a numeric value: 1.2.3"),
    ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
    ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
]

BAD_VALUES = [
    ({"SS": []}, INVALID_VALUES + "An string set  may not be empty"),
    ({"NS": []}, INVALID_VALUES + "An number set  may not be empty"),
    ({"BS": []}, INVALID_VALUES + "Binary sets should not be empty"),
    ({"SS": ["b", "a", "b"]}, INVALID_VALUES + 'Input collection ["a", "b", "b"] contains duplicates.'),
    ({"NS": ["1", "1.0"]}, INVALID_VALUES + "Input collection contains duplicates."),
    ({"NULL": False}, INVALID_VALUES + "Null attribute value types must have the value of true"),
]


def test_every_type_comes_back(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), **EVERY_TYPE})
    assert client.get_item(TableName=table, Key={"pk": s("a")}, ConsistentRead=True)["Item"] == {
        "pk": s("a"),
        **EVERY_TYPE,
    }


def test_python_values_through_the_resource(resource: Any, table: str) -> None:
    item = {
        "pk": "a",
        "decimal": Decimal("3.14"),
        "binary": Binary(b"\x01"),
        "set": {"x", "y"},
        "numbers": {Decimal(1), Decimal("2.5")},
        "list": [1, "two", None, True],
        "map": {"nested": {"deep": [Decimal("0.1")]}},
    }
    resource.Table(table).put_item(Item=item)
    assert resource.Table(table).get_item(Key={"pk": "a"})["Item"] == item


@pytest.mark.parametrize(("sent", "stored"), NORMAL_FORMS)
def test_number_normal_form(client: Any, table: str, sent: str, stored: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": n(sent), "set": {"NS": [sent]}})
    item = client.get_item(TableName=table, Key={"pk": s("a")})["Item"]
    assert item["v"] == n(stored)
    assert item["set"] == {"NS": [stored]}


@pytest.mark.parametrize(("sent", "message"), BAD_NUMBERS)
def test_bad_number(client: Any, table: str, sent: str, message: str) -> None:
    refused(
        client.put_item, "ValidationException", ENVELOPE + message, TableName=table, Item={"pk": s("a"), "v": n(sent)}
    )
    refused(client.get_item, "ValidationException", message, TableName=table, Key={"pk": n(sent)})


@pytest.mark.parametrize(("value", "message"), BAD_VALUES)
def test_bad_value(client: Any, table: str, value: Any, message: str) -> None:
    item = {"pk": s("a"), "v": value}
    refused(client.put_item, "ValidationException", ENVELOPE + message, TableName=table, Item=item)


def test_sets_come_back_sorted(client: Any, table: str) -> None:
    sets = {"ss": {"SS": ["b", "", "a", "B"]}, "ns": {"NS": ["10", "9", "-1"]}, "bs": {"BS": [b"\xff", b"\x00", b""]}}
    client.put_item(TableName=table, Item={"pk": s("a"), **sets})
    item = client.get_item(TableName=table, Key={"pk": s("a")})["Item"]
    assert item["ss"] == {"SS": ["", "B", "a", "b"]}
    assert item["ns"] == {"NS": ["-1", "9", "10"]}
    assert item["bs"] == {"BS": [b"", b"\x00", b"\xff"]}


def test_put_replaces_the_whole_item(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "old": n(1)})
    answer = client.put_item(TableName=table, Item={"pk": s("a"), "new": n(2)}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"pk": s("a"), "old": n(1)}
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"] == {"pk": s("a"), "new": n(2)}


def test_first_put_returns_no_attributes(client: Any, table: str) -> None:
    answer = client.put_item(TableName=table, Item={"pk": s("a")}, ReturnValues="ALL_OLD")
    assert "Attributes" not in answer


def test_missing_item_has_no_item_member(client: Any, table: str) -> None:
    assert "Item" not in client.get_item(TableName=table, Key={"pk": s("none")})


def test_delete(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    answer = client.delete_item(TableName=table, Key={"pk": s("a")}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"pk": s("a"), "v": n(1)}
    assert "Item" not in client.get_item(TableName=table, Key={"pk": s("a")})
    assert "Attributes" not in client.delete_item(TableName=table, Key={"pk": s("a")}, ReturnValues="ALL_OLD")


@pytest.mark.parametrize(("kind", "low", "high"), [("S", "", "b"), ("N", "-1e125", "1E-130"), ("B", b"\x01", b"\xff")])
def test_key_types(client: Any, make_table: MakeTable, kind: str, low: Any, high: Any) -> None:
    name = make_table(pk=kind, sk=kind)
    values = [low or "a", high]
    for value in values:
        client.put_item(TableName=name, Item={"pk": {kind: high}, "sk": {kind: value}})
    found = client.query(
        TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {kind: high}}
    )
    assert found["Count"] == 2
    kept = client.get_item(TableName=name, Key={"pk": {kind: high}, "sk": {kind: values[0]}})
    assert kept["Item"]["sk"] == found["Items"][0]["sk"]


def test_projection(client: Any, table: str) -> None:
    nested = {"M": {"l": {"L": [n(0), {"M": {"x": n(1), "y": n(2)}}]}, "other": n(3)}}
    client.put_item(TableName=table, Item={"pk": s("a"), "doc": nested, "plain": n(4), "more": n(5)})
    answer = client.get_item(
        TableName=table,
        Key={"pk": s("a")},
        ProjectionExpression="#d.l[1].x, plain, absent, doc.l[0]",
        ExpressionAttributeNames={"#d": "doc"},
    )
    assert answer["Item"] == {"doc": {"M": {"l": {"L": [n(0), {"M": {"x": n(1)}}]}}}, "plain": n(4)}


def test_largest_item(client: Any, table: str) -> None:
    overhead = len("pk") + len("a") + len("v")
    largest = {"pk": s("a"), "v": s("x" * (409_600 - overhead))}
    client.put_item(TableName=table, Item=largest)
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"] == largest
    error = refused(
        client.put_item,
        "ValidationException",
        TableName=table,
        Item={"pk": s("a"), "v": s("x" * (409_600 - overhead + 1))},
    )
    assert "Item size has exceeded the maximum allowed size" in str(error)


def test_nesting_limit(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": nested(31)})
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"]["v"] == nested(31)
    error = refused(client.put_item, "ValidationException", TableName=table, Item={"pk": s("a"), "v": nested(32)})
    assert "Nesting Levels have exceeded supported limits" in str(error)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = s("core")
    for _ in range(levels):
        value = {"M": {"m": value}}
    return value
