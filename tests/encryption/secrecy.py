"""What a thief of the data directory finds: writes known random marks everywhere, kills the server, and searches every file.

The marks stand in the names of tables, indexes and attributes, in keys and in values; among them values that LZ4 shortens to a fragment. So every
fragment of eight bytes of a mark is searched for. The same search in a directory without encryption finds all kinds of
marks: else it would prove nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import servers
from harness.wire import Connection

FRAGMENT_BYTES = 8
BATCH = 25
SETTLE_SECONDS = 20.0
# Little memory: buffers are written out and compacted while the test writes.
LITTLE_MEMORY = ("--memory-mb", "8", "--log-level", "warn")


class Marks:
    """Random words, one for each kind of thing that is stored."""

    def __init__(self) -> None:
        kinds = ("table", "index", "attribute", "partition_key", "sort_key", "value", "compressed", "changed", "tag")
        self._words = {kind: secrets.token_hex(12) for kind in kinds}

    def __getitem__(self, kind: str) -> str:
        return self._words[kind]

    def found(self, folder: Path) -> dict[str, list[str]]:
        """The files that hold a fragment of each kind's mark, by kind."""
        found: dict[str, list[str]] = {}
        for path in files(folder):
            content = path.read_bytes()
            for kind, word in self._words.items():
                if any(fragment in content for fragment in fragments(word)):
                    found.setdefault(kind, []).append(path.name)
        return found

    def kinds(self) -> set[str]:
        return set(self._words)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def fragments(word: str) -> list[bytes]:
    starts = range(len(word) - FRAGMENT_BYTES + 1)
    return [word[start : start + FRAGMENT_BYTES].encode() for start in starts]


def definition(marks: Marks) -> dict[str, object]:
    names = {"HASH": f"p-{marks['attribute']}", "RANGE": "sort"}
    keys = [{"AttributeName": name, "KeyType": kind} for kind, name in names.items()]
    by_sort = [{"AttributeName": "sort", "KeyType": "HASH"}]
    index = {"IndexName": f"i-{marks['index']}", "KeySchema": by_sort, "Projection": {"ProjectionType": "ALL"}}
    return {
        "TableName": f"t-{marks['table']}",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names.values()],
        "GlobalSecondaryIndexes": [index],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Tags": [{"Key": "owner", "Value": marks["tag"]}],
    }


def item(marks: Marks, number: int) -> dict[str, object]:
    """Of about a kilobyte, most of which LZ4 shortens."""
    return {
        f"p-{marks['attribute']}": {"S": f"{marks['partition_key']}-{number}"},
        "sort": {"S": f"{marks['sort_key']}-{number % 7}"},
        "value": {"S": f"{number}-{marks['value']}"},
        "long": {"S": (f"{marks['compressed']}{number % 10}") * 30},
    }


def write(endpoint: str, marks: Marks, items: int) -> list[str]:
    """Fills a table. Returns what went wrong."""
    connection = Connection(endpoint)
    table = str(definition(marks)["TableName"])
    answers = [connection.call("CreateTable", definition(marks))]
    for start in range(0, items, BATCH):
        puts = [{"PutRequest": {"Item": item(marks, number)}} for number in range(start, start + BATCH)]
        answers.append(connection.call("BatchWriteItem", {"RequestItems": {table: puts}}))
    change = {name: value for name, value in item(marks, 0).items() if name in (f"p-{marks['attribute']}", "sort")}
    update = {"UpdateExpression": "SET changed = :c", "ExpressionAttributeValues": {":c": {"S": marks["changed"]}}}
    answers.append(connection.call("UpdateItem", {"TableName": table, "Key": change, **update}))
    connection.close()
    return [f"a write was answered {answer.body[:200]!r}" for answer in answers if answer.status != 200][:3]


def missing(endpoint: str, marks: Marks, items: int) -> list[str]:
    """Reads everything again. Returns what is not as it was written."""
    connection = Connection(endpoint)
    table = definition(marks)["TableName"]
    start: dict[str, Any] = {}
    found = 0
    while True:
        answer = connection.call("Scan", {"TableName": table, "ConsistentRead": True, **start}).json()
        for one in answer["Items"]:
            number = int(one["value"]["S"].split("-")[0])
            expected = item(marks, number) | ({"changed": {"S": marks["changed"]}} if number == 0 else {})
            if one != expected:
                connection.close()
                return [f"item {number} is not what was written"]
            found += 1
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    connection.close()
    return [] if found == items else [f"{found} of {items} items are there"]


def wait_for_compaction(folder: Path) -> bool:
    """Waits for table files that a compaction wrote. They have numbers above those of files that it removed."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        numbers = sorted(int(path.stem) for path in folder.glob("*.sst"))
        if numbers and len(numbers) < numbers[-1] // 3:
            return True
        time.sleep(0.1)
    return False


def fill_and_kill(data: Path, extra: Sequence[str], items: int) -> tuple[Marks, list[str]]:
    """A server over the directory, filled and killed."""
    marks = Marks()
    server = servers.start_stator(data, [*LITTLE_MEMORY, *extra])
    try:
        faults = write(server.endpoint, marks, items)
        if not wait_for_compaction(data):
            faults.append(f"nothing was compacted within {SETTLE_SECONDS} s")
        server.kill()
    finally:
        server.close()
    logs = [path for path in data.glob("*.log") if path.stat().st_size]
    return marks, faults + ([] if logs else ["no write-ahead log was left to search"])


def check(folder: Path, master_key: str, items: int) -> list[str]:
    """Returns what was found that must not be, and what the search should have found."""
    marks, faults = fill_and_kill(folder / "plain", (), items)
    found = marks.found(folder / "plain")
    for kind in marks.kinds() - found.keys():
        faults.append(f"the search does not find the {kind} where nothing is encrypted: it proves nothing")
    endings = {Path(name).suffix for names in found.values() for name in names}
    if not {".log", ".sst"} <= endings:
        faults.append(f"where nothing is encrypted the search finds marks in {endings} alone: it proves too little")
    marks, more = fill_and_kill(folder / "sealed", ("--master-key", master_key), items)
    faults += more
    searched = sum(path.stat().st_size for path in files(folder / "sealed"))
    for kind, names in marks.found(folder / "sealed").items():
        faults.append(f"the {kind} stands in {', '.join(names)}")
    server = servers.start_stator(folder / "sealed", ["--master-key", master_key])
    try:
        faults += missing(server.endpoint, marks, items)
    finally:
        server.close()
    for kind, names in marks.found(folder / "sealed").items():
        faults.append(f"after a restart the {kind} stands in {', '.join(names)}")
    print(f"  searched {searched / 1e6:.1f} MB in {len(files(folder / 'sealed'))} files")
    return faults
