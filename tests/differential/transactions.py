"""Requests of TransactWriteItems and TransactGetItems that are meant to be carried out or cancelled.

Members name items of any of the tables, each another one but for a few. Some requests have a token, and some of those
come again: as they were, or changed under the same token.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from differential.expressions import Expressions
from differential.requests import Request, Requests, Touched, normal_key
from differential.shapes import Item, Shapes, Table

MEMBERS_MOST = 5


class Tokens:
    """Gives some transactions a token, and remembers the latest of them."""

    def __init__(self, shapes: Shapes, prefix: str) -> None:
        self._shapes = shapes
        self._prefix = prefix
        self._count = 0
        self.latest: Request | None = None

    def perhaps(self, request: Request) -> Request:
        if not self._shapes.chance(0.25):
            return request
        self._count += 1
        body = {**request.body, "ClientRequestToken": f"{self._prefix}-{self._count}"}
        self.latest = replace(request, body=body)
        return self.latest

    def forget(self) -> None:
        """After a difference a token stands for a transaction on some servers only."""
        self.latest = None


class Transactions:
    """Draws transactions, and between them the requests that fill the tables."""

    def __init__(self, shapes: Shapes, tables: list[Table], tokens: Tokens) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self.tables = tables
        self._others = Requests(shapes, tables)
        self._tokens = tokens

    def draw(self) -> Request:
        roll = self.random.random()
        if roll < 0.25:
            return self._others.draw()
        if roll < 0.45:
            return self.get()
        if self._tokens.latest and roll < 0.53:
            return self._repeated(self._tokens.latest)
        return self._tokens.perhaps(self.write())

    def write(self) -> Request:
        touched = distinct(self.shapes, self.tables, MEMBERS_MOST)
        body: dict[str, Any] = {"TransactItems": [self._write_member(table, key) for table, key in touched]}
        self._capacity(body)
        if self.shapes.chance(0.15):
            body["ReturnItemCollectionMetrics"] = self.random.choice(("SIZE", "NONE"))
        return Request("TransactWriteItems", body, touched[0][0], touches=tuple(touched))

    def get(self) -> Request:
        members = []
        for table, key in distinct(self.shapes, self.tables, MEMBERS_MOST):
            get: dict[str, Any] = {"TableName": table.name, "Key": key}
            if self.shapes.chance(0.3):
                expressions = Expressions(self.shapes, table)
                get["ProjectionExpression"] = expressions.projection()
                get |= {name: value for name, value in expressions.placeholders().items() if name.endswith("Names")}
            members.append({"Get": get})
        body: dict[str, Any] = {"TransactItems": members}
        self._capacity(body)
        return Request("TransactGetItems", body, self.tables[0])

    def _write_member(self, table: Table, key: Item) -> dict[str, Any]:
        expressions = Expressions(self.shapes, table)
        kind = self.random.choices(("Put", "Update", "Delete", "ConditionCheck"), (4, 4, 2, 2))[0]
        named = {"Item": {**self.shapes.item(table), **key}} if kind == "Put" else {"Key": key}
        member: dict[str, Any] = {"TableName": table.name, **named}
        if kind == "Update":
            member["UpdateExpression"] = expressions.update()
        if kind == "ConditionCheck" or self.shapes.chance(0.25):
            member["ConditionExpression"] = expressions.condition()
            if self.shapes.chance(0.5):
                member["ReturnValuesOnConditionCheckFailure"] = self.random.choice(("ALL_OLD", "ALL_OLD", "NONE"))
        return {kind: member | expressions.placeholders()}

    def _repeated(self, request: Request) -> Request:
        body = copy.deepcopy(request.body)
        roll = self.random.random()
        if roll < 0.3:
            body["ReturnConsumedCapacity"] = self.random.choice(("TOTAL", "INDEXES"))
        elif roll < 0.4:
            # In another order it is another request.
            body["TransactItems"].reverse()
        elif roll < 0.5:
            body["TransactItems"] = self.write().body["TransactItems"]
        elif roll < 0.6:
            (member,) = self.random.choice(body["TransactItems"]).values()
            member["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return replace(request, body=body, fault="repeated")

    def _capacity(self, body: dict[str, Any]) -> None:
        if self.shapes.chance(0.5):
            body["ReturnConsumedCapacity"] = self.random.choice(("INDEXES", "INDEXES", "TOTAL", "NONE"))


def distinct(shapes: Shapes, tables: list[Table], most: int) -> list[Touched]:
    """Keys of items of any tables: each another item, but for one time in thirty."""
    keys: dict[str, Touched] = {}
    for number in range(shapes.random.randint(1, most)):
        table = shapes.random.choice(tables)
        key = shapes.key(table)
        name = " ".join([table.name, *(normal_key(value) for value in key.values())])
        if shapes.chance(0.03):
            name = f"{name} {number}"
        keys[name] = (table, key)
    return list(keys.values())
