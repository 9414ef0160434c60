"""The order of an item's versions, as reads show it, and what the versions alone tell.

Version k of an item is its list of k elements. The longest list that was seen is the order of all writes; every other
list that was seen must be a beginning of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from histories.history import NEVER, Elements, Operation, Outcome, ending


@dataclass(frozen=True)
class Anomaly:
    """Something that no strictly serializable history has."""

    kind: str
    text: str


class Item:
    """One item, and what was seen of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        # Which operation saw which list.
        self.seen: list[tuple[int, Elements]] = []
        self.order: Elements = ()
        # Where each element of the order stands.
        self.positions: dict[int, int] = {}
        # Per length, when it was first certain that the list is as long as that.
        self.certain_at: list[int] = []
        # When the last operation that saw it began.
        self.last_seen_from = 0
        # Operations that saw it and did not write it, each with the length that it saw.
        self.readers: list[tuple[int, int]] = []
        # Operations that wrote it, each with the length before. The same operation may be among the readers.
        self.appenders: list[tuple[int, int]] = []

    def put_in_order(self, history: Sequence[Operation]) -> None:
        """Works out the order from what was seen."""
        self.order = max((elements for _, elements in self.seen), key=len)
        self.positions = {element: position for position, element in enumerate(self.order)}
        self.certain_at = [NEVER] * (len(self.order) + 1)
        for at, elements in self.seen:
            self.certain_at[len(elements)] = min(self.certain_at[len(elements)], history[at].completed)
            self.last_seen_from = max(self.last_seen_from, history[at].invoked)
        for length in range(len(self.order) - 1, -1, -1):
            self.certain_at[length] = min(self.certain_at[length], self.certain_at[length + 1])

    def is_beginning(self, elements: Elements) -> bool:
        return self.order[: len(elements)] == elements

    def positions_of(self, elements: Elements) -> list[int]:
        """Where those of the elements stand that are in the order."""
        return [self.positions[element] for element in elements if element in self.positions]


class Versions:
    """All items of a history, who wrote what, and the anomalies that need no graph."""

    def __init__(self, history: Sequence[Operation]) -> None:
        self.anomalies: list[Anomaly] = []
        self.items: dict[str, Item] = {}
        # Whether an operation was carried out, or at least saw something.
        self.happened: list[bool] = []
        self._history = history
        self._writers = {
            element: at
            for at, operation in enumerate(history)
            for elements in operation.appends.values()
            for element in elements
        }
        for at, operation in enumerate(history):
            for name, elements in (*operation.reads.items(), *operation.results.items()):
                self.items.setdefault(name, Item(name)).seen.append((at, elements))
        for item in self.items.values():
            item.put_in_order(history)
            self._check_lists(item)
        for at, operation in enumerate(history):
            self._look_at(at, operation)

    def writer(self, item: Item, position: int) -> int | None:
        """The operation that appended the element at a position."""
        return self._writers.get(item.order[position]) if 0 <= position < len(item.order) else None

    def _report(self, kind: str, text: str) -> None:
        self.anomalies.append(Anomaly(kind, text))

    def _check_lists(self, item: Item) -> None:
        """All lists that were seen are beginnings of one list, whose elements were appended to it, whole writes each."""
        self._check_elements(item, item.order)
        for at, elements in item.seen:
            if not item.is_beginning(elements):
                text = f"{item.name}: not a beginning of {ending(item.order)} is {self._history[at].describe()}"
                self._report("incompatible-order", text)
                self._check_elements(item, elements)
            self._check_last(item, at, elements)

    def _check_elements(self, item: Item, elements: Elements) -> None:
        if len(set(elements)) != len(elements):
            self._report("duplicate", f"{item.name} holds an element twice: {ending(elements)}")
        for element in elements:
            writer = self._writers.get(element)
            if writer is None or element not in self._history[writer].appends.get(item.name, ()):
                self._report("unexpected", f"{item.name} holds {element}, which nobody appended to it")
            elif self._history[writer].outcome is Outcome.REFUSED:
                self._report("G1a", f"{item.name} holds {element} of {self._history[writer].describe()}")

    def _check_last(self, item: Item, at: int, elements: Elements) -> None:
        writer = self._writers.get(elements[-1]) if elements else None
        own = self._history[writer].appends.get(item.name) if writer is not None else None
        if own and own[-1] != elements[-1]:
            self._report("G1b", f"{item.name} was seen in the middle of a write: {self._history[at].describe()}")

    def _look_at(self, at: int, operation: Operation) -> None:
        observed_at = self._observed_at(operation)
        is_refused = operation.outcome is Outcome.REFUSED
        happened = operation.outcome is Outcome.DONE or (not is_refused and observed_at is not None)
        self.happened.append(happened or (is_refused and bool(operation.reads)))
        before = self._before(operation)
        for name, elements in before.items():
            if self.items[name].is_beginning(elements):
                self.items[name].readers.append((at, len(elements)))
        if is_refused:
            self._check_refusal(operation)
        elif happened:
            self._check_conditions(at, operation, before)
            self._check_appends(at, operation, observed_at)

    def _before(self, operation: Operation) -> dict[str, Elements]:
        """What an operation saw of items before it wrote them."""
        before = dict(operation.reads)
        for name, after in operation.results.items():
            own = operation.appends.get(name, after[:0])
            length = len(after) - len(own)
            if after[length:] != own or operation.reads.get(name, after[:length]) != after[:length]:
                self._report("internal", f"{name} was left otherwise than written: {operation.describe()}")
            before[name] = after[:length]
        for name, elements in before.items():
            if any(element in elements for element in operation.appends.get(name, ())):
                self._report("internal", f"{name} held what was only about to be appended: {operation.describe()}")
        return before

    def _check_refusal(self, operation: Operation) -> None:
        for name, length in operation.conditions.items():
            seen = operation.reads.get(name)
            if seen is not None and len(seen) == length:
                self._report("broken-condition", f"{name} was as demanded: {operation.describe()}")

    def _check_conditions(self, at: int, operation: Operation, before: dict[str, Elements]) -> None:
        """A condition that held is a read of the length."""
        for name, length in operation.conditions.items():
            item = self.items.get(name)
            if item is None:
                continue
            positions = item.positions_of(operation.appends.get(name, ()))
            known = [len(before[name])] if name in before else positions[:1]
            never_so_long = len(item.order) < length and operation.completed < item.last_seen_from
            if known not in ([], [length]) or never_so_long:
                self._report("broken-condition", f"{name} was not as demanded, but {known}: {operation.describe()}")
            elif name not in before:
                item.readers.append((at, length))

    def _check_appends(self, at: int, operation: Operation, observed_at: int | None) -> None:
        """What was carried out is in every list that is read later, completely and together."""
        certain_at = operation.completed if operation.outcome is Outcome.DONE else observed_at
        for name, elements in operation.appends.items():
            item = self.items.get(name)
            if item is None:
                continue
            positions = item.positions_of(elements)
            if positions:
                item.appenders.append((at, positions[0]))
            if len(positions) == len(elements):
                if positions != list(range(positions[0], positions[0] + len(positions))):
                    self._report("G1b", f"{name} holds other elements between those of {operation.describe()}")
            elif certain_at is not None and certain_at < item.last_seen_from:
                kind = "lost-append" if observed_at is None else "torn-transaction"
                self._report(kind, f"{name} lacks elements of {operation.describe()}")

    def _observed_at(self, operation: Operation) -> int | None:
        """When it was first certain that something of the operation is in a list. None: nothing is."""
        items = [(self.items.get(name), elements) for name, elements in operation.appends.items()]
        times = [
            item.certain_at[position + 1]
            for item, elements in items
            if item is not None
            for position in item.positions_of(elements)
        ]
        return min(times, default=None)
