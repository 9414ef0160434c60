"""Writers that note what they were answered and when, and insist: what failed is sent again, until it is known.

Every second write is a transaction that puts an item and counts it, with a token, so that one that was carried out
twice, or by halves, shows.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness.wire import Answer, Connection, WireError

TABLE = "failover"
PAUSE_SECONDS = 0.01
ANSWER_SECONDS = 30.0
PAGES_MAX = 10_000

Body = dict[str, Any]

DEFINITION: Body = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


@dataclass(frozen=True)
class Try:
    """One request: when it was sent and answered, and the status, None without an answer."""

    sent: float
    answered: float
    status: int | None

    @property
    def is_success(self) -> bool:
        return self.status == 200


@dataclass
class Written:
    """What one writer knows of its items."""

    acknowledged: set[str] = field(default_factory=set)
    transactions: int = 0
    # Whether the last request was a transaction that nobody answered for.
    is_last_unknown: bool = False


class Writer(threading.Thread):
    """One client of one server."""

    def __init__(self, number: int, endpoint: str, stopped: threading.Event) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.endpoint = endpoint
        self.tries: list[Try] = []
        self.written = Written()
        self.faults: list[str] = []
        self._number = number
        self._stopped = stopped
        self._connection = Connection(endpoint, ANSWER_SECONDS)

    @property
    def counter(self) -> str:
        return f"counter-{self._number}"

    def run(self) -> None:
        count = 0
        while not self._stopped.is_set() and not self.faults:
            count += 1
            self._write(f"item-{self._number}-{count}", is_transaction=count % 2 == 0)
            time.sleep(PAUSE_SECONDS)
        self._connection.close()

    def _write(self, name: str, *, is_transaction: bool) -> None:
        """One write, sent again until it is acknowledged or the time is over."""
        operation, body = self._transaction(name) if is_transaction else put(name)
        while not self._stopped.is_set():
            answer = self._ask(operation, body)
            if answer and answer.status == 200:
                self.written.acknowledged.add(name)
                self.written.transactions += is_transaction
                return
            if answer and answer.status < 500 and not answer.is_conflict():
                self.faults.append(f"{operation} was answered {answer.status} {answer.body[:300]!r}")
                return
            time.sleep(PAUSE_SECONDS)
        self.written.is_last_unknown = is_transaction

    def _ask(self, operation: str, body: Body) -> Answer | None:
        sent = time.monotonic()
        try:
            answer = self._connection.call(operation, body)
        except (WireError, OSError):
            self._connection.close()
            answer = None
        self.tries.append(Try(sent, time.monotonic(), answer.status if answer else None))
        return answer

    def _transaction(self, name: str) -> tuple[str, Body]:
        update = {
            "TableName": TABLE,
            "Key": {"pk": {"S": self.counter}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        return "TransactWriteItems", {
            "TransactItems": [{"Put": put(name)[1]}, {"Update": update}],
            "ClientRequestToken": name,
        }


class Load:
    """Writers, spread over servers."""

    def __init__(self, endpoints: list[str], writers: int) -> None:
        self._stopped = threading.Event()
        self.writers = [Writer(number, endpoints[number % len(endpoints)], self._stopped) for number in range(writers)]

    def start(self) -> None:
        for writer in self.writers:
            writer.start()

    def stop(self) -> list[str]:
        """Waits for the last answers. Returns the faults."""
        self._stopped.set()
        for writer in self.writers:
            writer.join(2 * ANSWER_SECONDS)
        faults = [fault for writer in self.writers for fault in writer.faults]
        return faults + [f"{writer.name} does not end" for writer in self.writers if writer.is_alive()]

    def tries(self) -> list[Try]:
        return [one for writer in self.writers for one in list(writer.tries)]

    def longest(self) -> float:
        """How long the longest request waited for its answer."""
        return max((one.answered - one.sent for one in self.tries()), default=0.0)

    def statuses(self) -> str:
        counts = Counter("no answer" if one.status is None else str(one.status) for one in self.tries())
        return ", ".join(f"{times} {status}" for status, times in sorted(counts.items()))

    def recovery(self, since: float) -> dict[str, float]:
        """For each server: how long after this moment each of its writers had an acknowledged write again."""
        slowest: dict[str, float] = {}
        for writer in self.writers:
            times = [one.answered - since for one in writer.tries if one.is_success and one.sent >= since]
            slowest[writer.endpoint] = max(slowest.get(writer.endpoint, 0.0), min(times, default=float("inf")))
        return slowest

    def compare(self, endpoint: str) -> list[str]:
        """What a server has, against what was acknowledged."""
        found = scan(endpoint)
        faults = []
        for writer in self.writers:
            written = writer.written
            lost = written.acknowledged - found.keys()
            faults += [f"{name} was acknowledged and is lost" for name in sorted(lost)[:5]]
            count = int(found.get(writer.counter, {}).get("n", {"N": "0"})["N"])
            if not 0 <= count - written.transactions <= int(written.is_last_unknown):
                faults.append(f"{writer.counter} is {count} after {written.transactions} transactions")
        return faults


def create_table(endpoint: str) -> None:
    connection = Connection(endpoint)
    answer = connection.call("CreateTable", DEFINITION)
    assert answer.status == 200, answer.body
    connection.call("DescribeTable", {"TableName": TABLE})
    connection.close()


def put(name: str) -> tuple[str, Body]:
    return "PutItem", {"TableName": TABLE, "Item": {"pk": {"S": name}}}


def scan(endpoint: str) -> dict[str, Body]:
    """All items by name."""
    connection = Connection(endpoint)
    body: Body = {"TableName": TABLE, "ConsistentRead": True}
    items: dict[str, Body] = {}
    for _ in range(PAGES_MAX):
        answer = connection.call("Scan", body)
        assert answer.status == 200, answer.body
        page = answer.json()
        items.update({item["pk"]["S"]: item for item in page["Items"]})
        if "LastEvaluatedKey" not in page:
            connection.close()
            return items
        body["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise AssertionError(f"a scan did not end after {PAGES_MAX} pages")
