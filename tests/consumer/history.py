"""What the writers know of their changes, and what the workers noted while they read.

Every put and update leaves a mark in its item that no other one leaves, so a record tells whose change it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Item = dict[str, Any]


class Outcome(StrEnum):
    """What the writer knows."""

    DONE = "done"
    REFUSED = "refused"
    # The server was killed before it answered. It does not come back to what it had not done by then.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one item that was asked for: a put, an update or, without a mark, a deletion."""

    key: str
    mark: str | None
    outcome: Outcome
    # What a put puts. An update sets the mark and adds one to `n`.
    item: Item | None = None
    # The mark of the item that a deletion says it deleted.
    removed: str | None = None
    # Whether a deletion found an item: not known of one that neither asked nor returned it.
    certain: bool = True
    # The transaction that it is part of: all of it is carried out or nothing.
    transaction: int | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as it was described at the end."""

    name: str
    parent: str | None
    starting: int
    ending: int | None


@dataclass(frozen=True, slots=True)
class Began:
    """A worker began to read a shard from its beginning."""

    shard: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker was told that a shard has ended."""

    shard: str


@dataclass(frozen=True, slots=True)
class Received:
    """A record, in the order in which the workers of the consumer received it."""

    shard: str
    number: int
    event: str
    key: str
    old: Item | None
    new: Item | None


Step = Began | Ended | Received


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that no consumer may see. The kinds are what tests tell apart."""

    kind: str
    text: str


def mark_of(item: Item | None) -> str | None:
    """The mark that the last change left in an item."""
    return item["mark"]["S"] if item else None
