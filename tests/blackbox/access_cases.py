"""Policies for some of a table, and what may be asked under each of them and what not.

The policies are those of the developer guide ("Using IAM policy conditions for fine-grained access control", "IAM security
policies with PartiQL for DynamoDB", and the IAM section of "Managing complex workflows with DynamoDB transactions") with
the name of the user in the place of an identity of the web.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from blackbox.accounts import Statement, allow, deny
from blackbox.expect import n, s

# In the requests of the cases these stand for the table, the user who asks, and another player.
TABLE, ME, OTHER = "TABLE", "ME", "OTHER"
INDEX = "ByTitle"

ROWS = ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]
PARTIQL = ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"]


def actions(*names: str) -> list[str]:
    return [f"dynamodb:{name}" for name in names]


def all_of(key: str, *values: str, operator: str = "StringEquals") -> dict[str, dict[str, list[str]]]:
    return {f"ForAllValues:{operator}": {f"dynamodb:{key}": list(values)}}


OWN = all_of("LeadingKeys", "${aws:username}")
COLUMNS = all_of("Attributes", "UserId", "GameTitle", "TopScore")
CHANGED_ONLY = ["NONE", "UPDATED_OLD", "UPDATED_NEW"]
IN_TRANSACTION = {
    "ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems", "TransactGetItems"]}
}

# Each allows or denies on the table itself; the index has a policy of its own.
POLICIES: dict[str, list[Statement]] = {
    "own rows": [allow(actions(*ROWS), TABLE, OWN)],
    "own rows, and Scan": [allow(actions(*ROWS, "Scan"), TABLE, OWN)],
    "own rows, by the newer key": [allow(actions(*ROWS), TABLE, all_of("FirstPartitionKeyValues", "${aws:username}"))],
    "own rows, read only": [allow(actions("GetItem", "BatchGetItem", "Query"), TABLE, OWN)],
    "columns": [
        allow(
            actions("UpdateItem", "GetItem", "Query", "BatchGetItem", "Scan"),
            TABLE,
            {
                **COLUMNS,
                "StringEqualsIfExists": {
                    "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
                    "dynamodb:ReturnValues": CHANGED_ONLY,
                },
            },
        )
    ],
    "but for two columns": [
        allow(
            actions("UpdateItem"),
            TABLE,
            {
                **all_of("Attributes", "FreeGames", "BossLevel", operator="StringNotLike"),
                "StringEquals": {"dynamodb:ReturnValues": CHANGED_ONLY},
            },
        )
    ],
    "columns are denied": [
        allow(actions("PutItem"), TABLE),
        deny(actions("PutItem"), TABLE, {"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["Wins"]}}),
    ],
    "columns and rows": [
        allow(
            actions("GetItem", "UpdateItem"),
            TABLE,
            {
                "ForAllValues:StringEquals": {
                    "dynamodb:LeadingKeys": ["${aws:username}"],
                    "dynamodb:Attributes": ["UserId", "GameTitle", "TopScore"],
                },
                "StringEqualsIfExists": {
                    "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
                    "dynamodb:ReturnValues": CHANGED_ONLY,
                },
            },
        )
    ],
    "counts": [allow(actions("Query", "Scan"), TABLE, {"StringEquals": {"dynamodb:Select": "COUNT"}})],
    "no figures": [
        allow(actions("GetItem"), TABLE, {"StringEqualsIfExists": {"dynamodb:ReturnConsumedCapacity": "NONE"}})
    ],
    "columns of an index": [
        allow(
            actions("Query"),
            f"{TABLE}/index/{INDEX}",
            {
                **all_of("Attributes", "GameTitle", "TopScore"),
                "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            },
        )
    ],
    "all of an index": [
        allow(
            actions("Query"),
            f"{TABLE}/index/{INDEX}",
            {"StringEquals": {"dynamodb:Select": "ALL_PROJECTED_ATTRIBUTES"}},
        )
    ],
    "in transactions": [allow(actions("PutItem", "UpdateItem", "DeleteItem", "GetItem"), TABLE, IN_TRANSACTION)],
    "not in transactions": [
        deny(actions("ConditionCheckItem", "PutItem", "UpdateItem", "DeleteItem", "GetItem"), TABLE, IN_TRANSACTION),
        allow(actions("PutItem", "UpdateItem", "DeleteItem", "GetItem"), TABLE),
    ],
    "statements": [allow(actions(*PARTIQL), TABLE)],
    "statements that read": [allow(actions("PartiQLSelect"), TABLE)],
    "no full scans": [
        deny(actions("PartiQLSelect"), TABLE, {"Bool": {"dynamodb:FullTableScan": ["true"]}}),
        allow(actions("PartiQLSelect"), TABLE),
    ],
    "statements on own rows": [allow(actions(*PARTIQL), TABLE, {**OWN, "Bool": {"dynamodb:FullTableScan": "false"}})],
    "writes of own rows by statements": [allow(actions("PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"), TABLE, OWN)],
    "statements in transactions": [
        allow(actions(*PARTIQL), TABLE, {"StringEquals": {"dynamodb:EnclosingOperation": ["ExecuteTransaction"]}})
    ],
    "statements on columns": [
        allow(
            actions("PartiQLSelect", "PartiQLUpdate"),
            TABLE,
            {
                **COLUMNS,
                "StringEqualsIfExists": {
                    "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
                    "dynamodb:ReturnValues": CHANGED_ONLY,
                },
            },
        )
    ],
}


@dataclass(frozen=True)
class Case:
    """What is asked under a policy; the action that is refused, or None where it is allowed."""

    policy: str
    operation: str
    refused: str | None
    parameters: dict[str, Any] = field(default_factory=dict)
    index: bool = False
    explicit: bool = False

    def __str__(self) -> str:
        return f"{self.policy}: {self.operation} {json.dumps(self.parameters)}"


def key(who: str) -> dict[str, Any]:
    return {"UserId": s(who), "GameTitle": s("Chess")}


def get(who: str = ME, **more: Any) -> dict[str, Any]:
    return {"TableName": TABLE, "Key": key(who), **more}


def put(who: str = ME, **more: Any) -> dict[str, Any]:
    return {"TableName": TABLE, "Item": {**key(who), **more}}


def query(who: str = ME, **more: Any) -> dict[str, Any]:
    values = {":u": s(who), **more.pop("values", {})}
    condition = {"KeyConditionExpression": "UserId = :u", "ExpressionAttributeValues": values}
    return {"TableName": TABLE, **condition, **more}


def of_index(**more: Any) -> dict[str, Any]:
    condition = {"KeyConditionExpression": "GameTitle = :t", "ExpressionAttributeValues": {":t": s("Chess")}}
    return {"TableName": TABLE, "IndexName": INDEX, **condition, **more}


def update(expression: str, who: str = ME, **more: Any) -> dict[str, Any]:
    values = {":v": n(7)} if ":v" in expression + more.get("ConditionExpression", "") else None
    given = {"ExpressionAttributeValues": values} if values else {}
    return {"TableName": TABLE, "Key": key(who), "UpdateExpression": expression, **given, **more}


def batch_get(*whose: str, **more: Any) -> dict[str, Any]:
    return {"RequestItems": {TABLE: {"Keys": [key(who) for who in whose], **more}}}


def batch_write(*whose: str) -> dict[str, Any]:
    first, *others = whose
    puts = [{"PutRequest": {"Item": key(first)}}]
    return {"RequestItems": {TABLE: puts + [{"DeleteRequest": {"Key": key(who)}} for who in others]}}


def writes(*elements: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"TransactItems": [{kind: parameters} for kind, parameters in elements]}


def gets(*whose: str) -> dict[str, Any]:
    return {"TransactItems": [{"Get": get(who)} for who in whose]}


def check(who: str = ME) -> tuple[str, dict[str, Any]]:
    return "ConditionCheck", get(who, ConditionExpression="attribute_exists(UserId)")


def statement(text: str, *parameters: str) -> dict[str, Any]:
    given = {"Parameters": [s(value) for value in parameters]} if parameters else {}
    return {"Statement": text, **given}


def statements(*texts: str) -> dict[str, Any]:
    return {"TransactStatements": [{"Statement": text} for text in texts]}


def select(where: str, what: str = "*") -> str:
    return f'SELECT {what} FROM "{TABLE}" WHERE {where}'


MY_ROW = f"UserId = '{ME}' AND GameTitle = 'Chess'"
THEIR_ROW = f"UserId = '{OTHER}' AND GameTitle = 'Chess'"


def insert(who: str) -> str:
    return f"INSERT INTO \"{TABLE}\" VALUE {{'UserId': '{who}', 'GameTitle': 'Go'}}"


def legacy(who: str) -> dict[str, Any]:
    return {"UserId": {"ComparisonOperator": "EQ", "AttributeValueList": [s(who)]}}


ROW_CASES = [
    Case("own rows", "get_item", None, get()),
    Case("own rows", "get_item", "GetItem", get(OTHER)),
    Case("own rows", "get_item", "GetItem", get("nobody")),
    Case("own rows", "batch_get_item", None, batch_get(ME)),
    Case("own rows", "batch_get_item", "BatchGetItem", batch_get(ME, OTHER)),
    Case("own rows", "query", None, query()),
    Case("own rows", "query", "Query", query(OTHER)),
    Case("own rows", "query", None, {"TableName": TABLE, "KeyConditions": legacy(ME)}),
    Case("own rows", "query", "Query", {"TableName": TABLE, "KeyConditions": legacy(OTHER)}),
    Case("own rows", "query", "Query", of_index(), index=True),
    Case("own rows", "scan", "Scan", {"TableName": TABLE}),
    Case("own rows", "put_item", None, put(Wins=n(1))),
    Case("own rows", "put_item", "PutItem", put(OTHER)),
    Case("own rows", "update_item", None, update("SET Wins = :v")),
    Case("own rows", "update_item", "UpdateItem", update("SET Wins = :v", OTHER)),
    Case("own rows", "delete_item", None, get()),
    Case("own rows", "delete_item", "DeleteItem", get(OTHER)),
    Case("own rows", "batch_write_item", None, batch_write(ME)),
    Case("own rows", "batch_write_item", "BatchWriteItem", batch_write(OTHER)),
    Case("own rows", "batch_write_item", "BatchWriteItem", batch_write(ME, OTHER)),
    Case("own rows", "transact_write_items", None, writes(("Put", put()))),
    Case("own rows", "transact_write_items", "PutItem", writes(("Put", put(OTHER)))),
    Case("own rows", "transact_write_items", "DeleteItem", writes(("Put", put()), ("Delete", get(OTHER)))),
    Case("own rows", "transact_write_items", "UpdateItem", writes(("Update", update("SET Wins = :v", OTHER)))),
    Case("own rows", "transact_write_items", "ConditionCheckItem", writes(check())),
    Case("own rows", "transact_get_items", None, gets(ME)),
    Case("own rows", "transact_get_items", "GetItem", gets(ME, OTHER)),
    Case("own rows", "execute_statement", "PartiQLSelect", statement(select(MY_ROW))),
    Case("own rows, by the newer key", "get_item", None, get()),
    Case("own rows, by the newer key", "get_item", "GetItem", get(OTHER)),
    Case("own rows, by the newer key", "query", "Query", query(OTHER)),
    Case("own rows, by the newer key", "batch_write_item", "BatchWriteItem", batch_write(ME, OTHER)),
    # "For all values" holds of a request that has none: whoever allows Scan so allows all of it, as the guide warns.
    Case("own rows, and Scan", "scan", None, {"TableName": TABLE}),
    Case("own rows, and Scan", "query", "Query", query(OTHER)),
    Case("own rows, read only", "get_item", None, get()),
    Case("own rows, read only", "put_item", "PutItem", put()),
    Case("own rows, read only", "delete_item", "DeleteItem", get()),
]

SCORE: dict[str, Any] = {"ProjectionExpression": "UserId, TopScore"}
NAMED: dict[str, Any] = {"ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "Wins"}}
NUMBER = {"AttributeValueList": [n(1)], "ComparisonOperator": "EQ"}

COLUMN_CASES = [
    Case("columns", "get_item", None, get(**SCORE)),
    Case("columns", "get_item", None, get(OTHER, **SCORE)),
    Case("columns", "get_item", None, get(ProjectionExpression="TopScore.best[0]")),
    Case("columns", "get_item", "GetItem", get()),
    Case("columns", "get_item", "GetItem", get(ProjectionExpression="UserId, Wins")),
    Case("columns", "get_item", "GetItem", get(ProjectionExpression="Wins.TopScore")),
    Case("columns", "get_item", "GetItem", get(**NAMED)),
    Case("columns", "get_item", None, get(AttributesToGet=["TopScore"])),
    Case("columns", "get_item", "GetItem", get(AttributesToGet=["TopScore", "Wins"])),
    Case("columns", "batch_get_item", None, batch_get(ME, **SCORE)),
    Case("columns", "batch_get_item", "BatchGetItem", batch_get(ME)),
    Case("columns", "batch_get_item", "BatchGetItem", batch_get(ME, **NAMED)),
    Case("columns", "query", None, query(**SCORE)),
    Case("columns", "query", None, query(**SCORE, FilterExpression="TopScore > :v", values={":v": n(1)})),
    Case("columns", "query", "Query", query()),
    Case("columns", "query", "Query", query(Select="COUNT")),
    Case("columns", "query", "Query", query(**SCORE, FilterExpression="Wins > :v", values={":v": n(1)})),
    Case("columns", "query", "Query", query(**SCORE, FilterExpression="attribute_exists(Wins)")),
    Case("columns", "scan", None, {"TableName": TABLE, **SCORE}),
    Case("columns", "scan", "Scan", {"TableName": TABLE}),
    Case("columns", "scan", "Scan", {"TableName": TABLE, **SCORE, "FilterExpression": "size(Wins) > TopScore"}),
    Case(
        "columns", "scan", "Scan", {"TableName": TABLE, "AttributesToGet": ["UserId"], "ScanFilter": {"Wins": NUMBER}}
    ),
    Case("columns", "update_item", None, update("SET TopScore = :v")),
    Case("columns", "update_item", None, update("SET TopScore = :v", ReturnValues="UPDATED_NEW")),
    Case("columns", "update_item", "UpdateItem", update("SET TopScore = :v", ReturnValues="ALL_NEW")),
    Case("columns", "update_item", "UpdateItem", update("SET TopScore = :v", ReturnValues="ALL_OLD")),
    Case("columns", "update_item", "UpdateItem", update("SET Wins = :v")),
    Case("columns", "update_item", "UpdateItem", update("SET TopScore = Wins")),
    Case("columns", "update_item", "UpdateItem", update("SET TopScore = if_not_exists(Wins, :v)")),
    Case("columns", "update_item", "UpdateItem", update("REMOVE Wins")),
    Case("columns", "update_item", "UpdateItem", update("ADD Wins :v")),
    Case("columns", "update_item", "UpdateItem", update("SET TopScore = :v", ConditionExpression="Wins = :v")),
    Case("columns", "update_item", None, get(AttributeUpdates={"TopScore": {"Value": n(1), "Action": "PUT"}})),
    Case("columns", "update_item", "UpdateItem", get(AttributeUpdates={"Wins": {"Value": n(1), "Action": "PUT"}})),
    Case("columns", "update_item", "UpdateItem", get(Expected={"Wins": {"Exists": False}})),
    Case("columns", "delete_item", "DeleteItem", get()),
    Case("but for two columns", "update_item", None, update("SET Wins = :v")),
    Case("but for two columns", "update_item", "UpdateItem", update("SET Wins = :v, BossLevel = :v")),
    Case("but for two columns", "update_item", "UpdateItem", update("SET Wins = :v", ReturnValues="ALL_NEW")),
    Case("columns are denied", "put_item", None, put(TopScore=n(1))),
    Case("columns are denied", "put_item", "PutItem", put(Wins=n(1)), explicit=True),
    Case("columns and rows", "get_item", None, get(**SCORE)),
    Case("columns and rows", "get_item", "GetItem", get(OTHER, **SCORE)),
    Case("columns and rows", "get_item", "GetItem", get(**NAMED)),
    Case("columns and rows", "update_item", None, update("SET TopScore = :v")),
    Case("columns and rows", "update_item", "UpdateItem", update("SET TopScore = :v", OTHER)),
    Case("counts", "query", None, query(Select="COUNT")),
    Case("counts", "query", "Query", query()),
    Case("counts", "scan", None, {"TableName": TABLE, "Select": "COUNT"}),
    Case("counts", "scan", "Scan", {"TableName": TABLE, "Select": "ALL_ATTRIBUTES"}),
    Case("no figures", "get_item", None, get()),
    Case("no figures", "get_item", None, get(ReturnConsumedCapacity="NONE")),
    Case("no figures", "get_item", "GetItem", get(ReturnConsumedCapacity="TOTAL")),
    Case("columns of an index", "query", None, of_index(ProjectionExpression="TopScore")),
    Case("columns of an index", "query", "Query", of_index(ProjectionExpression="Wins"), index=True),
    Case("columns of an index", "query", "Query", of_index(), index=True),
    Case("columns of an index", "query", "Query", query(ProjectionExpression="TopScore")),
    Case("all of an index", "query", None, of_index()),
    Case("all of an index", "query", None, of_index(Select="ALL_PROJECTED_ATTRIBUTES")),
    Case("all of an index", "query", "Query", of_index(Select="ALL_ATTRIBUTES"), index=True),
]

TRANSACTION_CASES = [
    Case("in transactions", "transact_write_items", None, writes(("Put", put()), ("Delete", get(OTHER)))),
    Case("in transactions", "transact_get_items", None, gets(ME)),
    Case("in transactions", "transact_write_items", "ConditionCheckItem", writes(("Put", put(OTHER)), check())),
    Case("in transactions", "put_item", "PutItem", put()),
    Case("in transactions", "get_item", "GetItem", get()),
    Case("not in transactions", "put_item", None, put()),
    Case("not in transactions", "get_item", None, get()),
    Case("not in transactions", "transact_write_items", "PutItem", writes(("Put", put())), explicit=True),
    Case("not in transactions", "transact_write_items", "ConditionCheckItem", writes(check()), explicit=True),
    Case("not in transactions", "transact_get_items", "GetItem", gets(ME), explicit=True),
]

STATEMENT_CASES = [
    Case("statements", "execute_statement", None, statement(select(THEIR_ROW))),
    Case("statements", "execute_statement", None, statement(f'SELECT * FROM "{TABLE}"')),
    Case("statements", "execute_statement", None, statement(insert("new"))),
    Case("statements", "execute_statement", None, statement(f'UPDATE "{TABLE}" SET Wins = 1 WHERE {MY_ROW}')),
    Case("statements", "execute_statement", None, statement(f'DELETE FROM "{TABLE}" WHERE {MY_ROW}')),
    # What a statement does is not what the operation of that name may do, and the other way round.
    Case("statements", "get_item", "GetItem", get()),
    Case("statements", "put_item", "PutItem", put()),
    Case("statements that read", "execute_statement", None, statement(select(MY_ROW))),
    Case("statements that read", "execute_statement", "PartiQLInsert", statement(insert("new"))),
    Case(
        "statements that read",
        "execute_transaction",
        "PartiQLDelete",
        statements(f"EXISTS({select(THEIR_ROW)})", f'DELETE FROM "{TABLE}" WHERE {MY_ROW}'),
    ),
    Case("no full scans", "execute_statement", None, statement(select(f"UserId = '{OTHER}'"))),
    Case("no full scans", "execute_statement", None, statement(select(f"UserId IN ['{OTHER}', '{ME}']"))),
    Case("no full scans", "execute_statement", None, statement(select("UserId = ?"), OTHER)),
    *(
        Case("no full scans", "execute_statement", "PartiQLSelect", statement(text), explicit=True)
        for text in (
            f'SELECT * FROM "{TABLE}"',
            select("GameTitle = 'Chess'"),
            select("begins_with(UserId, 'a')"),
            select(f"UserId = '{ME}' OR TopScore > 1"),
            select(f"UserId <> '{ME}'"),
        )
    ),
    Case("statements on own rows", "execute_statement", None, statement(select(MY_ROW))),
    Case("statements on own rows", "execute_statement", None, statement(select("UserId = ?"), ME)),
    *(
        Case("statements on own rows", "execute_statement", "PartiQLSelect", request)
        for request in (
            statement(select(THEIR_ROW)),
            statement(select("UserId = ?"), OTHER),
            statement(select(f"UserId IN ['{ME}', '{OTHER}']")),
            statement(select(f"UserId = '{ME}' OR UserId = '{OTHER}'")),
            statement(f'SELECT * FROM "{TABLE}"'),
        )
    ),
    Case("writes of own rows by statements", "execute_statement", None, statement(insert(ME))),
    Case("writes of own rows by statements", "execute_statement", "PartiQLInsert", statement(insert(OTHER))),
    *(
        Case("writes of own rows by statements", "execute_statement", refused, statement(text.format(row=row)))
        for row, refusals in ((MY_ROW, (None, None)), (THEIR_ROW, ("PartiQLUpdate", "PartiQLDelete")))
        for text, refused in zip(
            (f'UPDATE "{TABLE}" SET Wins = 1 WHERE {{row}}', f'DELETE FROM "{TABLE}" WHERE {{row}}'),
            refusals,
            strict=True,
        )
    ),
    Case("writes of own rows by statements", "execute_transaction", None, statements(insert(ME))),
    Case(
        "writes of own rows by statements",
        "execute_transaction",
        "PartiQLInsert",
        statements(insert(ME), insert(OTHER)),
    ),
    Case("statements in transactions", "execute_transaction", None, statements(insert(ME), insert(OTHER))),
    Case("statements in transactions", "execute_statement", "PartiQLInsert", statement(insert(ME))),
    Case("statements on columns", "execute_statement", None, statement(select(MY_ROW, "UserId, TopScore"))),
    Case("statements on columns", "execute_statement", "PartiQLSelect", statement(select(MY_ROW))),
    Case("statements on columns", "execute_statement", "PartiQLSelect", statement(select(MY_ROW, "Wins"))),
    Case(
        "statements on columns",
        "execute_statement",
        "PartiQLSelect",
        statement(select(f"{MY_ROW} AND Wins > 1", "UserId, TopScore")),
    ),
    Case(
        "statements on columns",
        "execute_statement",
        None,
        statement(f'UPDATE "{TABLE}" SET TopScore = 1 WHERE {MY_ROW}'),
    ),
    Case(
        "statements on columns",
        "execute_statement",
        "PartiQLUpdate",
        statement(f'UPDATE "{TABLE}" SET Wins = 1 WHERE {MY_ROW}'),
    ),
]

SET_SCORE = f'UPDATE "{TABLE}" SET TopScore = 1 WHERE {MY_ROW}'

RETURNING_CASES = [
    Case("statements on columns", "execute_statement", refused, statement(f"{SET_SCORE} RETURNING {which} *"))
    for which, refused in (
        ("MODIFIED NEW", None),
        ("MODIFIED OLD", None),
        ("ALL NEW", "PartiQLUpdate"),
        ("ALL OLD", "PartiQLUpdate"),
    )
]

CASES = [*ROW_CASES, *COLUMN_CASES, *TRANSACTION_CASES, *STATEMENT_CASES, *RETURNING_CASES]
