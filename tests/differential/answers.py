"""What an answer says, split into aspects that are compared one by one, without what may differ.

May differ: request, table and index ids, ARNs, times, states of tables on their way, sizes and counts that DynamoDB
brings up to date every six hours, the order of set members, of unordered answers, and of index entries with equal
keys.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from differential.requests import Request
from harness.wire import STREAMS_OPERATIONS, Answer

# Members of table descriptions that may differ.
VOLATILE = {
    "TableId",
    "TableArn",
    "IndexArn",
    "CreationDateTime",
    "LastIncreaseDateTime",
    "LastDecreaseDateTime",
    "LastUpdateToPayPerRequestDateTime",
    "LatestStreamArn",
    "LatestStreamLabel",
    "TableStatus",
    "IndexStatus",
    "Backfilling",
    "ItemCount",
    "TableSizeBytes",
    "IndexSizeBytes",
    "WarmThroughput",
    "NumberOfDecreasesToday",
}
SETS = ("SS", "NS", "BS")
# What an answer about a stream says that all servers can agree on.
STREAM_MEMBERS = ("StreamStatus", "StreamViewType", "TableName", "KeySchema")

Aspects = dict[str, Any]


def outcome(request: Request, pages: list[Answer]) -> Aspects:
    """The aspects of an answer, most important first: outcome, message, members of the result, capacity."""
    failed = next((page for page in pages if page.status != 200), None)
    if failed is not None:
        return failure(failed)
    try:
        results = [page.json() for page in pages]
    except ValueError:
        return {"outcome": "200 without JSON"}
    merged = merge(request, results)
    aspects: Aspects = {"outcome": "success"}
    for member in sorted(merged):
        aspects[f"result {member}"] = merged[member]
    return aspects


def failure(answer: Answer) -> Aspects:
    if answer.status == 0:
        return {"outcome": "no answer"}
    aspects: Aspects = {"outcome": answer.error_type()}
    try:
        body = answer.json()
    except ValueError:
        return aspects
    if isinstance(body, dict):
        aspects["message"] = str(body.get("message") or body.get("Message") or "")
        if "Item" in body:
            aspects["result Item"] = canonical(body["Item"])
        if "CancellationReasons" in body:
            # What says why; the items that come with it are another matter.
            reasons = [reason if isinstance(reason, dict) else {} for reason in body["CancellationReasons"] or []]
            aspects["reasons"] = [f"{reason.get('Code')}: {reason.get('Message', '')}" for reason in reasons]
            aspects["result Items"] = [canonical(reason.get("Item")) for reason in reasons]
    return aspects


def merge(request: Request, results: list[dict[str, Any]]) -> dict[str, Any]:
    """One result out of the pages of a walk, and the parts of it that may be compared."""
    first = dict(results[0])
    if request.operation in ("Query", "Scan"):
        return merge_pages(request, results)
    if request.operation == "ExecuteStatement" and request.walk:
        return merge_statement(request, results)
    if request.operation == "BatchGetItem":
        responses = first.get("Responses", {})
        first["Responses"] = {name: unordered(items) for name, items in responses.items()}
    if request.operation == "BatchExecuteStatement":
        first["Responses"] = [told(response) for response in first.get("Responses", [])]
    for member in ("Table", "TableDescription"):
        if member in first:
            first[member] = description(first[member])
    if request.operation == "ListTables":
        return {}
    if request.operation in STREAMS_OPERATIONS:
        return stream_answer(request, first)
    return {member: canonical(value) for member, value in first.items() if member != "ConsumedCapacity"} | capacity(
        first
    )


def stream_answer(request: Request, result: dict[str, Any]) -> dict[str, Any]:
    """Shards, iterators and numbers are each server's own, and records are compared by themselves."""
    if request.operation == "ListStreams":
        return {"Streams": unordered([{"TableName": entry.get("TableName")} for entry in result.get("Streams", [])])}
    description = result.get("StreamDescription", {})
    return {name: description[name] for name in STREAM_MEMBERS if name in description}


def told(response: dict[str, Any]) -> dict[str, Any]:
    """What is answered to one statement of a batch, its error's code and words together."""
    error = response.get("Error")
    if not isinstance(error, dict):
        return response
    words = f"{error.get('Code')}: {error.get('Message', '')}"
    return {**response, "Error": words, **({"ErrorItem": error["Item"]} if "Item" in error else {})}


def merge_pages(request: Request, results: list[dict[str, Any]]) -> dict[str, Any]:
    items = [canonical(item) for page in results for item in page.get("Items", [])]
    merged: dict[str, Any] = {
        "Count": sum(page.get("Count", -1) for page in results),
        "ScannedCount": sum(page.get("ScannedCount", -1) for page in results),
        "(pages)": len(results),
    }
    if "Items" in results[0]:
        merged["Items"] = in_order(request, items)
    if request.operation == "Query" and request.index is None:
        merged["LastEvaluatedKey"] = [canonical(page.get("LastEvaluatedKey")) for page in results]
        merged["(counts)"] = [page.get("Count") for page in results]
    if len(results) == 1 or (request.operation == "Query" and request.index is None):
        merged |= capacity(results[0])
    return merged


def merge_statement(request: Request, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Pages of a SELECT. Its token is each server's own matter."""
    items = [canonical(item) for page in results for item in page.get("Items", [])]
    merged: dict[str, Any] = {"Items": in_order(request, items), "(pages)": len(results)}
    others = set(results[0]) - {"Items", "NextToken", "LastEvaluatedKey", "ConsumedCapacity"}
    merged |= {name: canonical(results[0][name]) for name in others}
    return merged | (capacity(results[0]) if len(results) == 1 else {})


def in_order(request: Request, items: list[Any]) -> Any:
    """Items as a list where their order is DynamoDB's, as a sorted list where it is not."""
    if request.operation == "Scan" or not request.ordered:
        return unordered(items)
    if request.index is None:
        return items
    if len(request.index.keys) == 1:
        return unordered(items)
    attribute = request.index.keys[1][0]
    return [unordered(list(group)) for _, group in groupby(items, lambda item: item.get(attribute))]


def capacity(result: dict[str, Any]) -> dict[str, Any]:
    consumed = result.get("ConsumedCapacity")
    if consumed is None:
        return {}
    if isinstance(consumed, list):
        consumed = sorted(consumed, key=lambda entry: str(entry.get("TableName")))
    return {"ConsumedCapacity": numbers_as_floats(consumed)}


def description(table: Any) -> Any:
    """A table description without what may differ, its lists in a fixed order."""
    if isinstance(table, dict):
        return {name: description(value) for name, value in table.items() if name not in VOLATILE}
    if isinstance(table, list):
        entries = [description(entry) for entry in table]
        ordered = all(isinstance(entry, dict) and "KeyType" in entry for entry in entries)
        return entries if ordered else unordered(entries)
    return table


def canonical(value: Any) -> Any:
    """Attribute values with the members of sets in one order."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((kind, content),) = value.items()
            if kind in SETS and isinstance(content, list):
                return {kind: sorted(map(str, content))}
        return {name: canonical(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [canonical(inner) for inner in value]
    return value


def numbers_as_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: numbers_as_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [numbers_as_floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def unordered(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
