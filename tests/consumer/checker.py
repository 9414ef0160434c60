"""Says whether a consumer of a stream was told every change, once, and the changes of each item in their order.

Records are looked at three times: along each shard and its parents (numbers, ranges, whose turn it was), along each
item (every change begins where the one before it ended, from nothing to what the table holds at the end), and change
by change (what was acknowledged is there once, what was refused is not, what nobody knows is there at most once).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from consumer.history import Anomaly, Began, Change, Ended, Item, Outcome, Received, Shard, Step, mark_of

EVENTS = {(False, True): "INSERT", (True, True): "MODIFY", (True, False): "REMOVE"}


def check(
    steps: Sequence[Step], shards: Mapping[str, Shard], changes: Sequence[Change], final: Mapping[str, Item]
) -> list[Anomaly]:
    """All anomalies that were found."""
    records = [step for step in steps if isinstance(step, Received)]
    by_key: defaultdict[str, list[Received]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(record)
    anomalies = [*_check_turns(steps, shards), *_check_numbers(records, shards)]
    for key in sorted(by_key.keys() | final.keys()):
        anomalies += _check_item(key, by_key[key], final.get(key))
        anomalies += _check_lineage(by_key[key], shards)
    anomalies += _check_marks(records, changes)
    anomalies += _check_removals(by_key, changes)
    return anomalies + list(_check_transactions(records, changes))


def divisions(shards: Mapping[str, Shard]) -> int:
    """How many shards are continued by more than one."""
    children = Counter(shard.parent for shard in shards.values() if shard.parent)
    return sum(count > 1 for count in children.values())


def _check_turns(steps: Sequence[Step], shards: Mapping[str, Shard]) -> Iterator[Anomaly]:
    """A shard is begun when its parent has ended, and all are read to their end."""
    began: set[str] = set()
    ended: set[str] = set()
    for step in steps:
        shard = shards.get(step.shard)
        if shard is None:
            yield Anomaly("unknown-shard", f"{step} is of no shard of the stream")
        elif isinstance(step, Began):
            began.add(step.shard)
            if shard.parent in shards and shard.parent not in ended:
                yield Anomaly("child-before-parent", f"{shard.name} was begun before {shard.parent} had ended")
        elif isinstance(step, Ended):
            ended.add(step.shard)
        elif step.shard not in began or step.shard in ended:
            yield Anomaly("out-of-turn", f"{describe(step)} was received before the beginning or after the end")
    for name in shards.keys() - ended:
        yield Anomaly("unread", f"{name} was not read to its end")


def _check_numbers(records: Sequence[Received], shards: Mapping[str, Shard]) -> Iterator[Anomaly]:
    """Numbers grow along a shard, lie in its range, and lie behind all of its parent's."""
    last: dict[str, int] = {}
    for record in records:
        shard = shards.get(record.shard)
        if record.number <= last.get(record.shard, -1):
            yield Anomaly("number", f"{describe(record)} does not stand behind {last[record.shard]}")
        last[record.shard] = record.number
        if shard and not shard.starting <= record.number <= (shard.ending or record.number):
            yield Anomaly("outside-of-shard", f"{describe(record)} is not in {shard}")
    for shard in shards.values():
        parent = shards.get(shard.parent or "")
        if parent and (parent.ending is None or shard.starting < max(parent.ending, last.get(parent.name, 0))):
            yield Anomaly("number-of-child", f"{shard} does not begin behind {parent}")
    for number, times in Counter(record.number for record in records).items():
        if times > 1:
            yield Anomaly("duplicate", f"number {number} was received {times} times")


def _check_item(key: str, records: Sequence[Received], final: Item | None) -> Iterator[Anomaly]:
    """Every change begins where the one before it ended; the last one left what the table holds."""
    present: Item | None = None
    for record in records:
        if record.old != present:
            yield Anomaly("order", f"{describe(record)} does not begin with {present}")
        if record.event != EVENTS.get((record.old is not None, record.new is not None)):
            yield Anomaly("event", f"{describe(record)} is not called so")
        images = [image for image in (record.old, record.new) if image]
        if any(image["pk"]["S"] != key for image in images):
            yield Anomaly("image", f"{describe(record)} shows another item")
        present = record.new
    if present != final:
        yield Anomaly("replay", f"{key} ends as {present}, but the table holds {final}")


def _check_lineage(records: Sequence[Received], shards: Mapping[str, Shard]) -> Iterator[Anomaly]:
    """An item goes from a shard only to those that continue it."""
    for earlier, later in pairwise(records):
        at: str | None = later.shard
        while at is not None and at != earlier.shard:
            shard = shards.get(at)
            at = shard.parent if shard else None
        if at is None:
            yield Anomaly("strayed", f"{describe(later)} came after {describe(earlier)}")


def _check_marks(records: Sequence[Received], changes: Sequence[Change]) -> Iterator[Anomaly]:
    """Puts and updates."""
    written: defaultdict[str, list[Received]] = defaultdict(list)
    for record in records:
        mark = mark_of(record.new)
        if mark is not None:
            written[mark].append(record)
    for change in changes:
        if change.mark is not None:
            yield from _check_mark(change, written.pop(change.mark, []))
    for mark, found in written.items():
        yield Anomaly("unexpected", f"nobody asked for {mark}, but there is {describe(found[0])}")


def _check_mark(change: Change, found: Sequence[Received]) -> Iterator[Anomaly]:
    """One put or update, and the records that show its mark."""
    if change.outcome is Outcome.REFUSED and found:
        yield Anomaly("refused", f"{change} was refused, but there is {describe(found[0])}")
    elif change.outcome is Outcome.DONE and not found:
        yield Anomaly("lost", f"{change} was acknowledged, but has no record")
    if len(found) > 1:
        yield Anomaly("duplicate", f"{change} has {len(found)} records")
    for record in found:
        expected = after(change, record.old)
        if record.key != change.key or record.new != expected:
            yield Anomaly("image", f"{describe(record)} shows not what {change} makes: {expected}")


def after(change: Change, old: Item | None) -> Item:
    """What a put or an update makes of an item."""
    if change.item is not None:
        return change.item
    present = old or {"pk": {"S": change.key}}
    count = int(present.get("n", {"N": "0"})["N"]) + 1
    return {**present, "mark": {"S": change.mark}, "n": {"N": str(count)}}


def _check_removals(by_key: Mapping[str, Sequence[Received]], changes: Sequence[Change]) -> Iterator[Anomaly]:
    """Deletions. Those that say what they deleted are held to it, the others are counted by the item."""
    certain: defaultdict[str, set[str]] = defaultdict(set)
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for change in changes:
        if change.mark is not None or change.outcome is Outcome.REFUSED:
            continue
        is_certain = change.certain and change.outcome is Outcome.DONE
        least[change.key] += is_certain
        most[change.key] += 1
        if is_certain and change.removed is not None:
            certain[change.key].add(change.removed)
    for key in sorted(by_key.keys() | least.keys()):
        removals = [mark_of(record.old) for record in by_key.get(key, ()) if record.new is None]
        if not least[key] <= len(removals) <= most[key]:
            text = f"{key} was deleted {len(removals)} times by the stream, {least[key]} to {most[key]} by the writers"
            yield Anomaly("lost" if len(removals) < least[key] else "unexpected", text)
        for mark in sorted(certain[key] - set(removals)):
            yield Anomaly("lost", f"{key} with {mark} was deleted, but there is no record of it")


def _check_transactions(records: Sequence[Received], changes: Sequence[Change]) -> Iterator[Anomaly]:
    """All of a transaction is in the stream, or nothing."""
    seen = {mark for record in records if (mark := mark_of(record.new))}
    marks: defaultdict[int, list[str]] = defaultdict(list)
    for change in changes:
        if change.transaction is not None and change.mark is not None:
            marks[change.transaction].append(change.mark)
    for parts in marks.values():
        if 0 < len(seen.intersection(parts)) < len(parts):
            yield Anomaly("torn", f"of the changes {parts} of a transaction only {sorted(seen & set(parts))} are there")


def describe(record: Received) -> str:
    """One line for a report."""
    marks = f"{mark_of(record.old)} -> {mark_of(record.new)}"
    return f"{record.event} of {record.key} ({marks}) as {record.number} of {record.shard}"
