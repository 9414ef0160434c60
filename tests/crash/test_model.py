"""What the crash test must notice, on states and records written by hand."""

from __future__ import annotations

from typing import Any

from crash.follower import Follower
from crash.model import EXPIRING, Item, Key, Model, Transaction, key_attributes

ONE: Key = ("a", 1)
TWO: Key = ("a", 2)


def item(key: Key, value: int) -> Item:
    return {**key_attributes(key), "value": {"N": str(value)}}


def moved() -> Transaction:
    """One item is put, another one deleted."""
    return Transaction({}, {ONE: None, TWO: item(TWO, 1)}, {ONE: item(ONE, 1), TWO: None})


def test_a_transaction_is_whole_or_absent() -> None:
    assert moved().torn({ONE: item(ONE, 1)}) == []
    assert moved().torn({TWO: item(TWO, 1)}) == []
    assert len(moved().torn({ONE: item(ONE, 1), TWO: item(TWO, 1)})) == 1
    assert len(moved().torn({})) == 1


def test_an_item_that_lasts_is_there_and_no_unknown_one_is() -> None:
    model = Model(lasting={ONE: item(ONE, 1)}, expired={TWO})
    assert model.settle_expiring({ONE: item(ONE, 1)}) == []
    assert model.settle_expiring({ONE: item(ONE, 1), TWO: item(TWO, 1)}) == []
    assert len(model.settle_expiring({})) == 1
    unknown = ("b", 1)
    assert model.settle_expiring({ONE: item(ONE, 1), unknown: item(unknown, 1)}) == [
        f"{EXPIRING}: {unknown} was never written"
    ]


def test_an_item_in_doubt_lasts_once_it_was_seen() -> None:
    model = Model(unsettled={ONE: item(ONE, 1), TWO: item(TWO, 1)})
    assert model.settle_expiring({ONE: item(ONE, 1)}) == []
    assert len(model.settle_expiring({})) == 1


def record(key: Key, old: Item | None, new: Item | None) -> dict[str, Any]:
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    return {"Keys": key_attributes(key), **images}


def faults_of(*records: dict[str, Any]) -> tuple[Follower, list[str]]:
    follower = Follower("table")
    faults: list[str] = []
    for one in records:
        faults += follower.take(one)
    return follower, faults


def test_a_stream_rebuilds_its_table() -> None:
    follower, faults = faults_of(record(ONE, None, item(ONE, 1)), record(ONE, item(ONE, 1), item(ONE, 2)))
    assert faults == []
    assert follower.compare({ONE: item(ONE, 2)}) == []
    assert len(follower.compare({ONE: item(ONE, 1)})) == 1
    assert len(follower.compare({})) == 1


def test_records_that_are_lost_or_told_twice() -> None:
    put, changed = record(ONE, None, item(ONE, 1)), record(ONE, item(ONE, 1), item(ONE, 2))
    for records in ([put, put], [changed], [put, changed, changed], [changed, put]):
        _, faults = faults_of(*records)
        assert faults
