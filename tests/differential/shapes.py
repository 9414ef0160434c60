"""Tables, attribute values and items, drawn from a seeded generator.

Names and values come from small pools, so that requests meet the items of earlier requests, and conditions hold
about as often as they fail.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from random import Random
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]

# The attributes that items have beside their keys, by the type that they usually have.
ATTRIBUTES: dict[str, str] = {
    "num": "N",
    "cnt": "N",
    "str": "S",
    "bin": "B",
    "flg": "BOOL",
    "nul": "NULL",
    "sset": "SS",
    "nset": "NS",
    "bset": "BS",
    "lst": "L",
    "doc": "M",
    "day": "S",  # a reserved word
    "a.b": "N",  # needs a placeholder
}
# Paths into the documents that `document` and `element_list` make.
NESTED_PATHS: list[tuple[list[str | int], str]] = [
    (["doc", "a"], "N"),
    (["doc", "b", "c"], "S"),
    (["doc", "b", "d"], "L"),
    (["doc", "b", "d", 0], "N"),
    (["doc", "e"], "SS"),
    (["doc", "none"], "N"),
    (["lst", 0], "N"),
    (["lst", 1], "S"),
    (["lst", 2, "x"], "N"),
    (["lst", 9], "N"),
    (["num", "a"], "N"),
]
STRINGS = ["", "a", "ab", "abc", "b", "hello", "Hello", "\u00fc", "z" * 40, "1", "\u4e2d\u6587", "\U0001f600"]
NUMBERS = [
    "0", "1", "2", "3", "5", "10", "-1", "-2", "2.5", "0.1", "1e3", "-0", "100", "007", "1E-5", "12345678901234567890",
    "99999999999999999999999999999999999999", "1e125", "-1e-130", "0.30000000000000004",
]  # fmt: skip
BINARIES = [b"", b"\x00", b"\x01", b"\x01\x02", b"abc", b"\xff", b"\xff\xfe\x00"]
TYPES = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]
KEY_VALUES: dict[str, list[str]] = {
    "S": ["a", "b", "c", "ab", "\u00e9", "key with spaces"],
    "N": ["0", "1", "-1", "2.5", "10", "1e3"],
    "B": [base64.b64encode(raw).decode() for raw in (b"\x00", b"\x01", b"\x01\x00", b"\xff")],
}


@dataclass(frozen=True)
class Index:
    """A secondary index of a generated table."""

    name: str
    keys: tuple[tuple[str, str], ...]  # (attribute, HASH or RANGE)
    projection: str
    included: tuple[str, ...] = ()
    is_global: bool = True

    def definition(self) -> dict[str, Any]:
        projection: dict[str, Any] = {"ProjectionType": self.projection}
        if self.included:
            projection["NonKeyAttributes"] = list(self.included)
        return {"IndexName": self.name, "KeySchema": key_schema(self.keys), "Projection": projection}


@dataclass(frozen=True)
class Table:
    """A generated table: its key attributes with their types, and its indexes."""

    name: str
    keys: tuple[tuple[str, str], ...]
    types: dict[str, str]  # every attribute that is a key of the table or of an index
    indexes: tuple[Index, ...] = field(default=())

    def definition(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "TableName": self.name,
            "KeySchema": key_schema(self.keys),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind} for name, kind in self.types.items()
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
        for member, is_global in (("GlobalSecondaryIndexes", True), ("LocalSecondaryIndexes", False)):
            indexes = [index.definition() for index in self.indexes if index.is_global == is_global]
            if indexes:
                body[member] = indexes
        return body

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.keys)


def key_schema(keys: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": role} for name, role in keys]


class Shapes:
    """Draws values, items and tables."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def table(self, name: str) -> Table:
        types = {"pk": self.random.choices("SNB", (6, 3, 1))[0]}
        keys = [("pk", "HASH")]
        if self.chance(0.7):
            types["sk"] = self.random.choices("SNB", (3, 4, 1))[0]
            keys.append(("sk", "RANGE"))
        indexes = [self._global_index(number, types) for number in range(self.random.choice((0, 1, 2)))]
        if len(keys) == 2:
            indexes += [self._local_index(number, types) for number in range(self.random.choice((0, 0, 1, 2)))]
        return Table(name, tuple(keys), types, tuple(indexes))

    def _global_index(self, number: int, types: dict[str, str]) -> Index:
        types.setdefault("g1", self.random.choice("SN"))
        keys = [("g1", "HASH")]
        if self.chance(0.6):
            types.setdefault("num", "N")
            keys.append(("num", "RANGE"))
        projection, included = self._projection()
        return Index(f"gsi{number}", tuple(keys), projection, included)

    def _local_index(self, number: int, types: dict[str, str]) -> Index:
        name = self.random.choice(("num", "l1"))
        types.setdefault(name, "N" if name == "num" else self.random.choice("SN"))
        projection, included = self._projection()
        return Index(f"lsi{number}", (("pk", "HASH"), (name, "RANGE")), projection, included, is_global=False)

    def _projection(self) -> tuple[str, tuple[str, ...]]:
        projection = self.random.choice(("ALL", "KEYS_ONLY", "INCLUDE"))
        return projection, ("str", "lst") if projection == "INCLUDE" else ()

    def key_value(self, kind: str) -> Value:
        return {kind: self.random.choice(KEY_VALUES[kind])}

    def key(self, table: Table) -> Item:
        return {name: self.key_value(table.types[name]) for name in table.key_names}

    def item(self, table: Table) -> Item:
        item = self.key(table)
        for name, kind in table.types.items():
            if name not in item and self.chance(0.7):
                item[name] = self.key_value(kind)
        for name, kind in ATTRIBUTES.items():
            if name not in table.types and self.chance(0.35):
                item[name] = self.value(kind if self.chance(0.9) else None)
        if self.chance(0.03):
            item["long"] = {"S": "x" * self.random.choice((900, 1_100, 4_200, 9_000))}
        return item

    def value(self, kind: str | None = None, depth: int = 0) -> Value:
        chosen = kind or self.random.choice(TYPES)
        makers: dict[str, Any] = {
            "S": lambda: self.random.choice(STRINGS),
            "N": lambda: self.random.choice(NUMBERS),
            "B": lambda: encoded(self.random.choice(BINARIES)),
            "BOOL": lambda: self.chance(0.5),
            "NULL": lambda: True,
            "SS": lambda: self._members(STRINGS),
            "NS": lambda: self._members(["1", "2", "3", "-5", "2.5", "1e3", "10"]),
            "BS": lambda: [encoded(member) for member in self._members(BINARIES)],
            "L": lambda: self.element_list(depth),
            "M": lambda: self.document(depth),
        }
        return {chosen: makers[chosen]()}

    def element_list(self, depth: int = 0) -> list[Value]:
        elements = [self.value("N"), self.value("S"), {"M": {"x": self.value("N")}}]
        if depth < 2 and self.chance(0.3):
            elements.append(self.value(None, depth + 1))
        return elements[: self.random.randint(0, len(elements))]

    def document(self, depth: int = 0) -> Item:
        inner: Item = {"c": self.value("S"), "d": {"L": [self.value("N"), self.value("N")]}}
        whole: Item = {"a": self.value("N"), "b": {"M": inner}, "e": self.value("SS")}
        if depth < 2 and self.chance(0.2):
            whole["f"] = self.value(None, depth + 1)
        return {name: value for name, value in whole.items() if self.chance(0.85)}

    def _members(self, pool: list[Any]) -> list[Any]:
        return self.random.sample(pool, self.random.randint(1, 4))


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
