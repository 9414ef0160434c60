"""What is recorded of an operation: when it ran, what became of it, what it appended and what it saw.

Items hold lists. A write appends elements that no other write appends, a read returns the whole list, so a read tells
the order of all writes before it. An operation acts on an item at most once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# All of one history are of one type of sequence.
Elements = Sequence[int]
# A moment after all others.
NEVER = 1 << 63


class Outcome(StrEnum):
    """What the client knows."""

    DONE = "done"
    # Definitely not carried out. What it saw is still a read.
    REFUSED = "refused"
    # Nobody answered, or the server did not know itself.
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Operation:
    """One operation of one client, on one item or several at one point in time."""

    name: str
    client: int
    # Nanoseconds of one monotonic clock. NEVER completed: it may still take effect at any later time.
    invoked: int = 0
    completed: int = NEVER
    outcome: Outcome = Outcome.DONE
    # Per item: the elements that it appends, in their order.
    appends: dict[str, Elements] = field(default_factory=dict)
    # Per item: the list before the operation.
    reads: dict[str, Elements] = field(default_factory=dict)
    # Per item: the list after the operation.
    results: dict[str, Elements] = field(default_factory=dict)
    # Per item: the length that the list must have before the operation, else it is refused.
    conditions: dict[str, int] = field(default_factory=dict)

    def describe(self) -> str:
        """One line for a report."""
        end = "no end" if self.completed == NEVER else self.completed
        parts = [f"{self.name} of client {self.client}, {self.outcome}, from {self.invoked} to {end}"]
        parts += [f"{item} must have length {length}" for item, length in self.conditions.items()]
        parts += [f"read {item} = {ending(elements)}" for item, elements in self.reads.items()]
        parts += [f"appended {list(elements)} to {item}" for item, elements in self.appends.items()]
        parts += [f"left {item} = {ending(elements)}" for item, elements in self.results.items()]
        return ", ".join(parts)


def ending(elements: Elements) -> str:
    """The last elements tell lists apart."""
    shown = list(elements[-4:])
    return str(shown) if len(shown) == len(elements) else f"[{len(elements) - len(shown)} elements, {str(shown)[1:]}"
