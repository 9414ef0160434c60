"""Clients that write until they are told to stop, and know what was acknowledged to them."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from random import Random

from harness.wire import Connection, WireError

TABLE = "facts"
VALUE_BYTES = (100, 3000)
# The disk is to be filled by the test, not by what it writes.
PAUSE_SECONDS = 0.005
DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


class Writer(threading.Thread):
    """Puts items of its own under ever new keys. A refused write is repeated, as a client would."""

    def __init__(self, name: str, endpoint: str, seed: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[str, str] = {}
        self.refused = 0
        self.faults: list[str] = []
        self._name = name
        self._endpoint = endpoint
        self._random = Random(seed)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join(30)
        if self.is_alive():
            self.faults.append("a write got no answer for 30 seconds")

    def run(self) -> None:
        connection = Connection(self._endpoint, timeout_seconds=20)
        number = 0
        while not self._stopped.is_set():
            key, size = f"{self._name}-{number}", self._random.randint(*VALUE_BYTES)
            # What does not compress.
            value = self._random.randbytes(size // 2).hex()
            try:
                answer = connection.call(
                    "PutItem", {"TableName": TABLE, "Item": {"pk": {"S": key}, "value": {"S": value}}}
                )
            except (OSError, WireError) as error:
                self.faults.append(f"a write got no answer: {error}")
                return
            if answer.status == 200:
                self.acknowledged[key] = value
                number += 1
                self._stopped.wait(PAUSE_SECONDS)
            elif answer.status == 500 and answer.error_type() == "InternalServerError":
                self.refused += 1
                self._stopped.wait(0.05)
            else:
                self.faults.append(f"a write was answered with {answer.status} {answer.body[:200]!r}")
                return


def health(endpoint: str) -> int:
    """The status of /healthz."""
    try:
        with urllib.request.urlopen(f"{endpoint}/healthz", timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def missing(endpoint: str, acknowledged: dict[str, str]) -> list[str]:
    """What was acknowledged and cannot be read, or reads otherwise."""
    connection = Connection(endpoint)
    faults = []
    for key, value in acknowledged.items():
        answer = connection.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": key}}, "ConsistentRead": True})
        if answer.status != 200:
            faults.append(f"{key} is answered with {answer.status}")
        elif answer.json().get("Item", {}).get("value") != {"S": value}:
            faults.append(f"{key} is lost")
    connection.close()
    return faults


def unreadable(endpoint: str) -> list[str]:
    """Reads that need no write: an item that never was, and a page of all items."""
    connection = Connection(endpoint)
    never = connection.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": "never"}}})
    connection.close()
    return [] if never.status == 200 else [f"the read of an item that never was is answered with {never.status}"]
