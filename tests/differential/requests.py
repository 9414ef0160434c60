"""Requests of every operation that are meant to succeed, with every parameter of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from differential.expressions import Expressions
from differential.legacy import Legacy
from differential.shapes import ATTRIBUTES, Index, Item, Shapes, Table

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
Touched = tuple[Table, Item]  # the table and the key of an item


@dataclass(frozen=True)
class Request:
    """One operation. `body` is JSON, or bytes that are not."""

    operation: str
    body: Any
    table: Table | None = None
    fault: str = "none"
    walk: bool = False  # follow LastEvaluatedKey or NextToken to the end
    index: Index | None = None
    ordered: bool = True  # whether the order of a statement's answer is DynamoDB's
    touches: tuple[Touched, ...] = ()  # the items that a transaction or statements write
    notes: dict[str, Any] = field(default_factory=dict)


class Requests:
    """Draws requests on a set of tables."""

    def __init__(self, shapes: Shapes, tables: list[Table]) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self.tables = tables
        makers: dict[Callable[[Table], Request], int] = {
            self.put: 20,
            self.update: 24,
            self.get: 12,
            self.delete: 8,
            self.query: 16,
            self.scan: 8,
            self.batch_write: 5,
            self.batch_get: 5,
        }
        self._makers = list(makers)
        self._weights = list(makers.values())

    def draw(self) -> Request:
        maker = self.random.choices(self._makers, self._weights)[0]
        return maker(self.random.choice(self.tables))

    def put(self, table: Table) -> Request:
        body: dict[str, Any] = {"TableName": table.name, "Item": self.shapes.item(table)}
        self._write_members(body, table, ("ALL_OLD", "NONE"))
        return Request("PutItem", body, table)

    def delete(self, table: Table) -> Request:
        body: dict[str, Any] = {"TableName": table.name, "Key": self.shapes.key(table)}
        self._write_members(body, table, ("ALL_OLD", "NONE"))
        return Request("DeleteItem", body, table)

    def update(self, table: Table) -> Request:
        body: dict[str, Any] = {"TableName": table.name, "Key": self.shapes.key(table)}
        returns = ("ALL_NEW", "ALL_NEW", "UPDATED_NEW", "UPDATED_OLD", "ALL_OLD", "NONE")
        if self.shapes.chance(0.15):
            body |= Legacy(self.shapes, table).updates()
            self._legacy_condition(body, table)
            self._answer_members(body, returns)
            return Request("UpdateItem", body, table)
        expressions = Expressions(self.shapes, table)
        if self.shapes.chance(0.97):
            body["UpdateExpression"] = expressions.update()
        if self.shapes.chance(0.3):
            body["ConditionExpression"] = expressions.condition()
        body |= expressions.placeholders()
        self._answer_members(body, returns)
        return Request("UpdateItem", body, table)

    def get(self, table: Table) -> Request:
        body: dict[str, Any] = {"TableName": table.name, "Key": self.shapes.key(table)}
        if self.shapes.chance(0.5):
            body["ConsistentRead"] = self.shapes.chance(0.7)
        self._project(body, table)
        self._capacity(body)
        return Request("GetItem", body, table)

    def query(self, table: Table) -> Request:
        index = self.random.choice([None, None, *table.indexes])
        keys = index.keys if index else table.keys
        body: dict[str, Any] = {"TableName": table.name, **self._read_members(index)}
        if self.shapes.chance(0.3):
            body["ScanIndexForward"] = self.shapes.chance(0.3)
        expressions = Expressions(self.shapes, table)
        legacy = Legacy(self.shapes, table)
        if self.shapes.chance(0.15):
            body |= legacy.key_conditions(keys)
            if self.shapes.chance(0.4):
                body |= legacy.filter("QueryFilter")
            return Request("Query", body, table, walk=True, index=index)
        body["KeyConditionExpression"] = expressions.key_condition(keys)
        self._filter_and_project(body, expressions, index)
        return Request("Query", body, table, walk=True, index=index)

    def scan(self, table: Table) -> Request:
        index = self.random.choice([None, None, None, *table.indexes])
        body: dict[str, Any] = {"TableName": table.name, **self._read_members(index)}
        legacy = Legacy(self.shapes, table)
        if self.shapes.chance(0.1):
            body |= legacy.filter("ScanFilter")
            return Request("Scan", body, table, walk=True, index=index)
        expressions = Expressions(self.shapes, table)
        self._filter_and_project(body, expressions, index)
        return Request("Scan", body, table, walk=True, index=index)

    def batch_write(self, table: Table) -> Request:
        items: dict[str, dict[str, list[Any]]] = {}
        for chosen in {
            table.name: table,
            **({} if self.shapes.chance(0.7) else {t.name: t for t in self.tables}),
        }.values():
            requests = [self._write_request(item, chosen) for item in self._distinct(chosen, 6)]
            items[chosen.name] = requests  # type: ignore[assignment]
        body: dict[str, Any] = {"RequestItems": items}
        self._capacity(body)
        if self.shapes.chance(0.2):
            body["ReturnItemCollectionMetrics"] = "SIZE"
        return Request("BatchWriteItem", body, table)

    def batch_get(self, table: Table) -> Request:
        blocks = {}
        for chosen in {
            table.name: table,
            **({} if self.shapes.chance(0.7) else {t.name: t for t in self.tables}),
        }.values():
            keys = [{name: item[name] for name in chosen.key_names} for item in self._distinct(chosen, 6)]
            block: dict[str, Any] = {"Keys": keys}
            if self.shapes.chance(0.3):
                block["ConsistentRead"] = True
            self._project(block, chosen)
            blocks[chosen.name] = block
        body: dict[str, Any] = {"RequestItems": blocks}
        self._capacity(body)
        return Request("BatchGetItem", body, table)

    # Parts of requests.

    def _write_request(self, item: Item, table: Table) -> dict[str, Any]:
        if self.shapes.chance(0.75):
            return {"PutRequest": {"Item": item}}
        return {"DeleteRequest": {"Key": {name: item[name] for name in table.key_names}}}

    def _distinct(self, table: Table, most: int) -> list[Item]:
        """Items with keys that differ."""
        items: dict[str, Item] = {}
        for _ in range(self.random.randint(1, most)):
            item = self.shapes.item(table)
            items[str([normal_key(item[name]) for name in table.key_names])] = item
        return list(items.values())

    def _write_members(self, body: dict[str, Any], table: Table, returns: tuple[str, ...]) -> None:
        if self.shapes.chance(0.35):
            expressions = Expressions(self.shapes, table)
            body["ConditionExpression"] = expressions.condition()
            body |= expressions.placeholders()
        elif self.shapes.chance(0.12):
            self._legacy_condition(body, table)
        self._answer_members(body, returns)

    def _legacy_condition(self, body: dict[str, Any], table: Table) -> None:
        if self.shapes.chance(0.7):
            body |= Legacy(self.shapes, table).expected()

    def _answer_members(self, body: dict[str, Any], returns: tuple[str, ...]) -> None:
        if self.shapes.chance(0.7):
            body["ReturnValues"] = self.random.choice(returns)
        if self.shapes.chance(0.2):
            body["ReturnValuesOnConditionCheckFailure"] = self.random.choice(("ALL_OLD", "NONE"))
        if self.shapes.chance(0.15):
            body["ReturnItemCollectionMetrics"] = self.random.choice(("SIZE", "NONE"))
        self._capacity(body)

    def _capacity(self, body: dict[str, Any]) -> None:
        if self.shapes.chance(0.4):
            body["ReturnConsumedCapacity"] = self.random.choice(("INDEXES", "TOTAL", "NONE"))

    def _project(self, body: dict[str, Any], table: Table) -> None:
        if self.shapes.chance(0.3):
            expressions = Expressions(self.shapes, table)
            body["ProjectionExpression"] = expressions.projection()
            body |= {key: value for key, value in expressions.placeholders().items() if key.endswith("Names")}
        elif self.shapes.chance(0.1):
            body |= Legacy(self.shapes, table).attributes_to_get()

    def _read_members(self, index: Index | None) -> dict[str, Any]:
        members: dict[str, Any] = {}
        if index:
            members["IndexName"] = index.name
        if self.shapes.chance(0.3) and not (index and index.is_global):
            members["ConsistentRead"] = True
        if self.shapes.chance(0.35):
            members["Limit"] = self.random.choice((1, 2, 3, 5, 10, 100))
        if self.shapes.chance(0.1):
            members["Select"] = "COUNT"
        self._capacity(members)
        return members

    def _filter_and_project(self, body: dict[str, Any], expressions: Expressions, index: Index | None) -> None:
        if self.shapes.chance(0.35):
            body["FilterExpression"] = expressions.condition()
        if "Select" not in body and self.shapes.chance(0.25):
            body["ProjectionExpression"] = expressions.projection()
            if self.shapes.chance(0.3):
                body["Select"] = "SPECIFIC_ATTRIBUTES"
        elif "Select" not in body and self.shapes.chance(0.15):
            body["Select"] = "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"
        body |= expressions.placeholders()


class ControlRequests:
    """Requests about tables: made, described, changed, tagged and deleted under names of their own."""

    def __init__(self, shapes: Shapes, prefix: str) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self._prefix = prefix
        self._count = 0

    def create(self) -> Request:
        self._count += 1
        table = self.shapes.table(f"{self._prefix}-c{self._count}")
        body = table.definition()
        if self.shapes.chance(0.4):
            throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
            body["BillingMode"] = "PROVISIONED"
            body["ProvisionedThroughput"] = throughput
            for index in body.get("GlobalSecondaryIndexes", []):
                index["ProvisionedThroughput"] = throughput
            if self.shapes.chance(0.5):
                del body["BillingMode"]
        if self.shapes.chance(0.2):
            body["TableClass"] = "STANDARD"
        if self.shapes.chance(0.2):
            body["DeletionProtectionEnabled"] = False
        return Request("CreateTable", body, table)

    def others(self, table: Table) -> list[Request]:
        """What is asked of a table that was made."""
        name = {"TableName": table.name}
        spare = next(attribute for attribute in ATTRIBUTES if attribute not in table.types)
        index = {
            "IndexName": "later",
            "KeySchema": [{"AttributeName": spare, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        definitions = [{"AttributeName": spare, "AttributeType": "S"}]
        creation = {**name, "AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [{"Create": index}]}
        return [
            Request("DescribeTable", dict(name), table),
            Request("UpdateTable", creation, table),
            Request("UpdateTable", {**name, "BillingMode": "PAY_PER_REQUEST"}, table),
            Request("ListTables", {"Limit": 1, "ExclusiveStartTableName": table.name[:-1]}, table),
            Request("CreateTable", table.definition(), table, fault="exists"),
            Request("DeleteTable", dict(name), table),
        ]


def normal_key(value: dict[str, str]) -> str:
    ((kind, content),) = value.items()
    return str(float(content)) if kind == "N" else content
