"""What the crash test knows about every key: the states in which a restarted server may show it.

A key belongs to one writer, which has at most one write to it in flight. So a key has one possible state when all
its writes are acknowledged, and two while a write is in flight or was lost: before and after. The counter is
written by everybody and may be anything from the acknowledged sum to that plus the writes without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

TABLE = "crash"
GLOBAL_INDEX = "by-group"
LOCAL_INDEX = "by-rank"
# Made and deleted while the load goes on.
LIVE_INDEX = "live"
COUNTER = ("counter", 0)

Key = tuple[str, int]
Item = dict[str, Any]
State = Item | None

DEFINITION: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "grp", "AttributeType": "S"},
        {"AttributeName": "rnk", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": GLOBAL_INDEX,
            "KeySchema": [{"AttributeName": "grp", "KeyType": "HASH"}, {"AttributeName": "rnk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": LOCAL_INDEX,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "rnk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}

LIVE_DEFINITION: dict[str, Any] = {
    "IndexName": LIVE_INDEX,
    "KeySchema": [{"AttributeName": "grp", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@dataclass
class Model:
    """The possible states of every key, and of the counter."""

    states: dict[Key, list[State]] = field(default_factory=dict)
    counter_acknowledged: int = 0
    counter_in_doubt: int = 0

    def settled(self, key: Key) -> State:
        """The one state of a key that has no write in doubt."""
        return self.states.get(key, [None])[0]

    def settle(self, found: dict[Key, Item]) -> list[str]:
        """Compares what a restarted server shows, and takes it as the truth from then on. Returns the faults."""
        faults = self._settle_counter(found.pop(COUNTER, None))
        for key in found.keys() - self.states.keys():
            faults.append(f"{key} was never written, but is there: {shortened(found[key])}")
        for key, possible in self.states.items():
            actual = found.get(key)
            if actual not in possible:
                faults.append(f"{key} is {shortened(actual)}, but may only be {[shortened(one) for one in possible]}")
            self.states[key] = [actual]
        return faults

    def _settle_counter(self, item: State) -> list[str]:
        value = int(item["hits"]["N"]) if item else 0
        low, high = self.counter_acknowledged, self.counter_acknowledged + self.counter_in_doubt
        self.counter_acknowledged, self.counter_in_doubt = value, 0
        return [] if low <= value <= high else [f"the counter is {value}, but was acknowledged up to {low} of {high}"]

    def expected(self, attributes: tuple[str, ...]) -> dict[Key, Item]:
        """The settled items that have all of the attributes: what an index over them holds."""
        return {
            key: item
            for key, states in self.states.items()
            if (item := states[0]) is not None and all(name in item for name in attributes)
        }


def key_of(item: Item) -> Key:
    return item["pk"]["S"], int(item["sk"]["N"])


def key_attributes(key: Key) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"N": str(key[1])}}


def new_item(key: Key, random: Random) -> Item:
    """An item whose index attributes come and go, small or some kilobytes long."""
    item = {**key_attributes(key), "version": {"N": str(random.getrandbits(40))}}
    item["body"] = {"S": format(random.getrandbits(64), "x") * random.choice((1, 10, 200))}
    if random.random() < 0.7:
        item["grp"] = {"S": f"g{random.randrange(5)}"}
    if random.random() < 0.7:
        item["rnk"] = {"N": str(random.randrange(-20, 20))}
    return item


def shortened(item: State) -> str:
    if item is None:
        return "absent"
    text = str(item)
    return text if len(text) < 200 else f"{text[:200]}... ({len(text)})"
