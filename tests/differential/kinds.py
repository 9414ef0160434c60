"""Differences between answers, sorted into kinds.

A kind is the operation, the aspect, and what each side says with everything particular taken out: names, numbers,
quoted text. Kinds in which peers agree with each other against the server under test come first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from differential.answers import Aspects
from differential.requests import Request

ABSENT = "(absent)"
ENVELOPE = "1 validation error detected: "
MEMBER = re.compile(r"'[A-Za-z.]+'")
# Attribute names, table names and placeholders of the generator are particulars.
PARTICULARS = re.compile(
    r"'[^']*'|\"[^\"]*\"|\{[^{}]*\}|\[[^\[\]]*\]|(?<![\w.])-?\d[\d.eE+-]*|[:#][\w#:]+|\bd-\w+(?:-\w+)*|\b[gl]si\d\b"
)
# The codes of reasons, as the API reference lists them for transactions and for statements.
CODES = {
    "None", "ConditionalCheckFailed", "ItemCollectionSizeLimitExceeded", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError",
    "ValidationError", "RequestLimitExceeded", "InternalServerError", "ResourceNotFound", "AccessDenied", "DuplicateItem",
}  # fmt: skip
# Whose texts are told, without their particulars.
WORDS = (".Error",)
STRUCTURE = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}
MEMBERS = {
    "CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits", "Table", "TableName", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
    "ItemCollectionKey", "SizeEstimateRangeGB", "AttributeDefinitions", "KeySchema", "BillingModeSummary", "BillingMode", "Projection",
    "ProvisionedThroughput", "NumberOfDecreasesToday", "DeletionProtectionEnabled", "TableClassSummary", "IndexName", "AttributeName",
    "AttributeType", "KeyType", "ProjectionType", "NonKeyAttributes", "TableThroughputModeSummary", "Replicas", "OnDemandThroughput",
    "Error", "ErrorItem", "Item",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What a group of differences has in common."""

    operation: str
    aspect: str
    ours: str
    theirs: str
    agreeing: tuple[str, ...] = ()  # the peers, where several agree against us


@dataclass
class Difference:
    """One aspect of one request on which the server under test is not like the others."""

    kind: Kind
    against: list[str]  # peers that share the answer that the kind calls theirs
    allies: list[str]  # peers that answer as the server under test
    request: Request
    answers: dict[str, Any]

    @property
    def agreed(self) -> bool:
        """Peers agree with each other against us: at least two, and more than side with us."""
        return agreement(self.against, self.allies)


@dataclass
class Group:
    """All differences of a kind: how many, and one example."""

    example: Difference
    count: int = 0
    agreed: int = 0
    against: set[str] = field(default_factory=set)

    def add(self, difference: Difference) -> None:
        if difference.agreed and not self.example.agreed:
            self.example = difference
        self.count += 1
        self.agreed += difference.agreed
        self.against.update(difference.against)


def agreement(against: list[str], allies: list[str]) -> bool:
    return len(against) > 1 and len(against) > len(allies)


def differences(request: Request, answers: dict[str, Aspects], subject: str) -> list[Difference]:
    """The first aspect on which answers differ, for every group of peers that share another answer."""
    ours = answers[subject]
    comparable = {name: aspects for name, aspects in answers.items() if name != subject and says_something(aspects)}
    found: list[Difference] = []
    for aspect in ordered_aspects([ours, *comparable.values()]):
        mine = ours.get(aspect)
        groups = grouped({name: aspects.get(aspect) for name, aspects in comparable.items()})
        allies = groups.pop(text(mine), [])
        for names in groups.values():
            theirs = comparable[names[0]].get(aspect)
            if aspect == "outcome":
                told = outcome_template(ours), outcome_template(comparable[names[0]])
            else:
                told = templates(mine, theirs, telling=aspect == "reasons")
            agreeing = tuple(sorted(names)) if agreement(names, allies) else ()
            refinement = refined(aspect, mine, theirs)
            if refinement == "message" and "+" in request.fault:
                refinement = "message, of two faults"
            kind = Kind(request.operation, refinement, *told, agreeing)
            shown = {name: shown_part(aspects, aspect) for name, aspects in answers.items()}
            found.append(Difference(kind, names, allies, request, shown))
        # What differs here is not asked about less important aspects.
        comparable = {name: comparable[name] for name in allies}
    return found


def says_something(aspects: Aspects) -> bool:
    """Not so a peer that broke, or that gives as a reason what its own code stumbled over: it is no evidence."""
    codes = [reason.split(":")[0] for reason in aspects.get("reasons", [])]
    return not str(aspects["outcome"]).startswith("HTTP 5") and all(code in CODES for code in codes)


def outcome_template(aspects: Aspects) -> str:
    """The type with the words that go with it: which check refused is what matters."""
    reason = next((reason for reason in aspects.get("reasons", []) if not reason.startswith("None")), None)
    words = template(reason or aspects.get("message") or "")
    return f"{aspects['outcome']}: {words}" if words else str(aspects["outcome"])


def shown_part(aspects: Aspects, aspect: str) -> Any:
    if aspect in ("outcome", "message"):
        return " - ".join(str(aspects[name]) for name in ("outcome", "message") if name in aspects)
    return aspects.get(aspect)


def refined(aspect: str, mine: Any, theirs: Any) -> str:
    """Messages that differ by the envelope alone are a kind of their own: peers lag behind DynamoDB there."""
    if aspect == "message" and isinstance(mine, str) and isinstance(theirs, str):
        if ENVELOPE + theirs == mine:
            return "message, envelope in ours"
        if ENVELOPE + mine == theirs:
            return "message, envelope in theirs"
    return aspect


def ordered_aspects(all_aspects: Iterable[Aspects]) -> list[str]:
    names = {name for aspects in all_aspects for name in aspects}
    first = [name for name in ("outcome", "reasons", "message") if name in names]
    last = [name for name in ("result ConsumedCapacity", "result ItemCollectionMetrics") if name in names]
    return first + sorted(names - {*first, *last}) + last


def grouped(values: dict[str, Any]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        groups.setdefault(text(value), []).append(name)
    return groups


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def templates(mine: Any, theirs: Any, telling: bool = False) -> tuple[str, str]:
    """Both sides without particulars. Of structured values only the first place where they differ is told, its text
    where it is telling."""
    if isinstance(mine, str) and isinstance(theirs, str):
        return template(mine), template(theirs)
    path, left, right = first_difference(mine, theirs, "")
    if telling and isinstance(left, str) and isinstance(right, str):
        return template(left), template(right)
    return shape(path, left), shape(path, right)


def template(message: str) -> str:
    # Twice: a list of quoted strings is a list of marks after the first time.
    return PARTICULARS.sub(mark, PARTICULARS.sub(mark, message))


def mark(particular: re.Match[str]) -> str:
    """The member that a constraint names stays: it says which check refused."""
    text = particular.group()
    named = MEMBER.fullmatch(text) and particular.string[: particular.start()].endswith(" at ")
    return text if named else "*"


def shape(path: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = ",".join(sorted({name if name in STRUCTURE or name in MEMBERS else "*" for name in value}))
        described = f"{{{inner}}}"
    elif isinstance(value, list):
        described = "[...]" if value else "[]"
    elif isinstance(value, str) and value != ABSENT:
        described = template(value) if path.endswith(WORDS) else "text"
    elif isinstance(value, bool) or value is None or value == ABSENT:
        described = str(value)
    else:
        described = "number"
    return f"{path or '.'} {described}"


def first_difference(left: Any, right: Any, path: str) -> tuple[str, Any, Any]:
    if isinstance(left, dict) and isinstance(right, dict):
        # The arms of consumed capacity say more than their sum.
        for name in sorted(set(left) | set(right), key=lambda name: (name == "CapacityUnits", name)):
            mine, theirs = left.get(name, ABSENT), right.get(name, ABSENT)
            if mine != theirs:
                shown = name if name in STRUCTURE or name in MEMBERS else "*"
                return first_difference(mine, theirs, f"{path}.{shown}")
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for mine, theirs in zip(left, right, strict=True):
            if mine != theirs:
                return first_difference(mine, theirs, f"{path}[]")
    return path, left, right
