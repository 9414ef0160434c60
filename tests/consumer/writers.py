"""The writers: many clients that put, update and delete the items of one table, in every way there is.

Every client is a generator for `harness.crowd`. A request that was cut off by the death of the server is unknown: it
takes effect once or not at all. A transaction with a token is sent again, and then its outcome is known.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from consumer.history import Change, Item, Outcome, mark_of
from harness.crowd import Client, persist
from harness.wire import Answer, request_bytes

TABLE = "consumer"
KEYS = [f"item-{number}" for number in range(300)]
REFUSALS = ("ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException")
FAULTS_MAX = 20

Body = dict[str, Any]

DEFINITION: Body = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
IS_THERE: Body = {"ConditionExpression": "attribute_exists(pk)"}
IS_ABSENT: Body = {"ConditionExpression": "attribute_not_exists(pk)"}


@dataclass(slots=True)
class Request:
    """An operation as it is sent, and the changes that it asks for."""

    operation: str
    body: Body
    changes: list[Change]


class Load:
    """What all clients share: what they changed, and when they stop."""

    def __init__(self, seed: int, seconds: float, is_enough: Callable[[], bool]) -> None:
        self.changes: list[Change] = []
        self.counts: Counter[str] = Counter()
        # Answers that no request of this load may get.
        self.faults: list[str] = []
        self._seed = seed
        self._seconds = seconds
        self._is_enough = is_enough
        self._began = time.monotonic()
        self._transactions = itertools.count(1)

    def progress(self) -> float:
        return (time.monotonic() - self._began) / self._seconds

    def client(self, number: int) -> Client:
        """One client, with random requests until the time is over and the table is divided: up to twice the time."""
        random = Random(f"{self._seed}/{number}")
        maker = Maker(number, random, self._transactions)
        while (self.progress() < 1 or not self._is_enough()) and self.progress() < 2 and len(self.faults) < FAULTS_MAX:
            request = maker.request()
            data = request_bytes(request.operation, request.body)
            answer = yield from persist(data, has_token="ClientRequestToken" in request.body, counts=self.counts)
            self._note(request, answer)

    def _note(self, request: Request, answer: Answer | None) -> None:
        kind = answer.error_type() if answer else None
        if answer is None:
            outcome = Outcome.UNKNOWN
        elif kind is None and not answer.json().get("UnprocessedItems"):
            outcome = Outcome.DONE
        elif kind in REFUSALS:
            outcome = Outcome.REFUSED
        else:
            outcome = Outcome.UNKNOWN
            self.faults.append(f"{request.operation} was answered {answer.status} {answer.body[:300]!r}")
        self.counts[f"{request.operation} {outcome}"] += 1
        for change in request.changes:
            noted = replace(change, outcome=outcome)
            if request.operation == "DeleteItem" and answer and outcome is Outcome.DONE:
                removed = mark_of(answer.json().get("Attributes"))
                if removed is None:
                    continue
                noted = replace(noted, removed=removed, certain=True)
            self.changes.append(noted)


class Maker:
    """Makes the random requests of one client."""

    def __init__(self, number: int, random: Random, transactions: itertools.count[int]) -> None:
        self._number = number
        self._random = random
        self._transactions = transactions
        self._counter = itertools.count(1)

    def request(self) -> Request:
        makers = ((30, self._put), (30, self._update), (12, self._delete), (10, self._batch), (18, self._transaction))
        [make] = self._random.choices([make for _, make in makers], [share for share, _ in makers])
        return make()

    def _put(self) -> Request:
        change = self._putting(self._key())
        condition = IS_ABSENT if self._random.random() < 0.3 else {}
        return Request("PutItem", {"TableName": TABLE, "Item": change.item, **condition}, [change])

    def _update(self) -> Request:
        change = self._updating(self._key())
        condition = IS_THERE if self._random.random() < 0.3 else {}
        return Request("UpdateItem", {**update(change), **condition}, [change])

    def _delete(self) -> Request:
        change = deleting(self._key())
        condition = IS_THERE if self._random.random() < 0.3 else {}
        return Request("DeleteItem", {**address(change.key), **condition, "ReturnValues": "ALL_OLD"}, [change])

    def _batch(self) -> Request:
        changes = []
        requests: list[Body] = []
        for key in self._random.sample(KEYS, self._random.randint(2, 8)):
            change = self._putting(key) if self._random.random() < 0.7 else deleting(key)
            put = {"PutRequest": {"Item": change.item}}
            requests.append(put if change.item else {"DeleteRequest": {"Key": key_of(key)}})
            changes.append(change)
        return Request("BatchWriteItem", {"RequestItems": {TABLE: requests}}, changes)

    def _transaction(self) -> Request:
        number = next(self._transactions)
        actions: list[Body] = []
        changes: list[Change] = []
        for key in self._random.sample(KEYS, self._random.randint(2, 5)):
            action, change = self._action(key)
            actions.append(action)
            if change:
                changes.append(replace(change, transaction=number))
        body: Body = {"TransactItems": actions}
        if self._random.random() < 0.5:
            body["ClientRequestToken"] = f"{self._random.getrandbits(96):x}"
        return Request("TransactWriteItems", body, changes)

    def _action(self, key: str) -> tuple[Body, Change | None]:
        """An action of a transaction, and the change that it makes; a deletion is certain to find its item."""
        choice = self._random.choices(("put", "update", "delete", "check"), (40, 40, 10, 10))[0]
        if choice == "put":
            change = self._putting(key)
            return {"Put": {"TableName": TABLE, "Item": change.item}}, change
        if choice == "update":
            change = self._updating(key)
            return {"Update": update(change)}, change
        if choice == "delete":
            return {"Delete": {**address(key), **IS_THERE}}, replace(deleting(key), certain=True)
        return {"ConditionCheck": {**address(key), **self._random.choice((IS_THERE, IS_ABSENT))}}, None

    def _key(self) -> str:
        """Some items more often than others."""
        return KEYS[int(len(KEYS) * self._random.random() ** 1.5)]

    def _mark(self) -> str:
        return f"{self._number}-{next(self._counter)}"

    def _putting(self, key: str) -> Change:
        mark = self._mark()
        item: Item = {**key_of(key), "mark": {"S": mark}, "n": {"N": "1"}}
        item["body"] = {"S": "x" * self._random.choice((1, 50, 1500))}
        return Change(key, mark, Outcome.UNKNOWN, item)

    def _updating(self, key: str) -> Change:
        return Change(key, self._mark(), Outcome.UNKNOWN)


def deleting(key: str) -> Change:
    return Change(key, None, Outcome.UNKNOWN, certain=False)


def update(change: Change) -> Body:
    """The parameters of an update."""
    values = {":mark": {"S": change.mark}, ":one": {"N": "1"}}
    expression = "SET mark = :mark ADD n :one"
    return {**address(change.key), "UpdateExpression": expression, "ExpressionAttributeValues": values}


def key_of(key: str) -> Item:
    return {"pk": {"S": key}}


def address(key: str) -> Body:
    return {"TableName": TABLE, "Key": key_of(key)}
