"""The consumer: workers that take shards from a table of leases, read a few pages of one, and hand it back.

As with the Kinesis Client Library, a shard is free to be taken when its parent has been read to its end, and whoever
takes it goes on behind the last record that was noted. What a page brought and how far it went are noted together, so
a worker whose server dies loses nothing and repeats nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from consumer.history import Began, Ended, Received, Shard, Step
from harness.wire import Connection, WireError

PAGES_AT_ONCE = 4
LIST_PAGES_MAX = 1_000
LISTED_EVERY_SECONDS = 0.5
PAUSE_SECONDS = 0.02
ANSWER_SECONDS = 20.0

Body = dict[str, Any]


class ReadError(Exception):
    """The server answered what it may not answer. The worker ends, and the run fails."""


@dataclass(slots=True)
class Lease:
    """A shard: whether somebody reads it, and how far it has been read."""

    shard: str
    parent: str | None
    is_held: bool = False
    is_begun: bool = False
    is_ended: bool = False
    checkpoint: str | None = None


class Leases:
    """All shards that are known, shared by the workers, and the steps of all in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.shards: dict[str, Shard] = {}
        self.counts: Counter[str] = Counter()
        self._leases: dict[str, Lease] = {}
        self._listed_at = 0.0
        # Whether the stream gets no more shards, and whether all of them are known.
        self._is_closed = False
        self._is_complete = False
        self._lock = threading.Lock()

    def take(self, random: Random) -> Lease | None:
        """A shard whose turn it is."""
        with self._lock:
            free = [lease for lease in self._leases.values() if self._is_free(lease)]
            if not free:
                return None
            lease = random.choice(free)
            lease.is_held = True
            if not lease.is_begun:
                lease.is_begun = True
                self.steps.append(Began(lease.shard))
            return lease

    def _is_free(self, lease: Lease) -> bool:
        parent = self._leases.get(lease.parent or "")
        return not lease.is_held and not lease.is_ended and (parent is None or parent.is_ended)

    def hand_back(self, lease: Lease) -> None:
        with self._lock:
            lease.is_held = False

    def note(self, lease: Lease, records: Sequence[Body], *, is_ended: bool) -> None:
        """What a page brought."""
        received = [understood(lease.shard, record) for record in records]
        with self._lock:
            self.steps += received
            if records:
                lease.checkpoint = records[-1]["dynamodb"]["SequenceNumber"]
            if is_ended:
                lease.is_ended = True
                self.steps.append(Ended(lease.shard))
                # Its children are to be found.
                self._listed_at = 0.0

    def is_list_due(self) -> bool:
        """Whether it is time to look for new shards. One worker does."""
        with self._lock:
            now = time.monotonic()
            due = not self._is_complete and now - self._listed_at > LISTED_EVERY_SECONDS
            if due:
                self._listed_at = now
            return due

    def learn(self, shards: Sequence[Shard], *, was_closed: bool) -> None:
        """All shards as they were described; `was_closed` if the stream was when that began."""
        with self._lock:
            self.shards = {shard.name: shard for shard in shards}
            for shard in shards:
                self._leases.setdefault(shard.name, Lease(shard.name, shard.parent))
            self._is_complete = was_closed

    def close(self) -> None:
        """The stream was disabled: the consumer ends with the shards."""
        with self._lock:
            self._is_closed = True

    def is_closed(self) -> bool:
        with self._lock:
            return self._is_closed

    def is_finished(self) -> bool:
        with self._lock:
            return self._is_complete and all(lease.is_ended for lease in self._leases.values())


class Worker:
    """One thread with one connection."""

    def __init__(self, number: int, seed: int, stream: str, endpoint: Callable[[], str], leases: Leases) -> None:
        self.fault: str | None = None
        self._stream = stream
        self._endpoint = endpoint
        self._leases = leases
        self._random = Random(f"{seed}/worker/{number}")
        self._connection = Connection(endpoint(), ANSWER_SECONDS)
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, deadline: float) -> bool:
        """Waits for its end, and stops it when the time is over. Whether it ended by itself."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        ended = not self._thread.is_alive()
        self._is_stopped.set()
        self._thread.join(2 * ANSWER_SECONDS)
        return ended

    def _run(self) -> None:
        while not self._is_stopped.is_set() and not self._leases.is_finished():
            try:
                if self._leases.is_list_due():
                    self._list()
                self._turn()
            except (WireError, OSError):
                # The server was killed. The next one listens elsewhere.
                self._leases.counts["connections lost by workers"] += 1
                time.sleep(PAUSE_SECONDS)
                self._connection.close()
                self._connection = Connection(self._endpoint(), ANSWER_SECONDS)
            except ReadError as error:
                self.fault = str(error)
                break
        self._connection.close()

    def _turn(self) -> None:
        """A few pages of some shard."""
        lease = self._leases.take(self._random)
        if lease is None:
            time.sleep(PAUSE_SECONDS)
            return
        try:
            is_idle = self._read(lease)
        finally:
            self._leases.hand_back(lease)
        if is_idle:
            time.sleep(PAUSE_SECONDS)

    def _read(self, lease: Lease) -> bool:
        """Reads on where the last worker stopped. Whether there was nothing to read."""
        iterator = self._call("GetShardIterator", self._place(lease))["ShardIterator"]
        limit = self._random.choice(({}, {}, {"Limit": 1}, {"Limit": 30}, {"Limit": 1000}))
        for page_number in range(PAGES_AT_ONCE):
            page = self._call("GetRecords", {"ShardIterator": iterator, **limit})
            iterator = page.get("NextShardIterator")
            self._leases.note(lease, page["Records"], is_ended=iterator is None)
            if iterator is None or not page["Records"]:
                return page_number == 0 and iterator is not None
        return False

    def _place(self, lease: Lease) -> Body:
        place: Body = {"StreamArn": self._stream, "ShardId": lease.shard}
        if lease.checkpoint is None:
            return {**place, "ShardIteratorType": "TRIM_HORIZON"}
        self._leases.counts["resumed behind a record"] += 1
        return {**place, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": lease.checkpoint}

    def _list(self) -> None:
        """All shards, in pages of any size."""
        was_closed = self._leases.is_closed()
        body: Body = {"StreamArn": self._stream, "Limit": self._random.choice((1, 7, 100))}
        shards: list[Shard] = []
        for _ in range(LIST_PAGES_MAX):
            stream = self._call("DescribeStream", body)["StreamDescription"]
            shards += [described(shard) for shard in stream["Shards"]]
            if "LastEvaluatedShardId" not in stream:
                self._leases.learn(shards, was_closed=was_closed)
                return
            body["ExclusiveStartShardId"] = stream["LastEvaluatedShardId"]
        raise ReadError("the shards have no last page")

    def _call(self, operation: str, body: Body) -> Body:
        answer = self._connection.call(operation, body)
        if answer.status != 200:
            raise ReadError(f"{operation} {body} was answered {answer.status} {answer.body[:300]!r}")
        result: Body = answer.json()
        return result


def understood(shard: str, record: Body) -> Received:
    """A record as it is checked."""
    change = record["dynamodb"]
    return Received(
        shard,
        int(change["SequenceNumber"]),
        record["eventName"],
        change["Keys"]["pk"]["S"],
        change.get("OldImage"),
        change.get("NewImage"),
    )


def described(shard: Body) -> Shard:
    numbers = shard["SequenceNumberRange"]
    ending = numbers.get("EndingSequenceNumber")
    starting = int(numbers["StartingSequenceNumber"])
    return Shard(shard["ShardId"], shard.get("ParentShardId"), starting, int(ending) if ending else None)
