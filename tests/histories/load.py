"""The clients: random operations on few items, each recorded with its times and what became of it.

Every client is a generator for `harness.crowd`. A refused operation (a condition, a conflict) is definite, and what it
tells of the items is a read. An operation that was cut off by the death of the server is unknown. In a directory it
cannot take effect after the restart; a database may still be carrying it out. With a token it is sent again, and then
its outcome is known.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from harness.crowd import Client, persist
from harness.wire import Answer, request_bytes
from histories.history import NEVER, Elements, Operation, Outcome
from histories.items import LAST, Body, Items, address, key_of, list_of, list_value

REFUSALS = ("ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException")
# After so many it is clear that something is wrong.
FAULTS_MAX = 20


@dataclass(slots=True)
class Request:
    """An operation as it is sent, and how its answers are read."""

    operation: Operation
    body: Body
    # Reads an answer of success.
    read: Callable[[Operation, Body], None] = lambda operation, body: None
    # The items in the order of the request.
    items: list[str] = field(default_factory=list)


class Load:
    """What all clients share: the items, the history, and the count of operations that are left."""

    def __init__(self, seed: int, operations: int, *, outlives: bool = False) -> None:
        """`outlives` if what a dead server began may take effect later."""
        self.history: list[Operation] = []
        self.items = Items()
        self.counts = Counter[str]()
        # Answers that no operation of this load may get.
        self.faults: list[str] = []
        self.left = operations
        self._seed = seed
        self._outlives = outlives
        self._elements = iter(range(1, NEVER))

    def client(self, number: int) -> Client:
        """One client, with random operations until none are left."""
        random = Random(f"{self._seed}/{number}")
        writer = Writer(self.items, self._elements, random)
        while self.left > 0 and len(self.faults) < FAULTS_MAX:
            self.left -= 1
            yield from self._carry_out(number, writer.request())

    def reader(self, number: int, items: list[str]) -> Client:
        """One client that reads these items."""
        for item in items:
            yield from self._carry_out(number, get(item))

    def _carry_out(self, client: int, request: Request) -> Client:
        operation = request.operation
        operation.client = client
        data = request_bytes(operation.name, request.body)
        operation.invoked = time.monotonic_ns()
        answer = yield from persist(data, has_token="ClientRequestToken" in request.body, counts=self.counts)
        operation.completed = time.monotonic_ns()
        self._understand(request, answer)
        self.counts[f"{operation.name} {operation.outcome}"] += 1
        self.history.append(operation)
        for item, elements in operation.appends.items():
            if operation.outcome is not Outcome.REFUSED:
                self.items.appended(item, len(elements))
        for item, elements in (*operation.reads.items(), *operation.results.items()):
            self.items.saw(item, elements)

    def _understand(self, request: Request, answer: Answer | None) -> None:
        operation = request.operation
        kind = answer.error_type() if answer else None
        if answer is None:
            operation.outcome = Outcome.UNKNOWN
            operation.completed = NEVER if self._outlives else operation.completed
        elif kind is None:
            request.read(operation, answer.json())
        elif kind in REFUSALS:
            operation.outcome = Outcome.REFUSED
            self._read_refusal(request, kind, answer.json())
        else:
            # A server that is still there may still carry it out.
            operation.outcome, operation.completed = Outcome.UNKNOWN, NEVER
            self.faults.append(f"{operation.name} was answered {answer.status} {answer.body[:300]!r}")

    def _read_refusal(self, request: Request, kind: str, body: Body) -> None:
        """What is returned of items whose conditions failed. All of one transaction were seen together."""
        # The error of a single operation has the name that is the code of a reason.
        reasons = body.get("CancellationReasons") or [
            {"Code": kind.removesuffix("Exception"), "Item": body.get("Item")}
        ]
        for item, reason in zip(request.items, reasons, strict=True):
            if reason["Code"] != "None":
                self.counts[f"refused: {reason['Code']}"] += 1
            if reason["Code"] == "ConditionalCheckFailed":
                request.operation.reads[item] = list_of(reason.get("Item"))


class Writer:
    """Makes random requests."""

    def __init__(self, items: Items, elements: Iterator[int], random: Random) -> None:
        self._items = items
        self._elements = elements
        self._random = random

    def request(self) -> Request:
        makers = (
            (20, self._get),
            (20, self._append),
            (8, self._put),
            (4, self._delete),
            (18, self._transact_get),
            (15, self._transact_write),
            (15, self._transact_guarded),
        )
        [make] = self._random.choices([make for _, make in makers], [share for share, _ in makers])
        return make()

    def _get(self) -> Request:
        return get(self._items.choose(self._random, 1)[0])

    def _append(self) -> Request:
        [item] = self._items.choose(self._random, 1)
        operation = Operation("UpdateItem", 0)
        body = self._update(operation, item, conditional=self._random.random() < 0.5)
        returned = self._random.choice(("NONE", "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"))

        def read(operation: Operation, answer: Body) -> None:
            lists = operation.reads if returned.endswith("OLD") else operation.results
            if returned != "NONE":
                lists[item] = list_of(answer.get("Attributes"))

        return Request(operation, {**body, "ReturnValues": returned}, read, [item])

    def _put(self) -> Request:
        [item] = self._items.choose(self._random, 1)
        operation = Operation("PutItem", 0)
        body = self._replace(operation, item)

        def read(operation: Operation, answer: Body) -> None:
            operation.reads[item] = list_of(answer.get("Attributes"))

        return Request(operation, {**body, "ReturnValues": "ALL_OLD"}, read, [item])

    def _delete(self) -> Request:
        """Deletes only what is not there: refused with the item, or a read of its absence."""
        [item] = self._items.choose(self._random, 1)
        operation = Operation("DeleteItem", 0)
        return Request(operation, self._expect_absent(operation, item), items=[item])

    def _transact_get(self) -> Request:
        items = self._items.choose(self._random, self._random.randint(2, 5))

        def read(operation: Operation, answer: Body) -> None:
            for item, response in zip(items, answer["Responses"], strict=True):
                operation.reads[item] = list_of(response.get("Item"))

        body = {"TransactItems": [{"Get": address(item)} for item in items]}
        return Request(Operation("TransactGetItems", 0), body, read, items)

    def _transact_write(self) -> Request:
        items = self._items.choose(self._random, self._random.randint(2, 4))
        operation = Operation("TransactWriteItems", 0)
        return self._transaction(operation, items, [self._action(operation, item) for item in items])

    def _transact_guarded(self) -> Request:
        """Writes one item because of what another is. Two of these that cross may not both be carried out.

        The places that other operations choose rarely, so that conditions hold more often.
        """
        items = self._items.choose(self._random, 2, LAST)
        operation = Operation("TransactWriteItems", 0)
        actions = [{"ConditionCheck": self._check(operation, items[0])}]
        actions.append({"Update": self._update(operation, items[1], conditional=False)})
        return self._transaction(operation, items, actions)

    def _transaction(self, operation: Operation, items: list[str], actions: list[Body]) -> Request:
        body: Body = {"TransactItems": actions}
        if self._random.random() < 0.5:
            body["ClientRequestToken"] = f"{self._random.getrandbits(96):x}"
        return Request(operation, body, items=items)

    def _action(self, operation: Operation, item: str) -> Body:
        """One action of a transaction. Most have no condition, else hardly any transaction would go through."""
        choice = self._random.choices(("append", "conditional", "check", "put", "absent"), (60, 15, 12, 10, 1))[0]
        if choice == "check":
            return {"ConditionCheck": self._check(operation, item)}
        if choice == "put":
            return {"Put": self._replace(operation, item)}
        if choice == "absent":
            return {"Delete": self._expect_absent(operation, item)}
        return {"Update": self._update(operation, item, conditional=choice == "conditional")}

    def _check(self, operation: Operation, item: str) -> Body:
        return {**address(item), **self._expect_length(operation, item)}

    def _update(self, operation: Operation, item: str, *, conditional: bool) -> Body:
        """Appends to a list that need not be there."""
        own = operation.appends[item] = self._new_elements()
        values = {":new": list_value(own), ":none": {"L": []}}
        condition = self._expect_length(operation, item) if conditional else {}
        values |= condition.pop("ExpressionAttributeValues", {})
        update = "SET l = list_append(if_not_exists(l, :none), :new)"
        return {**address(item), "UpdateExpression": update, "ExpressionAttributeValues": values, **condition}

    def _replace(self, operation: Operation, item: str) -> Body:
        """Puts an item that was seen before, with more in its list, if it is still as it was seen."""
        seen = self._items.longest(item)
        own = operation.appends[item] = self._new_elements()
        table = address(item)["TableName"]
        put = {"TableName": table, "Item": {**key_of(item), "l": list_value([*seen, *own])}}
        return {**put, **self._expect(operation, item, len(seen))}

    def _expect_length(self, operation: Operation, item: str) -> Body:
        """The condition that the list is as long as it was when it was last seen, now and then a wrong length."""
        length = len(self._items.longest(item)) + self._random.choice((0, 0, 0, 0, 0, 0, 0, 0, -1, 1))
        return self._expect(operation, item, max(length, 0))

    def _expect(self, operation: Operation, item: str, length: int) -> Body:
        if not length:
            return absent(operation, item)
        operation.conditions[item] = length
        values = {":length": {"N": str(length)}}
        return {"ConditionExpression": "size(l) = :length", "ExpressionAttributeValues": values, **ALL_OLD}

    def _expect_absent(self, operation: Operation, item: str) -> Body:
        return {**address(item), **absent(operation, item)}

    def _new_elements(self) -> Elements:
        count = 2 if self._random.random() < 0.1 else 1
        return array("q", [next(self._elements) for _ in range(count)])


ALL_OLD: dict[str, Any] = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def absent(operation: Operation, item: str) -> Body:
    """The condition that there is no such item. Items are never without a list."""
    operation.conditions[item] = 0
    return {"ConditionExpression": "attribute_not_exists(pk)", **ALL_OLD}


def get(item: str) -> Request:
    """A consistent read of one item."""

    def read(operation: Operation, answer: Body) -> None:
        operation.reads[item] = list_of(answer.get("Item"))

    return Request(Operation("GetItem", 0), {**address(item), "ConsistentRead": True}, read)
