"""What the crash test knows about every key: the states in which a restarted server may show it.

A key belongs to one writer, which has at most one write to it in flight. So a key has one possible state when all
its writes are acknowledged, and two while a write is in flight or was lost: before and after. The keys of a
transaction are all before it or all after it. The counter is written by everybody and may be anything from the
acknowledged sum to that plus the writes without an answer.

Items of the second table expire: from the moment at which that is asked for they may be gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

TABLE = "crash"
EXPIRING = "crash-expiring"
GLOBAL_INDEX = "by-group"
LOCAL_INDEX = "by-rank"
# Made and deleted while the load goes on.
LIVE_INDEX = "live"
COUNTER = ("counter", 0)

Key = tuple[str, int]
Item = dict[str, Any]
State = Item | None

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
DEFINITION: dict[str, Any] = {
    "TableName": TABLE,
    "StreamSpecification": STREAM,
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

EXPIRING_DEFINITION: dict[str, Any] = {
    "TableName": EXPIRING,
    "StreamSpecification": STREAM,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": DEFINITION["KeySchema"],
    "AttributeDefinitions": DEFINITION["AttributeDefinitions"][:2],
}
TIME_TO_LIVE = {"TableName": EXPIRING, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}

LIVE_DEFINITION: dict[str, Any] = {
    "IndexName": LIVE_INDEX,
    "KeySchema": [{"AttributeName": "grp", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@dataclass
class Transaction:
    """A transaction as it was sent: its request, and the items before and after it. With a token it may be sent again."""

    body: dict[str, Any]
    before: dict[Key, State]
    after: dict[Key, State]

    def torn(self, found: dict[Key, Item]) -> list[str]:
        """What is half done of it."""
        changed = [key for key in self.after if self.before[key] != self.after[key]]
        done = [key for key in changed if found.get(key) == self.after[key]]
        undone = [key for key in changed if found.get(key) == self.before[key]]
        return [f"a transaction is done for {done[0]}, but not for {undone[0]}"] if done and undone else []


@dataclass
class Model:
    """The possible states of every key, and of the counter."""

    states: dict[Key, list[State]] = field(default_factory=dict)
    # Transactions that were sent and not answered, and the last ones of the round that were.
    in_doubt: list[Transaction] = field(default_factory=list)
    answered: list[Transaction] = field(default_factory=list)
    # The items of the second table that must be there, and those that must be gone in the end.
    lasting: dict[Key, Item] = field(default_factory=dict)
    expired: set[Key] = field(default_factory=set)
    # Of those, whether they are there at all is not known.
    unsettled: dict[Key, Item] = field(default_factory=dict)
    counter_acknowledged: int = 0
    counter_in_doubt: int = 0

    def settled(self, key: Key) -> State:
        """The one state of a key that has no write in doubt."""
        return self.states.get(key, [None])[0]

    def settle(self, found: dict[Key, Item]) -> list[str]:
        """Compares what a restarted server shows, and takes it as the truth from then on. Returns the faults."""
        faults = self._settle_counter(found.pop(COUNTER, None))
        faults += [fault for transaction in self.in_doubt for fault in transaction.torn(found)]
        for key in found.keys() - self.states.keys():
            faults.append(f"{key} was never written, but is there: {shortened(found[key])}")
        for key, possible in self.states.items():
            actual = found.get(key)
            if actual not in possible:
                faults.append(f"{key} is {shortened(actual)}, but may only be {[shortened(one) for one in possible]}")
            self.states[key] = [actual]
        return faults

    def settle_expiring(self, found: dict[Key, Item]) -> list[str]:
        """The same for the second table, from which the server deletes."""
        for key, item in self.unsettled.items():
            if found.get(key) == item:
                self.lasting[key] = item
        known = self.expired | self.lasting.keys() | self.unsettled.keys()
        faults = [f"{EXPIRING}: {key} was never written" for key in found.keys() - known]
        self.unsettled = {}
        faults += [
            f"{EXPIRING}: {key} is {shortened(found.get(key))}, but should be {shortened(item)}"
            for key, item in self.lasting.items()
            if found.get(key) != item
        ]
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
