"""Many items that have all expired are deleted, while clients go on reading others.

The items are there before the table's time to live is switched on, so they are also entered into the order of expiry.
What must hold: all of them are deleted within the time that a million items have five minutes for; meanwhile the
clients get at least half of the answers per second that they got before; and what did not expire is still there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from harness import servers
from harness.crowd import Client, Crowd
from harness.wire import Connection, request_bytes

TABLE = "sessions"
KEPT = 1000
READERS = 16
LOADERS = 8
BATCH = 25
SECONDS_PER_MILLION = 300.0
# Below so many items the pauses of the job count more than its work.
SECONDS_LEAST = 30.0
MEASURED_SECONDS = 3.0
LEAST_SHARE = 0.5
DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
TIME_TO_LIVE = {"TableName": TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}


def batches(items: int) -> Iterator[bytes]:
    """Requests that put the items that expire, and then those that do not."""
    expired = {"N": str(int(time.time()) - 1)}
    data = {"S": "x" * 100}
    rows = [{"pk": {"S": f"expired-{number}"}, "expires": expired, "data": data} for number in range(items)]
    rows += [{"pk": {"S": f"kept-{number}"}, "data": data} for number in range(KEPT)]
    for start in range(0, len(rows), BATCH):
        puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + BATCH]]
        yield request_bytes("BatchWriteItem", {"RequestItems": {TABLE: puts}})


def loader(requests: Iterator[bytes]) -> Client:
    for request in requests:
        answer = yield request
        assert answer is not None and answer.status == 200, answer


class Readers:
    """Clients that read what does not expire, and count their answers."""

    def __init__(self, endpoint: str) -> None:
        self.answers = 0
        self._running = True
        self._crowd = Crowd(endpoint, [self._reader(number) for number in range(READERS)])

    def _reader(self, number: int) -> Client:
        while self._running:
            key = {"pk": {"S": f"kept-{number}"}}
            answer = yield request_bytes("GetItem", {"TableName": TABLE, "Key": key})
            assert answer is not None and b"kept-" in answer.body, answer
            self.answers += 1

    def per_second(self, seconds: float) -> float:
        """How many answers a second they get, for so long."""
        began, before = time.monotonic(), self.answers
        while time.monotonic() - began < seconds:
            self._crowd.step()
        return (self.answers - before) / (time.monotonic() - began)

    def stop(self) -> None:
        self._running = False
        self._crowd.run()


def count(connection: Connection) -> int:
    table = connection.call("DescribeTable", {"TableName": TABLE}).json()["Table"]
    return int(table["ItemCount"])


def run(endpoint: str, items: int) -> list[str]:
    """Returns what does not hold."""
    connection = Connection(endpoint)
    assert connection.call("CreateTable", DEFINITION).status == 200
    requests = batches(items)
    Crowd(endpoint, [loader(requests) for _ in range(LOADERS)]).run()
    assert count(connection) == items + KEPT
    readers = Readers(endpoint)
    alone = readers.per_second(MEASURED_SECONDS)
    assert connection.call("UpdateTimeToLive", TIME_TO_LIVE).status == 200
    allowed = max(SECONDS_PER_MILLION * items / 1_000_000, SECONDS_LEAST)
    began, before = time.monotonic(), readers.answers
    left = items
    while left and time.monotonic() - began < allowed:
        readers.per_second(0.5)
        left = count(connection) - KEPT
    seconds = time.monotonic() - began
    meanwhile = (readers.answers - before) / seconds
    readers.stop()
    connection.close()
    print(
        f"  {items - left} items deleted in {seconds:.1f} s; reads per second {alone:.0f} before, {meanwhile:.0f} meanwhile"
    )
    faults = []
    if left:
        faults.append(f"{left} items are still there after {allowed:.0f} s")
    if meanwhile < alone * LEAST_SHARE:
        faults.append(f"readers kept {meanwhile / alone:.2f} of their throughput")
    return faults


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run expiry", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--short", action="store_true", help="20,000 items")
    options = parser.parse_args(arguments)
    items = 20_000 if options.short else options.items
    print(f"expiry: {items} items", flush=True)
    with servers.stator(["--ttl-pause-seconds", "1"]) as server:
        faults = run(server.endpoint, items)
    for fault in faults:
        print(f"  {fault}")
    print(f"{int(not faults)} passed, {int(bool(faults))} failed")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
