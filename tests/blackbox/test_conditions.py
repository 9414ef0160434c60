"""Condition expressions, and the legacy parameters that came before them."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr

from blackbox.expect import ENVELOPE, n, placeholders, refused, s

ITEM: dict[str, Any] = {
    "pk": s("a"),
    "num": n(5),
    "txt": s("hello"),
    "flag": {"BOOL": True},
    "tags": {"SS": ["x", "y"]},
    "lst": {"L": [n(1), s("two")]},
    "doc": {"M": {"deep": n(7)}},
    "nothing": {"NULL": True},
}
VALUES: dict[str, Any] = {
    ":5": n(5),
    ":3": n(3),
    ":9": n(9),
    ":x": s("x"),
    ":hel": s("hel"),
    ":S": s("S"),
    ":one": n(1),
    ":t": {"BOOL": True},
    ":hello": s("hello"),
    ":two": n(2),
}

TRUE_CONDITIONS = [
    "num = :5",
    "num <> :3",
    "num < :9 AND num > :3",
    "num <= :5 and num >= :5",
    "num BETWEEN :3 AND :9",
    "num IN (:3, :5, :9)",
    "attribute_exists(doc.deep)",
    "attribute_not_exists(doc.absent)",
    "attribute_type(txt, :S)",
    "begins_with(txt, :hel)",
    "contains(tags, :x)",
    "contains(lst, :one)",
    "contains(txt, :hel)",
    "size(tags) = :two",
    "size(txt) = :5",
    "NOT num = :3",
    "(num = :3 OR flag = :t) AND txt = :hello",
    "num = :3 OR num = :5 AND flag = :t",
    "lst[0] = :one",
    ":5 = num",
    "txt <> num",
    "absent <> :5",
]
FALSE_CONDITIONS = [
    "num = :3",
    "absent = :5",
    "num < :3",
    "txt < :5",
    "attribute_exists(absent)",
    "attribute_not_exists(num)",
    "begins_with(absent, :hel)",
    "contains(tags, :hello)",
    "size(absent) = :two",
    "NOT (num = :5 OR flag = :t)",
    "lst[7] = :one",
]
SYNTAX_ERRORS = [
    ("num =", 'Syntax error; token: "<EOF>", near: "="'),
    ("num == :5", 'Syntax error; token: "=", near: "== :5"'),
    ("num = :absent", "An expression attribute value used in expression is not defined; attribute value: :absent"),
    ("#absent = :5", "An expression attribute name used in the document path is not defined; attribute name: #absent"),
    ("frob(num)", "Invalid function name; function: frob"),
    ("day = :5", "Attribute name is a reserved keyword; reserved keyword: day"),
    ("((num = :5))", "The expression has redundant parentheses;"),
    ("", "The expression can not be empty;"),
]


@pytest.fixture
def stored(client: Any, table: str) -> str:
    """A table that holds ITEM."""
    client.put_item(TableName=table, Item=ITEM)
    return table


def put_if(client: Any, table: str, condition: str, **more: Any) -> Any:
    used = placeholders(condition, VALUES)
    if used:
        more["ExpressionAttributeValues"] = used
    return client.put_item(TableName=table, Item=ITEM, ConditionExpression=condition, **more)


@pytest.mark.parametrize("condition", TRUE_CONDITIONS)
def test_condition_holds(client: Any, stored: str, condition: str) -> None:
    put_if(client, stored, condition)


@pytest.mark.parametrize("condition", FALSE_CONDITIONS)
def test_condition_fails(client: Any, stored: str, condition: str) -> None:
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        put_if(client, stored, condition)
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    assert "Item" not in caught.value.response


@pytest.mark.parametrize(("condition", "message"), SYNTAX_ERRORS)
def test_condition_is_malformed(client: Any, stored: str, condition: str, message: str) -> None:
    error = refused(
        client.put_item,
        "ValidationException",
        TableName=stored,
        Item=ITEM,
        ConditionExpression=condition,
        ExpressionAttributeValues={":5": n(5)},
    )
    assert error.response["Error"]["Message"] == f"{ENVELOPE}Invalid ConditionExpression: {message}"


def test_failed_condition_returns_the_item_when_asked(client: Any, stored: str) -> None:
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.delete_item(
            TableName=stored,
            Key={"pk": s("a")},
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == ITEM


def test_condition_on_a_missing_item(client: Any, table: str) -> None:
    missing: dict[str, Any] = {"TableName": table, "Key": {"pk": s("none")}}
    refused(
        client.delete_item, "ConditionalCheckFailedException", **missing, ConditionExpression="attribute_exists(pk)"
    )
    client.delete_item(**missing, ConditionExpression="attribute_not_exists(pk)")


def test_unused_placeholders(client: Any, table: str) -> None:
    refused(
        client.update_item,
        "ValidationException",
        ENVELOPE + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}",
        TableName=table,
        Key={"pk": s("a")},
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": n(1), ":unused": n(2)},
    )
    refused(
        client.update_item,
        "ValidationException",
        ENVELOPE + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}",
        TableName=table,
        Key={"pk": s("a")},
        UpdateExpression="REMOVE a",
        ExpressionAttributeNames={"#unused": "b"},
    )


def test_conditions_through_the_resource(resource: Any, stored: str) -> None:
    table = resource.Table(stored)
    condition = Attr("num").between(1, 9) & Attr("tags").contains("x") & ~Attr("absent").exists()
    table.update_item(
        Key={"pk": "a"},
        UpdateExpression="SET hits = if_not_exists(hits, :zero) + :one",
        ConditionExpression=condition,
        ExpressionAttributeValues={":zero": 0, ":one": 1},
    )
    found = table.scan(FilterExpression=Attr("hits").eq(1) & Attr("txt").begins_with("hel"))
    assert found["Count"] == 1


def test_legacy_expected(client: Any, stored: str) -> None:
    def delete_if(expected: Any, **more: Any) -> None:
        client.delete_item(TableName=stored, Key={"pk": s("a")}, Expected=expected, **more)

    failing = "ConditionalCheckFailedException"
    refused(delete_if, failing, expected={"num": {"Exists": False}})
    refused(delete_if, failing, expected={"num": {"Value": n(6)}})
    refused(delete_if, failing, expected={"num": {"ComparisonOperator": "GT", "AttributeValueList": [n(5)]}})
    either = {"num": {"Value": n(6)}, "txt": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [s("h")]}}
    refused(delete_if, failing, expected=either)
    delete_if(either, ConditionalOperator="OR")


def test_legacy_and_expression_do_not_mix(client: Any, stored: str) -> None:
    refused(
        client.put_item,
        "ValidationException",
        ENVELOPE
        + "Can not use both expression and non-expression parameters in the same request: "
        + "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
        TableName=stored,
        Item=ITEM,
        Expected={"num": {"Value": n(5)}},
        ConditionExpression="attribute_exists(pk)",
    )
