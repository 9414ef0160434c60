"""The checker against histories written by hand: one for each anomaly, and some that are in order.

A `Story` writes a history in which all is well: changes go to one shard after the other. Each test breaks it in one
place. `kinds` is what the checker finds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from consumer.checker import check, divisions
from consumer.history import Anomaly, Began, Change, Ended, Item, Outcome, Received, Shard, Step


class Story:
    """A history of one stream, made step by step."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.shards: dict[str, Shard] = {}
        self.changes: list[Change] = []
        self.table: dict[str, Item] = {}
        self._number = 0

    def begin(self, shard: str, parent: str | None = None) -> None:
        self._number += 1
        self.shards[shard] = Shard(shard, parent, self._number, None)
        self.steps.append(Began(shard))

    def end(self, shard: str) -> None:
        self._number += 1
        self.shards[shard] = replace(self.shards[shard], ending=self._number)
        self.steps.append(Ended(shard))

    def put(self, shard: str, key: str, mark: str, outcome: Outcome = Outcome.DONE, **more: int) -> None:
        item = {"pk": {"S": key}, "mark": {"S": mark}, "n": {"N": "1"}}
        self.changes.append(Change(key, mark, outcome, item, transaction=more.get("transaction")))
        self._record(shard, key, item)

    def update(self, shard: str, key: str, mark: str) -> None:
        old = self.table.get(key, {"pk": {"S": key}, "n": {"N": "0"}})
        self.changes.append(Change(key, mark, Outcome.DONE))
        self._record(shard, key, {**old, "mark": {"S": mark}, "n": {"N": str(int(old["n"]["N"]) + 1)}})

    def delete(self, shard: str, key: str, *, certain: bool = True) -> None:
        removed = self.table[key]["mark"]["S"] if certain else None
        self.changes.append(Change(key, None, Outcome.DONE, removed=removed, certain=certain))
        self._record(shard, key, None)

    def refuse(self, key: str, mark: str) -> None:
        self.changes.append(Change(key, mark, Outcome.REFUSED))

    def _record(self, shard: str, key: str, new: Item | None) -> None:
        self._number += 1
        old = self.table.pop(key, None)
        event = "INSERT" if old is None else "MODIFY" if new else "REMOVE"
        self.steps.append(Received(shard, self._number, event, key, old, new))
        if new:
            self.table[key] = new

    def found(self) -> list[Anomaly]:
        return check(self.steps, self.shards, self.changes, self.table)

    def kinds(self) -> set[str]:
        return {anomaly.kind for anomaly in self.found()}

    def record(self, number: int) -> int:
        """The place among the steps of the number-th record."""
        return [place for place, step in enumerate(self.steps) if isinstance(step, Received)][number]

    def amend(self, number: int, change: Callable[[Received], Received]) -> None:
        step = self.steps[self.record(number)]
        assert isinstance(step, Received)
        self.steps[self.record(number)] = change(step)


def divided() -> Story:
    """A shard that is divided in two: `a` goes left, `b` goes right."""
    story = Story()
    story.begin("root")
    story.put("root", "a", "a1")
    story.put("root", "b", "b1")
    story.update("root", "a", "a2")
    story.refuse("a", "a0")
    story.end("root")
    story.begin("left", "root")
    story.begin("right", "root")
    story.update("left", "a", "a3")
    story.delete("right", "b")
    story.put("left", "a", "a4")
    story.update("right", "b", "b2")
    story.delete("left", "a", certain=False)
    story.end("left")
    story.end("right")
    return story


def test_a_history_in_order() -> None:
    assert Story().found() == []
    story = divided()
    assert story.found() == []
    assert divisions(story.shards) == 1


def test_a_lost_record() -> None:
    for number, kinds in [
        (0, {"lost", "order"}),
        # The last of its item: without the chain the mark alone tells.
        (6, {"lost", "replay"}),
        # A deletion that said what it deleted.
        (4, {"lost", "order"}),
    ]:
        story = divided()
        del story.steps[story.record(number)]
        assert story.kinds() == kinds, number


def test_a_lost_deletion_that_nobody_is_sure_of() -> None:
    story = divided()
    del story.steps[story.record(7)]
    assert story.kinds() == {"replay"}


def test_a_deletion_of_nobody() -> None:
    story = divided()
    story.changes = [change for change in story.changes if change.mark is not None or change.certain]
    assert story.kinds() == {"unexpected"}


def test_a_deletion_of_another_than_was_said() -> None:
    story = divided()
    story.changes = [replace(change, removed="b0") if change.removed else change for change in story.changes]
    assert story.kinds() == {"lost"}


def test_a_duplicate() -> None:
    story = divided()
    place = story.record(2)
    story.steps.insert(place, story.steps[place])
    assert story.kinds() == {"duplicate", "number", "order"}


def test_a_duplicate_under_another_number() -> None:
    story = divided()
    story.put("right", "c", "c1")
    story.steps.insert(story.record(8), story.steps.pop())
    first = story.steps[story.record(8)]
    story.steps.insert(story.record(8) + 1, first)
    story.amend(9, lambda record: replace(record, number=record.number + 1))
    assert {"duplicate", "order"} <= story.kinds()


def test_swapped_records_of_an_item() -> None:
    story = divided()
    first, second = story.record(0), story.record(2)
    story.steps[first], story.steps[second] = story.steps[second], story.steps[first]
    assert {"number", "order"} <= story.kinds()


def test_swapped_records_of_different_items() -> None:
    story = divided()
    first, second = story.record(0), story.record(1)
    story.steps[first], story.steps[second] = story.steps[second], story.steps[first]
    assert story.kinds() == {"number"}


def test_swapped_changes_under_numbers_that_grow() -> None:
    story = divided()
    one, other = (story.steps[story.record(number)] for number in (0, 2))
    assert isinstance(one, Received)
    assert isinstance(other, Received)
    story.steps[story.record(0)] = replace(other, number=one.number)
    story.steps[story.record(2)] = replace(one, number=other.number)
    assert "order" in story.kinds()


def test_a_child_before_its_parent() -> None:
    story = divided()
    story.steps.remove(Began("left"))
    story.steps.insert(0, Began("left"))
    assert story.kinds() == {"child-before-parent"}
    # Read to the end before its parent was: what it says begins with what nobody has heard of.
    story = divided()
    left = [step for step in story.steps if step.shard == "left"]
    story.steps = [*left, *(step for step in story.steps if step.shard != "left")]
    assert {"child-before-parent", "order", "strayed"} <= story.kinds()


def test_a_child_whose_numbers_begin_too_early() -> None:
    story = divided()
    story.shards["left"] = replace(story.shards["left"], starting=1)
    assert story.kinds() == {"number-of-child"}
    story = divided()
    story.shards["root"] = replace(story.shards["root"], ending=None)
    assert story.kinds() == {"number-of-child"}


def test_a_record_outside_of_its_shard() -> None:
    story = divided()
    story.shards["right"] = replace(story.shards["right"], ending=story.shards["right"].starting)
    assert story.kinds() == {"outside-of-shard"}


def test_a_record_in_another_shard() -> None:
    story = divided()
    # The change of `b` in the shard that took `a`; its number is in the range of both.
    story.amend(4, lambda record: replace(record, shard="left"))
    assert "strayed" in story.kinds()


def test_records_out_of_turn() -> None:
    story = divided()
    story.steps.append(story.steps.pop(story.record(7)))
    assert story.kinds() == {"out-of-turn"}
    story = divided()
    story.amend(0, lambda record: replace(record, shard="other"))
    assert "unknown-shard" in story.kinds()


def test_a_shard_that_was_not_read() -> None:
    story = divided()
    story.steps.remove(Ended("left"))
    assert story.kinds() == {"unread"}


def test_a_refused_change_that_is_there() -> None:
    story = divided()
    story.begin("late")
    story.put("late", "c", "c1", Outcome.REFUSED)
    story.end("late")
    assert story.kinds() == {"refused"}


def test_an_unknown_change_is_there_once_or_not() -> None:
    story = divided()
    story.begin("late")
    story.put("late", "c", "c1", Outcome.UNKNOWN)
    story.end("late")
    assert story.kinds() == set()
    del story.steps[story.record(8)], story.table["c"]
    assert story.kinds() == set()


def test_an_unknown_change_that_is_there_twice() -> None:
    story = divided()
    story.begin("late")
    story.put("late", "c", "c1", Outcome.UNKNOWN)
    story.put("late", "c", "c1", Outcome.UNKNOWN)
    story.end("late")
    del story.changes[-1]
    assert story.kinds() == {"duplicate"}


def test_a_change_of_nobody() -> None:
    story = divided()
    del story.changes[0]
    assert story.kinds() == {"unexpected"}


def test_half_of_a_transaction() -> None:
    story = divided()
    story.begin("late")
    for key in ("c", "d"):
        story.put("late", key, f"{key}1", Outcome.UNKNOWN, transaction=1)
    story.end("late")
    assert story.kinds() == set()
    del story.steps[story.record(9)], story.table["d"]
    assert story.kinds() == {"torn"}


def test_wrong_images() -> None:
    story = divided()
    story.amend(2, lambda record: replace(record, new={**(record.new or {}), "n": {"N": "7"}}))
    assert {"image", "order"} <= story.kinds()
    story = divided()
    story.amend(2, lambda record: replace(record, event="INSERT"))
    assert story.kinds() == {"event"}


def test_a_table_that_holds_something_else() -> None:
    story = divided()
    story.table["c"] = {"pk": {"S": "c"}, "mark": {"S": "c1"}, "n": {"N": "1"}}
    assert story.kinds() == {"replay"}
    story = divided()
    del story.table["b"]
    assert story.kinds() == {"replay"}
