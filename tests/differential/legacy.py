"""The legacy parameters, which say in JSON what expressions say in text."""

from __future__ import annotations

from typing import Any

from differential.expressions import sort_key
from differential.shapes import ATTRIBUTES, Shapes, Table

LEGACY_UNARY = ["NULL", "NOT_NULL"]
LEGACY_BINARY = ["EQ", "NE", "LT", "LE", "GT", "GE", "BEGINS_WITH", "CONTAINS", "NOT_CONTAINS"]


class Legacy:
    """The parameters that expressions replaced."""

    def __init__(self, shapes: Shapes, table: Table) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self.table = table

    def expected(self) -> dict[str, Any]:
        expected: dict[str, Any] = {}
        for name, kind in self._attributes():
            roll = self.random.random()
            if roll < 0.2:
                expected[name] = {"Exists": False}
            elif roll < 0.4:
                expected[name] = {
                    "Value": self.shapes.value(kind),
                    **({"Exists": True} if self.shapes.chance(0.5) else {}),
                }
            else:
                expected[name] = self.comparison(kind)
        return self._joined({"Expected": expected}, len(expected))

    def filter(self, member: str) -> dict[str, Any]:
        conditions = {name: self.comparison(kind) for name, kind in self._attributes()}
        return self._joined({member: conditions}, len(conditions))

    def updates(self) -> dict[str, Any]:
        updates: dict[str, Any] = {}
        for name, kind in self._attributes():
            action = self.random.choice(("PUT", "PUT", "ADD", "DELETE"))
            if action == "ADD" and kind not in ("N", "SS", "NS", "BS", "L"):
                action = "PUT"
            updates[name] = {"Action": action}
            if action != "DELETE" or kind in ("SS", "NS", "BS"):
                updates[name]["Value"] = self.shapes.value(kind)
        return {"AttributeUpdates": updates}

    def key_conditions(self, keys: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        conditions = {}
        for name, role in keys:
            kind = self.table.types[name]
            if role == "HASH":
                conditions[name] = {"ComparisonOperator": "EQ", "AttributeValueList": [self.shapes.key_value(kind)]}
            elif self.shapes.chance(0.5):
                operator = self.random.choice(("EQ", "LT", "LE", "GT", "GE", "BETWEEN"))
                operands = [self.shapes.key_value(kind) for _ in range(2 if operator == "BETWEEN" else 1)]
                conditions[name] = {
                    "ComparisonOperator": operator,
                    "AttributeValueList": sorted(operands, key=sort_key),
                }
        return {"KeyConditions": conditions}

    def attributes_to_get(self) -> dict[str, Any]:
        return {"AttributesToGet": self.random.sample([*ATTRIBUTES, "pk"], self.random.randint(1, 4))}

    def comparison(self, kind: str) -> dict[str, Any]:
        roll = self.random.random()
        if roll < 0.1:
            return {"ComparisonOperator": self.random.choice(LEGACY_UNARY)}
        if roll < 0.2:
            operands = sorted((self.shapes.value("N"), self.shapes.value("N")), key=sort_key)
            return {"ComparisonOperator": "BETWEEN", "AttributeValueList": operands}
        if roll < 0.3:
            return {
                "ComparisonOperator": "IN",
                "AttributeValueList": [self.shapes.value(self.random.choice("SN")) for _ in range(3)],
            }
        operator = self.random.choice(LEGACY_BINARY)
        scalar = kind if kind in ("S", "N", "B") else self.random.choice("SNB")
        if operator == "BEGINS_WITH":
            scalar = self.random.choice("SB")
        return {"ComparisonOperator": operator, "AttributeValueList": [self.shapes.value(scalar)]}

    def _attributes(self) -> list[tuple[str, str]]:
        free = [(name, kind) for name, kind in ATTRIBUTES.items() if name not in self.table.types]
        return self.random.sample(free, self.random.randint(1, 3))

    def _joined(self, members: dict[str, Any], count: int) -> dict[str, Any]:
        if count > 1 and self.shapes.chance(0.5):
            members["ConditionalOperator"] = self.random.choice(("AND", "OR"))
        return members
