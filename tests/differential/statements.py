"""Requests of ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: statements in PartiQL.

A statement is put together from the expressions of the other operations. What those say with placeholders becomes
quoted names, literals and parameters, in the order of the text: parameters are told apart by their place.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from differential.expressions import Expressions
from differential.requests import Request, Requests, Touched
from differential.shapes import ATTRIBUTES, Index, Item, Shapes, Table, Value
from differential.transactions import Tokens, distinct

MEMBERS_MOST = 4
PLACEHOLDER = re.compile(r"[:#][vn]\d+\b")
EXISTENCE = re.compile(r"attribute_(not_)?exists\(([^()]*)\)")
KEYWORDS = re.compile(r"\b(?:SELECT|FROM|WHERE|UPDATE|SET|REMOVE|DELETE|INSERT|INTO|VALUE|RETURNING|ORDER BY)\b")
SET_KINDS = ("SS", "NS", "BS")


@dataclass(frozen=True)
class Statement:
    """One statement with its parameters."""

    text: str
    parameters: list[Value]
    touched: Touched | None = None  # the item that it writes
    index: Index | None = None
    ordered: bool = True  # whether the order of its answer is DynamoDB's

    def body(self) -> dict[str, Any]:
        return {"Statement": self.text, **({"Parameters": self.parameters} if self.parameters else {})}


class Statements:
    """Draws requests with statements, and between them the requests that fill the tables."""

    def __init__(self, shapes: Shapes, tables: list[Table], tokens: Tokens) -> None:
        self.shapes = shapes
        self.random = shapes.random
        self.tables = tables
        self._others = Requests(shapes, tables)
        self._tokens = tokens
        makers: dict[Callable[[], Request], int] = {
            self._others.draw: 15,
            self.execute_read: 32,
            self.execute_write: 30,
            self.batch: 10,
            self.transaction: 12,
        }
        self._makers = list(makers)
        self._weights = list(makers.values())

    def draw(self) -> Request:
        return self.random.choices(self._makers, self._weights)[0]()

    def execute_read(self) -> Request:
        table = self.random.choice(self.tables)
        statement = self._select(table)
        body = statement.body()
        if self.shapes.chance(0.3) and not (statement.index and statement.index.is_global):
            body["ConsistentRead"] = True
        if self.shapes.chance(0.3):
            body["Limit"] = self.random.choice((1, 2, 3, 5, 10, 100))
        self._capacity(body)
        return Request("ExecuteStatement", body, table, walk=True, index=statement.index, ordered=statement.ordered)

    def execute_write(self) -> Request:
        table = self.random.choice(self.tables)
        statement = self._write(table, self.shapes.key(table))
        body = statement.body()
        if self.shapes.chance(0.3):
            body["ReturnValuesOnConditionCheckFailure"] = self.random.choice(("ALL_OLD", "ALL_OLD", "NONE"))
        self._capacity(body)
        return Request("ExecuteStatement", body, table, touches=touched([statement]))

    def batch(self) -> Request:
        statements = self._several(reads=self.shapes.chance(0.5), exists=False)
        members = [statement.body() for statement in statements]
        for member in members:
            if self.shapes.chance(0.2):
                member["ConsistentRead"] = True
            if self.shapes.chance(0.2):
                member["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        body: dict[str, Any] = {"Statements": members}
        self._capacity(body)
        return Request("BatchExecuteStatement", body, self.tables[0], touches=touched(statements))

    def transaction(self) -> Request:
        if self._tokens.latest and self.shapes.chance(0.15):
            return self._repeated(self._tokens.latest)
        statements = self._several(reads=self.shapes.chance(0.3), exists=True)
        members = [statement.body() for statement in statements]
        for member in members:
            if self.shapes.chance(0.2):
                member["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        body: dict[str, Any] = {"TransactStatements": members}
        self._capacity(body)
        return self._tokens.perhaps(Request("ExecuteTransaction", body, self.tables[0], touches=touched(statements)))

    def _repeated(self, request: Request) -> Request:
        body = copy.deepcopy(request.body)
        if self.shapes.chance(0.4):
            body["ReturnConsumedCapacity"] = self.random.choice(("TOTAL", "INDEXES"))
        elif self.shapes.chance(0.3):
            body["TransactStatements"].append(self._one_item(self.tables[0], self.shapes.key(self.tables[0])).body())
        return replace(request, body=body, fault="repeated")

    def _several(self, reads: bool, exists: bool) -> list[Statement]:
        """All reads or all writes but for a few: others may not stand together."""
        statements = []
        for table, key in distinct(self.shapes, self.tables, MEMBERS_MOST):
            is_read = reads if self.shapes.chance(0.98) else not reads
            if is_read:
                statements.append(self._one_item(table, key))
            elif exists and self.shapes.chance(0.04):
                statements.append(self._exists(table, key))
            else:
                statements.append(self._write(table, key))
        return statements

    # Statements that read.

    def _select(self, table: Table) -> Statement:
        index = self.random.choice([None, None, *table.indexes])
        keys = index.keys if index else table.keys
        expressions = Expressions(self.shapes, table)
        columns = self._columns(expressions)
        form = self.random.choices(("item", "range", "several", "filter", "all"), (4, 6, 3, 3, 1))[0]
        where = self._where(form, expressions, keys)
        ordered = form in ("item", "range")
        if form not in ("filter", "all") and self.shapes.chance(0.35):
            condition = expressions.condition()
            if self.shapes.chance(0.9) or " OR " not in condition:
                where = f"{where} AND ({condition})" if self.shapes.chance(0.9) else f"({condition}) AND {where}"
            else:
                where, ordered = f"{where} AND {condition}", False
        text = f"SELECT {columns} FROM {source(table, index)}" + (f" WHERE {where}" if where else "")
        if self.shapes.chance(0.3 if ordered else 0.05):
            text += f" ORDER BY {self._order(keys)}"
        return self._spoken(text, expressions, index=index, ordered=ordered)

    def _where(self, form: str, expressions: Expressions, keys: tuple[tuple[str, str], ...]) -> str:
        types = expressions.table.types
        if form == "item":
            return self._equal({name: self.shapes.key_value(types[name]) for name, _ in keys}, expressions)
        if form == "range":
            return expressions.key_condition(keys)
        if form == "several":
            ((name, _), *_) = keys
            operands = [expressions.value(self.shapes.key_value(types[name])) for _ in range(self.random.randint(1, 3))]
            opening, closing = self.random.choice(("[]", "()"))
            return f"{expressions.path([name])} IN {opening}{', '.join(operands)}{closing}"
        return expressions.condition() if form == "filter" else ""

    def _columns(self, expressions: Expressions) -> str:
        return expressions.projection() if self.shapes.chance(0.35) else "*"

    def _order(self, keys: tuple[tuple[str, str], ...]) -> str:
        name = keys[-1][0] if self.shapes.chance(0.9) else self.random.choice(list(ATTRIBUTES)[:3])
        return quoted(name) + self.random.choice(("", " ASC", " DESC", " DESC"))

    def _one_item(self, table: Table, key: Item) -> Statement:
        expressions = Expressions(self.shapes, table)
        text = f"SELECT {self._columns(expressions)} FROM {source(table)} WHERE {self._equal(key, expressions)}"
        if self.shapes.chance(0.1):
            text += f" AND {expressions.condition()}"
        return self._spoken(text, expressions)

    def _exists(self, table: Table, key: Item) -> Statement:
        expressions = Expressions(self.shapes, table)
        where = self._condition_beside(self._equal(key, expressions), expressions, 0.8)
        return self._spoken(f"EXISTS(SELECT * FROM {source(table)} WHERE {where})", expressions)

    # Statements that write.

    def _write(self, table: Table, key: Item) -> Statement:
        makers = (self._insert, self._update, self._delete)
        return self.random.choices(makers, (3, 5, 2))[0](table, key)

    def _insert(self, table: Table, key: Item) -> Statement:
        expressions = Expressions(self.shapes, table)
        item = {**self.shapes.item(table), **key}
        if self.shapes.chance(0.02):
            value = expressions.value({"M": item})
            return self._spoken(
                f"INSERT INTO {source(table)} VALUE {value}", expressions, touched=(table, key), literal=0.0
            )
        members = ", ".join(f"'{name}': {expressions.value(value)}" for name, value in item.items())
        return self._spoken(f"INSERT INTO {source(table)} VALUE {{{members}}}", expressions, touched=(table, key))

    def _update(self, table: Table, key: Item) -> Statement:
        expressions = Expressions(self.shapes, table)
        free = [name for name in ATTRIBUTES if name not in table.key_names]
        self.random.shuffle(free)
        clauses = [self._change(expressions, free) for _ in range(self.random.choices((1, 2, 3), (5, 3, 1))[0])]
        where = self._condition_beside(self._equal(key, expressions), expressions, 0.3)
        text = f"UPDATE {source(table)} {' '.join(clauses)} WHERE {where}"
        if self.shapes.chance(0.4):
            text += f" RETURNING {self.random.choice(('ALL', 'MODIFIED'))} {self.random.choice(('OLD', 'NEW'))} *"
        return self._spoken(text, expressions, touched=(table, key))

    def _change(self, expressions: Expressions, free: list[str]) -> str:
        roll = self.random.random()
        sets = [name for name in free if ATTRIBUTES[name] in SET_KINDS]
        if roll < 0.2 and sets:
            free.remove(sets[0])
            target = expressions.path([sets[0]])
            value = self.shapes.value(ATTRIBUTES[sets[0]] if self.shapes.chance(0.9) else None)
            return (
                f"SET {target} = {self.random.choice(('set_add', 'set_delete'))}({target}, {expressions.value(value)})"
            )
        if roll < 0.4:
            return f"REMOVE {expressions.removal(free)}"
        return f"SET {self._assignment(expressions, free)}"

    def _assignment(self, expressions: Expressions, free: list[str]) -> str:
        """Mostly without what expressions alone have, and what the peers do not read: if_not_exists, a path as the value."""
        while True:
            rest, values = list(free), dict(expressions.values)
            clause = expressions.assignment(rest)
            _, value = clause.split(" = ", 1)
            is_read = value.startswith((":", "list_append")) or " + " in value
            if (is_read and "if_not_exists" not in value) or self.shapes.chance(0.03):
                free[:] = rest
                return clause
            expressions.values = values

    def _delete(self, table: Table, key: Item) -> Statement:
        expressions = Expressions(self.shapes, table)
        where = self._condition_beside(self._equal(key, expressions), expressions, 0.3)
        text = f"DELETE FROM {source(table)} WHERE {where}"
        if self.shapes.chance(0.4):
            text += " RETURNING ALL OLD *"
        return self._spoken(text, expressions, touched=(table, key))

    # Parts of statements.

    def _equal(self, key: Item, expressions: Expressions) -> str:
        parts = [f"{expressions.path([name])} = {expressions.value(value)}" for name, value in key.items()]
        if self.shapes.chance(0.2):
            parts.reverse()
        return " AND ".join(parts)

    def _condition_beside(self, where: str, expressions: Expressions, probability: float) -> str:
        if not self.shapes.chance(probability):
            return where
        condition = expressions.condition()
        return f"{where} AND ({condition})" if " OR " in condition else f"{where} AND {condition}"

    def _spoken(self, text: str, expressions: Expressions, literal: float = 0.5, **members: Any) -> Statement:
        """The statement, with names, literals and parameters for the placeholders of its expressions."""
        names = expressions.names
        parameters: list[Value] = []

        def said(place: re.Match[str]) -> str:
            if place.group() in names:
                return quoted(names[place.group()])
            value = expressions.values[place.group()]
            written = literal_text(value) if self.shapes.chance(literal) else None
            if written is None:
                parameters.append(value)
            return written or "?"

        def missing(place: re.Match[str]) -> str:
            absent, path = place.groups()
            return f"{path} IS {'' if absent else 'NOT '}MISSING"

        if self.shapes.chance(0.8):
            text = EXISTENCE.sub(missing, text)
        if self.shapes.chance(0.1):
            text = KEYWORDS.sub(lambda keyword: keyword.group().lower(), text)
        return Statement(PLACEHOLDER.sub(said, text), parameters, **members)

    def _capacity(self, body: dict[str, Any]) -> None:
        if self.shapes.chance(0.4):
            body["ReturnConsumedCapacity"] = self.random.choice(("INDEXES", "INDEXES", "TOTAL", "NONE"))


def source(table: Table, index: Index | None = None) -> str:
    return quoted(table.name) + (f".{quoted(index.name)}" if index else "")


def quoted(name: str) -> str:
    return f'"{name}"'


def touched(statements: list[Statement]) -> tuple[Touched, ...]:
    return tuple(statement.touched for statement in statements if statement.touched)


def literal_text(value: Value) -> str | None:
    """The value as a literal; None where it holds bytes, which have none."""
    ((kind, content),) = value.items()
    if kind in ("B", "BS"):
        return None
    if kind == "S":
        return literal_string(content)
    if kind == "N":
        return str(content)
    if kind in ("BOOL", "NULL"):
        return "null" if kind == "NULL" else str(content).lower()
    if kind in ("SS", "NS"):
        return f"<<{', '.join(content if kind == 'NS' else map(literal_string, content))}>>"
    if kind == "L":
        parts = [literal_text(element) for element in content]
        return None if None in parts else f"[{', '.join(map(str, parts))}]"
    members = {name: literal_text(element) for name, element in content.items()}
    if None in members.values():
        return None
    return f"{{{', '.join(f'{literal_string(name)}: {text}' for name, text in members.items())}}}"


def literal_string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
