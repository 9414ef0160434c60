"""Access to some of a table: rows by the partition key, columns by the attributes that a request names, and how it is asked.

Every one of `access_cases` is carried out: what is allowed answers what it answers the root user, what is denied changes
nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from blackbox.access_cases import CASES, INDEX, ME, OTHER, POLICIES, TABLE, Case, all_of, key, update, writes
from blackbox.accounts import Account, User, allow, denied, explicitly
from blackbox.expect import n, s

pytestmark = pytest.mark.own_server


class Field:
    """The table of one policy, and the user whom it is for."""

    def __init__(self, account: Account, policy: str) -> None:
        self.account = account
        index = {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "GameTitle", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        keys = {"UserId": "HASH", "GameTitle": "RANGE"}
        self.user = account.user()
        self.table = f"Scores-{self.user.name}"
        self.root.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": name, "KeyType": role} for name, role in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            GlobalSecondaryIndexes=[index],
            BillingMode="PAY_PER_REQUEST",
        )
        waiter = self.root.get_waiter("table_exists")
        waiter.wait(TableName=self.table, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        arn = account.arn(self.table)
        self.user.may(*[{**rule, "Resource": rule["Resource"].replace(TABLE, arn)} for rule in POLICIES[policy]])

    @property
    def root(self) -> Any:
        return self.account.root.dynamodb

    def fill(self) -> list[dict[str, Any]]:
        """Sets all rows to what every case begins with."""
        for item in self.items():
            self.root.delete_item(TableName=self.table, Key={name: item[name] for name in ("UserId", "GameTitle")})
        for who in (self.user.name, "other"):
            item = {**key(who), "TopScore": n(3), "Wins": n(2)}
            self.root.put_item(TableName=self.table, Item=item)
        return self.items()

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.root.scan(TableName=self.table)["Items"]
        return found

    def request(self, parameters: dict[str, Any]) -> Any:
        """The parameters with the names of this table and this user in them."""
        text = json.dumps(parameters)
        for word, name in ((TABLE, self.table), (ME, self.user.name), (OTHER, "other")):
            text = text.replace(f'"{word}"', f'"{name}"').replace(f"'{word}'", f"'{name}'")
            text = text.replace(f'\\"{word}\\"', f'\\"{name}\\"')
        return json.loads(text)


@pytest.fixture(scope="module")
def fields(home: Account) -> dict[str, Field]:
    """The tables of the policies that were asked for until now."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_policy_allows_of_a_table(case: Case, fields: dict[str, Field], home: Account) -> None:
    if case.policy not in fields:
        fields[case.policy] = Field(home, case.policy)
    field = fields[case.policy]
    parameters, before = field.request(case.parameters), field.fill()
    call = getattr(field.user.dynamodb, case.operation)
    if case.refused is None:
        mine = call(**parameters)
        if case.operation.startswith(("get", "batch_get", "query", "scan", "transact_get")):
            theirs = getattr(field.root, case.operation)(**parameters)
            del mine["ResponseMetadata"], theirs["ResponseMetadata"]
            assert mine == theirs
        return
    on = home.arn(field.table, f"/index/{INDEX}" if case.index else "")
    why = explicitly() if case.explicit else None
    denied(call, field.user, f"dynamodb:{case.refused}", on, why, **parameters)
    assert field.items() == before


def test_every_policy_has_cases() -> None:
    assert {case.policy for case in CASES} == set(POLICIES)


@pytest.mark.parametrize(
    ("kind", "value", "same", "named"),
    [("N", "1", "1.00", "1"), ("N", "-12.5", "-1.25e1", "-12.5"), ("B", b"\x00\xff", b"\x00\xff", "AP8=")],
)
def test_keys_that_are_no_texts(home: Account, kind: str, value: Any, same: Any, named: str) -> None:
    """Policies name numbers in their shortest form and bytes in base64, however a request writes them."""
    table = f"keys-{home.user().name}"
    home.root.dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": kind}],
        BillingMode="PAY_PER_REQUEST",
    )
    user = home.user(allow("dynamodb:GetItem", home.arn(table), all_of("LeadingKeys", named)))
    for form in (value, same):
        assert "Item" not in user.dynamodb.get_item(TableName=table, Key={"pk": {kind: form}})
    other = {"pk": {kind: "2" if kind == "N" else b"\x00"}}
    denied(user.dynamodb.get_item, user, "dynamodb:GetItem", home.arn(table), TableName=table, Key=other)


def test_the_answer_of_a_conditional_write_is_no_way_around(home: Account) -> None:
    """ReturnValuesOnConditionCheckFailure answers an item too; whoever may not name an attribute cannot ask about it."""
    table = home.table()
    home.root.dynamodb.put_item(TableName=table, Item={"pk": s("a"), "secret": s("x")})
    columns = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "v"]}}
    user: User = home.user(allow("dynamodb:PutItem", home.arn(table), columns))
    request: dict[str, Any] = {
        "TableName": table,
        "Item": {"pk": s("a"), "v": s("1")},
        "ConditionExpression": "secret = :x",
        "ExpressionAttributeValues": {":x": s("y")},
    }
    denied(user.dynamodb.put_item, user, "dynamodb:PutItem", home.arn(table), **request)


FAILING = {"ConditionExpression": "attribute_not_exists(UserId)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("update_item", update("SET TopScore = :v", **FAILING)),
        ("transact_write_items", writes(("Update", update("SET TopScore = :v", **FAILING)))),
    ],
    ids=["alone", "in a transaction"],
)
def test_a_failed_condition_answers_no_more_than_a_write_may(
    fields: dict[str, Field], home: Account, operation: str, parameters: dict[str, Any]
) -> None:
    """Whoever may have back only what they changed must not have the whole item by a condition that fails."""
    field = fields.setdefault("columns", Field(home, "columns"))
    field.fill()
    call = getattr(field.user.dynamodb, operation)
    denied(call, field.user, "dynamodb:UpdateItem", home.arn(field.table), **field.request(parameters))
