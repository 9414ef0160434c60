"""Streams read as a consumer reads them: page by page, parents before children. For several test files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

# How long records may take to appear. Stator's are there at once, DynamoDB's within seconds.
READ_SECONDS = 10.0
PAGES_MAX = 1_000
VIEWS: dict[str, tuple[str, ...]] = {
    "KEYS_ONLY": (),
    "NEW_IMAGE": ("NewImage",),
    "OLD_IMAGE": ("OldImage",),
    "NEW_AND_OLD_IMAGES": ("OldImage", "NewImage"),
}

Record = dict[str, Any]
Shard = dict[str, Any]


def streaming(view: str = "NEW_AND_OLD_IMAGES") -> dict[str, Any]:
    """The parameter of CreateTable and UpdateTable that enables a stream."""
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


NOT_STREAMING: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": False}}


def stream_of(client: Any, table: str) -> str:
    """The ARN of a table's latest stream."""
    return str(client.describe_table(TableName=table)["Table"]["LatestStreamArn"])


def shards_of(streams: Any, arn: str, **more: Any) -> list[Shard]:
    """All shards of a stream, page by page."""
    found: list[Shard] = []
    start: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        stream = streams.describe_stream(StreamArn=arn, **start, **more)["StreamDescription"]
        found += stream["Shards"]
        if "LastEvaluatedShardId" not in stream:
            return found
        start = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}
    raise AssertionError(f"{arn} has no last page of shards")


def iterator_of(streams: Any, arn: str, shard: Shard, kind: str = "TRIM_HORIZON", **more: Any) -> str:
    """An iterator of a shard."""
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **more)
    return str(answer["ShardIterator"])


def pages_from(streams: Any, iterator: str, **more: Any) -> Iterator[list[Record]]:
    """Pages of records to the end of the shard or, where it is open, to the first page without any."""
    following: str | None = iterator
    for _ in range(PAGES_MAX):
        if following is None:
            return
        page = streams.get_records(ShardIterator=following, **more)
        following = page.get("NextShardIterator")
        if not page["Records"] and following is not None:
            return
        yield page["Records"]
    raise AssertionError(f"a shard did not end after {PAGES_MAX} pages")


def records_from(streams: Any, iterator: str, **more: Any) -> list[Record]:
    return [record for page in pages_from(streams, iterator, **more) for record in page]


def all_records(streams: Any, arn: str) -> list[Record]:
    """What is in a stream now. A shard's parent stands before it in the list of shards."""
    found: list[Record] = []
    for shard in shards_of(streams, arn):
        found += records_from(streams, iterator_of(streams, arn, shard))
    return found


def read(streams: Any, arn: str, count: int) -> list[Record]:
    """The records of a stream, which must be so many: waits for those that are missing."""
    found: list[Record] = until(lambda: all_records(streams, arn), lambda records: len(records) >= count)
    assert len(found) == count, [(record["eventName"], record["dynamodb"]["Keys"]) for record in found]
    return found


def until(look: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = READ_SECONDS) -> Any:
    """Looks again and again until it holds, or the time is over. What was seen last."""
    deadline = time.monotonic() + seconds
    found = look()
    while not holds(found) and time.monotonic() < deadline:
        time.sleep(0.05)
        found = look()
    return found
