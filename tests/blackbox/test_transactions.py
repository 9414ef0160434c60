"""TransactWriteItems and TransactGetItems, through the client."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blackbox.conftest import MakeTable
from blackbox.expect import n, refused, s


def put(table: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {"pk": s(key), **attributes}}}


def get(table: str, key: str, **more: Any) -> dict[str, Any]:
    return {"Get": {"TableName": table, "Key": {"pk": s(key)}, **more}}


def add(table: str, key: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": s(key)},
            "UpdateExpression": "ADD v :n",
            "ExpressionAttributeValues": {":n": n(amount)},
            **more,
        }
    }


def test_writes_of_several_tables_are_read_together(client: Any, make_table: MakeTable) -> None:
    first, second = make_table(), make_table(sk="N")
    client.transact_write_items(
        TransactItems=[
            put(first, "a", v=n(1)),
            {"Put": {"TableName": second, "Item": {"pk": s("a"), "sk": n(1), "v": n(2)}}},
            {
                "ConditionCheck": {
                    "TableName": first,
                    "Key": {"pk": s("absent")},
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
    )
    answer = client.transact_get_items(
        TransactItems=[
            get(first, "a"),
            get(first, "absent"),
            {"Get": {"TableName": second, "Key": {"pk": s("a"), "sk": n(1)}, "ProjectionExpression": "v"}},
        ]
    )
    assert answer["Responses"] == [{"Item": {"pk": s("a"), "v": n(1)}}, {}, {"Item": {"v": n(2)}}]


def test_a_cancelled_transaction_writes_nothing_and_says_why(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    condition = {
        "ConditionExpression": "v > :n",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.transact_write_items(TransactItems=[put(table, "b"), add(table, "a", 5, **condition)])
    assert raised.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {"pk": s("a"), "v": n(1)},
        },
    ]
    assert client.scan(TableName=table)["Items"] == [{"pk": s("a"), "v": n(1)}]


def test_what_a_transaction_costs(client: Any, table: str) -> None:
    long = {"w": s("x" * 3000)}
    written = client.transact_write_items(
        TransactItems=[put(table, "a"), put(table, "b", **long)], ReturnConsumedCapacity="TOTAL"
    )
    units = {"TableName": table, "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}
    assert written["ConsumedCapacity"] == [units]
    read = client.transact_get_items(TransactItems=[get(table, "a"), get(table, "b")], ReturnConsumedCapacity="TOTAL")
    assert read["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


def test_a_token_is_good_for_one_transaction(client: Any, table: str) -> None:
    token = str(uuid.uuid4())
    for _ in range(3):
        client.transact_write_items(TransactItems=[add(table, "a", 1)], ClientRequestToken=token)
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"]["v"] == n(1)
    refused(
        client.transact_write_items,
        "IdempotentParameterMismatchException",
        TransactItems=[add(table, "a", 2)],
        ClientRequestToken=token,
    )


def test_one_token_from_many_clients_at_once(client: Any, table: str) -> None:
    tokens = [str(uuid.uuid4()) for _ in range(20)]
    failures: list[Exception] = []

    def send() -> None:
        for token in tokens:
            try:
                client.transact_write_items(TransactItems=[add(table, "a", 1)], ClientRequestToken=token)
            except ClientError as error:
                failures.append(error)

    clients = [threading.Thread(target=send) for _ in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert failures == []
    assert client.get_item(TableName=table, Key={"pk": s("a")})["Item"]["v"] == n(len(tokens))


def test_wrong_requests(client: Any, table: str) -> None:
    cases = [
        (
            [put(table, "a"), add(table, "a", 1)],
            "ValidationException",
            "Transaction request cannot include multiple operations on one item",
        ),
        ([put("absent-table", "a")], "ResourceNotFoundException", "Requested resource not found"),
        (
            [put(table, "")],
            "ValidationException",
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: pk",
        ),
    ]
    for actions, code, message in cases:
        refused(client.transact_write_items, code, message, TransactItems=actions)
