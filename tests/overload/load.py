"""Requests that are expensive to serve and cheap to send, and two ways to send too many of them.

A closed loop has many connections, each of which sends its next request when the last one is answered, also when that
was refused: clients that never back off. An open loop sends at a rate, whatever becomes of it, over as many connections
as that takes: many clients that do not know of each other.
"""

from __future__ import annotations

import collections
import itertools
import json
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harness.crowd import Client, Crowd
from harness.wire import Answer, Connection, request_bytes

TABLE = "overload"
ITEMS = 10_000
SCANNED_BYTES = 60
# Whole requests fit the buffers of a socket, so that sending them never blocks.
WRITTEN_BYTES = 1_500
BATCH = 25
ACTIONS = 100
READ_BYTES = 1 << 16
HEAD_END = b"\r\n\r\n"
# The scanned items fill one page of an answer, and none of them is answered.
SCAN: dict[str, Any] = {
    "TableName": TABLE,
    "FilterExpression": "contains(body, :needle)",
    "ExpressionAttributeValues": {":needle": {"S": "not there"}},
}
DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


@dataclass
class Tally:
    """What became of the requests: how long each kind of answer took, in seconds."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, status: int, body: bytes, seconds: float) -> None:
        if status == 200:
            self.answered.append(seconds)
            return
        answer = Answer(status, {}, body)
        kind = answer.error_type()
        if answer.is_conflict() or kind == "TransactionConflictException":
            # Decided like any other: somebody else was faster.
            self.answered.append(seconds)
        elif kind == "ThrottlingException" or status == 503:
            self.refused.append(seconds)
        else:
            self.faults.append(f"{status} {body[:200]!r}")


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else 0.0


def create(endpoint: str) -> None:
    """The table, with items to scan."""
    connection = Connection(endpoint)
    assert connection.call("CreateTable", DEFINITION).status == 200
    for start in range(0, ITEMS, BATCH):
        items = [item(f"scanned-{number}", SCANNED_BYTES) for number in range(start, start + BATCH)]
        answer = connection.call(
            "BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": i}} for i in items]}}
        )
        assert answer.status == 200, answer.body
    connection.close()


def item(key: str, size: int) -> dict[str, Any]:
    return {"pk": {"S": key}, "body": {"S": "x" * size}}


def requests(kind: str) -> Iterator[bytes]:
    """Endlessly many requests of one kind, or of all in turn."""
    makers = {"scan": _scans, "batch": _batches, "transaction": _transactions, "hot": _increments}
    if kind == "mixed":
        streams = [make() for make in makers.values()]
        return (next(stream) for stream in itertools.cycle(streams))
    return makers[kind]()


def _scans() -> Iterator[bytes]:
    return itertools.repeat(request_bytes("Scan", SCAN))


def _batches() -> Iterator[bytes]:
    """Puts of the same few hundred items, so that the disk is not what is measured."""
    bodies = []
    for group in range(16):
        puts = [{"PutRequest": {"Item": item(f"batch-{group}-{number}", WRITTEN_BYTES)}} for number in range(BATCH)]
        bodies.append(request_bytes("BatchWriteItem", {"RequestItems": {TABLE: puts}}))
    return itertools.cycle(bodies)


def _transactions() -> Iterator[bytes]:
    """Increments of many items at once. Each has an item in common with the next few."""
    bodies = []
    for group in range(64):
        updates = [{"Update": _increment(f"counter-{(group * 90 + number) % 5760}")} for number in range(ACTIONS)]
        bodies.append(request_bytes("TransactWriteItems", {"TransactItems": updates}))
    return itertools.cycle(bodies)


def _increments() -> Iterator[bytes]:
    return itertools.repeat(request_bytes("UpdateItem", _increment("hot")))


def _increment(key: str) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "Key": {"pk": {"S": key}},
        "UpdateExpression": "ADD hits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


def closed_loop(endpoint: str, kind: str, clients: int, seconds: float) -> Tally:
    """So many clients for so long."""
    tally = Tally()
    stream = requests(kind)
    end = time.monotonic() + seconds

    def client() -> Client:
        while time.monotonic() < end:
            sent = time.monotonic()
            answer = yield next(stream)
            assert answer is not None
            tally.note(answer.status, answer.body, time.monotonic() - sent)

    Crowd(endpoint, (client() for _ in range(clients))).run()
    return tally


@dataclass(slots=True)
class _Line:
    """A connection and what is on it: a request that was sent at some time, and a part of its answer."""

    socket: socket.socket
    sent: float = 0.0
    received: bytes = b""


class OpenLoop:
    """Requests at a rate. A request that finds no connection free, and no more are allowed, is not sent: that is counted."""

    def __init__(self, endpoint: str, kind: str, per_second: float, connections: int) -> None:
        self.tally = Tally()
        self.unsent = 0
        self._address = (urlsplit(endpoint).hostname, urlsplit(endpoint).port)
        self._stream = requests(kind)
        self._per_second = per_second
        self._most = connections
        self._open = 0
        self._idle: collections.deque[_Line] = collections.deque()
        self._selector = selectors.DefaultSelector()

    def run(self, seconds: float, wait_seconds: float = 30.0) -> Tally:
        """Sends for so long, and waits for what is still to be answered."""
        began = time.monotonic()
        sent = 0
        while (now := time.monotonic()) - began < seconds:
            wanted = int((now - began) * self._per_second)
            # In portions, so that answers are read between them.
            for _ in range(sent, min(wanted, sent + 64)):
                self._send()
            sent = min(wanted, sent + 64)
            self._receive(0.0 if sent < wanted else 0.001)
        deadline = time.monotonic() + wait_seconds
        while len(self._idle) < self._open and time.monotonic() < deadline:
            self._receive(0.1)
        if len(self._idle) < self._open:
            self.tally.faults.append(f"{self._open - len(self._idle)} requests were not answered")
        for line in [key.data for key in self._selector.get_map().values()]:
            line.socket.close()
        return self.tally

    def _send(self) -> None:
        if self._idle:
            line = self._idle.pop()
        elif self._open < self._most:
            line = _Line(socket.create_connection(self._address, 10))
            self._open += 1
            self._selector.register(line.socket, selectors.EVENT_READ, line)
        else:
            self.unsent += 1
            return
        line.sent = time.monotonic()
        line.socket.sendall(next(self._stream))

    def _receive(self, wait_seconds: float) -> None:
        for key, _ in self._selector.select(wait_seconds):
            line: _Line = key.data
            data = line.socket.recv(READ_BYTES)
            line.received += data
            if not data:
                self.tally.faults.append("the server closed a connection")
                self._selector.unregister(line.socket)
                line.socket.close()
                self._open -= 1
                continue
            head, end, body = line.received.partition(HEAD_END)
            if end and len(body) >= _length(head):
                self.tally.note(int(head[9:12]), body, time.monotonic() - line.sent)
                line.received = b""
                self._idle.append(line)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0])


def probe(endpoint: str) -> float:
    """How long one small read takes."""
    connection = Connection(endpoint)
    began = time.monotonic()
    answer = connection.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": "scanned-0"}}})
    assert answer.status == 200, json.dumps(answer.body.decode())
    connection.close()
    return time.monotonic() - began
