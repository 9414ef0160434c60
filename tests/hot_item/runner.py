"""A hundred clients increment one item, half of them by UpdateItem and half by TransactWriteItems, as fast as they can.

What must hold: every operation is answered within a second, whatever the others do; and in the end the item counts
the increments that were acknowledged. A TransactionConflict is an answer that clients are meant to retry: it is
counted and sent again.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from harness import kills, servers
from harness.crowd import Client, Crowd
from harness.wire import Answer, Connection, request_bytes

TABLE = "hot-item"
CLIENTS = 100
WAIT_SECONDS_MAX = 1.0
# Servers over one database wait for it, and tell a client of a conflict after half a second of them.
SHARED_WAIT_SECONDS_MAX = 5.0
SHOWN_FAULTS = 10
ITEM = {"TableName": TABLE, "Key": {"pk": {"S": "hot"}}}
INCREMENT = {**ITEM, "UpdateExpression": "ADD hits :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
REQUESTS = {
    "UpdateItem": request_bytes("UpdateItem", INCREMENT),
    "TransactWriteItems": request_bytes("TransactWriteItems", {"TransactItems": [{"Update": INCREMENT}]}),
}


class Increments:
    """All clients, and what they were answered."""

    def __init__(self, seconds: float) -> None:
        self.acknowledged = 0
        # Per operation: how long each request waited for its answer, whatever that was.
        self.waits: dict[str, list[float]] = {name: [] for name in REQUESTS}
        self.conflicts = dict.fromkeys(REQUESTS, 0)
        self.faults: list[str] = []
        self._end = time.monotonic() + seconds

    def client(self, name: str) -> Client:
        while time.monotonic() < self._end and len(self.faults) < SHOWN_FAULTS:
            sent = time.monotonic()
            answer = yield REQUESTS[name]
            self.waits[name].append(time.monotonic() - sent)
            if answer and answer.status == 200:
                self.acknowledged += 1
            elif answer and is_conflict(answer):
                self.conflicts[name] += 1
            else:
                self.faults.append(f"{name} was answered {answer}")


def is_conflict(answer: Answer) -> bool:
    reasons = answer.json().get("CancellationReasons", [])
    return answer.error_type() == "TransactionConflictException" or [reason["Code"] for reason in reasons] == [
        "TransactionConflict"
    ]


def report(increments: Increments, count: int, wait_seconds_max: float) -> bool:
    """Prints what was measured. Whether everything holds."""
    faults = list(increments.faults)
    for name, waits in increments.waits.items():
        waits.sort()
        middle, late, longest = waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1]
        print(
            f"  {name}: {len(waits)} requests, {increments.conflicts[name]} of them conflicts; "
            f"waited {middle * 1000:.1f} ms (median), {late * 1000:.1f} ms (99 %), {longest * 1000:.1f} ms (longest)"
        )
        if longest > wait_seconds_max:
            faults.append(f"a client waited {longest:.2f} s for {name}")
    if count != increments.acknowledged:
        faults.append(f"the item counts {count}, but {increments.acknowledged} increments were acknowledged")
    for fault in faults[:SHOWN_FAULTS]:
        print(f"  {fault}")
    return not faults


def run(options: argparse.Namespace, data: servers.Data) -> bool:
    """Lets the clients go at servers on this data. Whether everything holds."""
    with contextlib.ExitStack() as ended:
        running = [servers.start_stator(data) for _ in range(options.servers)]
        for server in running:
            ended.callback(server.close)
        endpoints = [server.endpoint for server in running]
        connection = Connection(endpoints[0])
        ended.callback(connection.close)
        assert connection.call("CreateTable", DEFINITION).status == 200
        connection.call("DescribeTable", {"TableName": TABLE})
        increments = Increments(options.seconds)
        names = list(REQUESTS)
        # Each server has clients of both kinds.
        kinds = [names[number // len(endpoints) % len(names)] for number in range(options.clients)]
        Crowd(endpoints, (increments.client(kind) for kind in kinds)).run()
        item = connection.call("GetItem", {**ITEM, "ConsistentRead": True}).json()["Item"]
    most = WAIT_SECONDS_MAX if options.store == "local" else SHARED_WAIT_SECONDS_MAX
    return report(increments, int(item["hits"]["N"]), most)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run hot-item", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    kills.add_options(parser)
    options = kills.parse(parser, arguments)
    print(f"hot item: {options.clients} clients, {options.seconds} s, {kills.described(options)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="stator-hot-item-") as folder, kills.data(options, Path(folder)) as data:
        passed = run(options, data)
    print(f"{int(passed)} passed, {int(not passed)} failed")
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
