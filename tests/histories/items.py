"""The items of the histories: in two tables, each with an attribute `l` that holds the list of what was appended.

An item is named `table/key`. There are few places for items, so that clients meet; a place whose list got long takes
a fresh item, so that reads stay cheap.
"""

from __future__ import annotations

from array import array
from collections import Counter
from random import Random
from typing import Any

from histories.history import Elements

FLAT = "histories-flat"
# All its items share a partition.
SORTED = "histories-sorted"
PLACES = 12
ELEMENTS_MAX = 100

# Which places are chosen more often.
FIRST = 2.0
LAST = 0.25

Body = dict[str, Any]

DEFINITIONS: list[Body] = [
    {
        "TableName": FLAT,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    },
    {
        "TableName": SORTED,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    },
]


class Items:
    """The items that are in use, and what their lists looked like when they were last seen."""

    def __init__(self) -> None:
        self._generations = [0] * PLACES
        self._appended = Counter[int]()
        self._longest: dict[str, Elements] = {}

    def choose(self, random: Random, count: int, skew: float = FIRST) -> list[str]:
        """Different items, some places more often than others."""
        places: set[int] = set()
        while len(places) < count:
            places.add(int(PLACES * random.random() ** skew))
        return [self._name(place) for place in random.sample(sorted(places), count)]

    def appended(self, item: str, count: int) -> None:
        """Something may have been appended. Moves on to a fresh item where that makes the list long."""
        place = int(item.rpartition("/")[2].partition("-")[0])
        self._appended[place] += count
        if self._appended[place] >= ELEMENTS_MAX:
            self._appended[place] = 0
            self._generations[place] += 1

    def saw(self, item: str, elements: Elements) -> None:
        if len(elements) >= len(self.longest(item)):
            self._longest[item] = elements

    def longest(self, item: str) -> Elements:
        """The longest list that any client saw."""
        return self._longest.get(item, array("q"))

    def all(self) -> list[str]:
        """All items that ever were in use."""
        return [
            _item(place, generation)
            for place, newest in enumerate(self._generations)
            for generation in range(newest + 1)
        ]

    def _name(self, place: int) -> str:
        return _item(place, self._generations[place])


def _item(place: int, generation: int) -> str:
    return f"{SORTED if place % 2 else FLAT}/{place}-{generation}"


def address(item: str) -> Body:
    """The table and key of an item, as every request names them."""
    return {"TableName": item.partition("/")[0], "Key": key_of(item)}


def key_of(item: str) -> Body:
    table, _, key = item.partition("/")
    return {"pk": {"S": key}} if table == FLAT else {"pk": {"S": "all"}, "sk": {"S": key}}


def list_value(elements: Elements) -> Body:
    """A list as the API writes it."""
    return {"L": [{"N": str(element)} for element in elements]}


def list_of(attributes: Body | None) -> Elements:
    """The list of an item as the API returned it; an item that is absent has none."""
    values = attributes.get("l", {}).get("L", []) if attributes else []
    return array("q", [int(value["N"]) for value in values])
