"""The checker against histories written by hand: one for each anomaly, and some that are in order.

Elements are numbered as they are appended, times are small numbers. `kinds` is what the checker finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from random import Random

from histories.checker import check
from histories.history import NEVER, Elements, Operation, Outcome

Lists = Mapping[str, Elements]


class Clock:
    """Gives operations times: each after the one before, unless told otherwise."""

    def __init__(self) -> None:
        self._ticks = count(1)

    def done(self, at: tuple[int, int] | None = None, **parts: Lists | Mapping[str, int]) -> Operation:
        return self.operation(Outcome.DONE, at, parts)

    def refused(self, at: tuple[int, int] | None = None, **parts: Lists | Mapping[str, int]) -> Operation:
        return self.operation(Outcome.REFUSED, at, parts)

    def unknown(self, at: int | None = None, **parts: Lists | Mapping[str, int]) -> Operation:
        return self.operation(Outcome.UNKNOWN, (at or next(self._ticks), NEVER), parts)

    def operation(self, outcome: Outcome, at: tuple[int, int] | None, parts: Mapping[str, object]) -> Operation:
        invoked, completed = at or (next(self._ticks), next(self._ticks))
        return Operation("Operation", 0, invoked, completed, outcome, **parts)  # type: ignore[arg-type]


# At the same time as everything else.
ANY = (0, NEVER - 1)


def kinds(*history: Operation) -> set[str]:
    return {anomaly.kind for anomaly in check(history)}


def test_an_empty_history_is_in_order() -> None:
    assert kinds() == set()


def test_writes_and_reads_one_after_another_are_in_order() -> None:
    clock = Clock()
    assert not kinds(
        clock.done(reads={"x": ()}),
        clock.done(appends={"x": (1,)}),
        clock.done(appends={"x": (2, 3)}, reads={"x": (1,)}),
        clock.done(appends={"x": (4,)}, results={"x": (1, 2, 3, 4)}),
        clock.done(appends={"x": (5,), "y": (6,)}, conditions={"x": 4, "y": 0}),
        clock.refused(appends={"x": (7,)}, conditions={"x": 4}, reads={"x": (1, 2, 3, 4, 5)}),
        clock.done(reads={"x": (1, 2, 3, 4, 5), "y": (6,)}),
    )


def test_concurrent_operations_may_stand_in_any_order() -> None:
    clock = Clock()
    assert not kinds(
        clock.done(ANY, appends={"x": (1,)}),
        clock.done(ANY, appends={"x": (2,)}),
        clock.done(ANY, reads={"x": ()}),
        clock.done(ANY, reads={"x": (2,)}),
        clock.done(ANY, reads={"x": (2, 1)}),
    )


def test_what_nobody_knows_may_have_happened_or_not_or_late() -> None:
    clock = Clock()
    assert not kinds(
        clock.unknown(appends={"x": (1,)}),
        clock.unknown(appends={"x": (2,)}),
        clock.done(reads={"x": ()}),
        clock.done(reads={"x": (2,)}),
    )


def test_a_cycle_of_writes_is_g0() -> None:
    clock = Clock()
    assert "G0" in kinds(
        clock.done(ANY, appends={"x": (1,), "y": (2,)}),
        clock.done(ANY, appends={"x": (3,), "y": (4,)}),
        clock.done(ANY, reads={"x": (1, 3)}),
        clock.done(ANY, reads={"y": (4, 2)}),
    )


def test_a_read_of_a_refused_write_is_g1a() -> None:
    clock = Clock()
    assert kinds(clock.refused(appends={"x": (1,)}), clock.done(reads={"x": (1,)})) == {"G1a"}


def test_a_read_in_the_middle_of_a_write_is_g1b() -> None:
    clock = Clock()
    write = clock.done(ANY, appends={"x": (1, 2)})
    assert "G1b" in kinds(write, clock.done(ANY, reads={"x": (1,)}), clock.done(ANY, reads={"x": (1, 2)}))


def test_a_write_in_the_middle_of_a_write_is_g1b() -> None:
    clock = Clock()
    writes = clock.done(ANY, appends={"x": (1, 2)}), clock.done(ANY, appends={"x": (3,)})
    assert "G1b" in kinds(*writes, clock.done(ANY, reads={"x": (1, 3, 2)}))


def test_a_circle_of_reads_is_g1c() -> None:
    clock = Clock()
    assert kinds(
        clock.done(ANY, appends={"x": (1,)}, reads={"y": (2,)}),
        clock.done(ANY, appends={"y": (2,)}, reads={"x": (1,)}),
    ) == {"G1c"}


def test_half_of_a_transaction_read_is_g_single() -> None:
    clock = Clock()
    assert kinds(
        clock.done(ANY, appends={"x": (1,), "y": (2,)}),
        clock.done(ANY, reads={"x": (1,), "y": ()}),
        clock.done(ANY, reads={"y": (2,)}),
    ) == {"G-single"}


def test_items_of_one_cancelled_transaction_are_one_read() -> None:
    clock = Clock()
    assert kinds(
        clock.done(ANY, appends={"x": (1,), "y": (2,)}),
        clock.refused(ANY, reads={"x": (1,), "y": ()}),
        clock.done(ANY, reads={"y": (2,)}),
    ) == {"G-single"}


def test_write_skew_is_g2() -> None:
    clock = Clock()
    assert kinds(
        clock.done(ANY, appends={"x": (1,)}, reads={"y": ()}),
        clock.done(ANY, appends={"y": (2,)}, reads={"x": ()}),
        clock.done(ANY, reads={"x": (1,), "y": (2,)}),
    ) == {"G2"}


def test_write_skew_by_conditions_is_g2() -> None:
    clock = Clock()
    assert kinds(
        clock.done(ANY, appends={"x": (1,)}, conditions={"y": 0}),
        clock.done(ANY, appends={"y": (2,)}, conditions={"x": 0}),
        clock.done(ANY, reads={"x": (1,), "y": (2,)}),
    ) == {"G2"}


def test_a_stale_read_is_seen_by_both_checks() -> None:
    clock = Clock()
    assert kinds(
        clock.done(appends={"x": (1,)}),
        clock.done(reads={"x": ()}),
        clock.done(reads={"x": (1,)}),
    ) == {"G-single-realtime", "not-linearizable"}


def test_writes_against_the_clock() -> None:
    clock = Clock()
    found = kinds(clock.done(appends={"x": (1,)}), clock.done(appends={"x": (2,)}), clock.done(reads={"x": (2, 1)}))
    assert found == {"G0-realtime", "not-linearizable"}


def test_a_read_of_the_future() -> None:
    clock = Clock()
    found = kinds(clock.done(reads={"x": (1,)}), clock.done(appends={"x": (1,)}))
    assert found == {"G1c-realtime", "not-linearizable"}


def test_two_items_against_the_clock_need_the_graph() -> None:
    clock = Clock()
    assert kinds(
        clock.done((1, 2), appends={"x": (1,)}),
        clock.done((3, 4), appends={"y": (2,)}),
        clock.done((0, 9), reads={"x": (), "y": (2,)}),
        clock.done((0, 9), reads={"x": (1,)}),
    ) == {"G-single-realtime"}


def test_lists_that_contradict_each_other() -> None:
    clock = Clock()
    assert "incompatible-order" in kinds(
        clock.done(ANY, appends={"x": (1,)}),
        clock.done(ANY, appends={"x": (2,)}),
        clock.done(ANY, reads={"x": (1, 2)}),
        clock.done(ANY, reads={"x": (2,)}),
    )


def test_an_element_twice() -> None:
    clock = Clock()
    assert "duplicate" in kinds(clock.done(ANY, appends={"x": (1,)}), clock.done(ANY, reads={"x": (1, 1)}))


def test_an_element_of_nobody_and_one_of_another_item() -> None:
    clock = Clock()
    assert kinds(clock.done(reads={"x": (1,)})) == {"unexpected"}
    assert "unexpected" in kinds(clock.done(ANY, appends={"y": (1,)}), clock.done(ANY, reads={"x": (1,), "y": (1,)}))


def test_an_acknowledged_append_that_is_gone() -> None:
    clock = Clock()
    assert kinds(clock.done(appends={"x": (1,)}), clock.done(reads={"x": ()})) == {"lost-append"}


def test_an_append_after_the_last_read_is_not_missed() -> None:
    clock = Clock()
    assert not kinds(clock.done(reads={"x": ()}), clock.done(appends={"x": (1,)}))


def test_half_of_a_transaction() -> None:
    clock = Clock()
    reads = clock.done((5, 6), reads={"x": (1,)}), clock.done((7, 8), reads={"y": ()})
    assert kinds(clock.done((1, 2), appends={"x": (1,), "y": (2,)}), *reads) == {"torn-transaction"}
    # Unknown, but once half of it was seen the other half must be there.
    assert kinds(clock.unknown(1, appends={"x": (1,), "y": (2,)}), *reads) == {"torn-transaction"}


def test_a_result_without_the_own_write() -> None:
    clock = Clock()
    assert "internal" in kinds(clock.done(appends={"x": (1,)}, results={"x": ()}))
    assert "internal" in kinds(clock.done(appends={"x": (1,)}, reads={"x": (1,)}))


def test_a_condition_that_did_not_hold() -> None:
    clock = Clock()
    first = clock.done(appends={"x": (1,)})
    last = clock.done((8, 9), reads={"x": (1, 2)})
    assert "broken-condition" in kinds(first, clock.done((4, 5), appends={"x": (2,)}, conditions={"x": 0}), last)
    assert "broken-condition" in kinds(first, clock.done((4, 5), conditions={"x": 7}), last)


def test_a_condition_that_held_and_was_refused() -> None:
    clock = Clock()
    refused = clock.refused(appends={"x": (2,)}, conditions={"x": 1}, reads={"x": (1,)})
    assert kinds(clock.done(appends={"x": (1,)}), refused) >= {"broken-condition"}


def test_a_long_chain_needs_no_stack() -> None:
    clock = Clock()
    history = [clock.done(appends={"x": (element,)}) for element in range(5_000)]
    assert not kinds(*history, clock.done(reads={"x": tuple(range(5_000))}))


def test_serial_histories_of_overlapping_clients_are_in_order() -> None:
    """Operations take effect one after another, each at a moment of its time: whatever the seed, nothing is found."""
    for seed in range(20):
        random = Random(seed)
        lists: dict[str, Elements] = {"x": (), "y": (), "z": ()}
        history = []
        for moment in range(100, 400):
            at = (moment - random.randrange(50), moment + random.randrange(1, 50))
            items = random.sample(sorted(lists), 2)
            reads = {item: lists[item] for item in items}
            if random.random() < 0.5:
                history.append(Operation("Read", 0, *at, reads=reads))
                continue
            appends: dict[str, Elements] = {item: (moment * 2 + place,) for place, item in enumerate(items)}
            conditions = {items[0]: len(lists[items[0]])}
            history.append(Operation("Write", 0, *at, appends=appends, conditions=conditions))
            lists |= {item: (*lists[item], *appends[item]) for item in items}
        assert not kinds(*history), f"seed {seed}"
