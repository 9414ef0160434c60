"""Expressions of every kind, with their placeholders."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from differential.shapes import ATTRIBUTES, NESTED_PATHS, Shapes, Table, Value

Path = list[str | int]
COMPARATORS = ["=", "<>", "<", "<=", ">", ">="]
PLAIN = {"num", "cnt", "bin", "flg", "nul", "sset", "nset", "bset", "lst", "doc", "absent", "pk", "sk", "g1", "l1"}


class Expressions:
    """Builds expressions of one request, which share their placeholders."""

    def __init__(self, shapes: Shapes, table: Table) -> None:
        self.shapes = shapes
        self.random: Random = shapes.random
        self.table = table
        self.names: dict[str, str] = {}
        self.values: dict[str, Value] = {}

    def placeholders(self) -> dict[str, Any]:
        """The members that the expressions need."""
        members: dict[str, Any] = {}
        if self.names:
            members["ExpressionAttributeNames"] = dict(self.names)
        if self.values:
            members["ExpressionAttributeValues"] = dict(self.values)
        return members

    # Operands.

    def path(self, path: Path) -> str:
        text = ""
        for element in path:
            if isinstance(element, int):
                text += f"[{element}]"
            else:
                text += ("." if text else "") + self._name(element)
        return text

    def value(self, value: Value) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def _name(self, name: str) -> str:
        if name in PLAIN and self.shapes.chance(0.7):
            return name
        for placeholder, known in self.names.items():
            if known == name:
                return placeholder
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = name
        return placeholder

    def any_path(self) -> tuple[Path, str]:
        """A path, with the type that usually stands there."""
        if self.shapes.chance(0.3):
            return self.random.choice(NESTED_PATHS)
        if self.shapes.chance(0.1):
            return ["absent"], self.random.choice(("S", "N"))
        if self.shapes.chance(0.15):
            name = self.random.choice(list(self.table.types))
            return [name], self.table.types[name]
        name = self.random.choice(list(ATTRIBUTES))
        return [name], self.table.types.get(name, ATTRIBUTES[name])

    def _like(self, kind: str) -> Value:
        """A value, mostly of the type."""
        return self.shapes.value(kind if self.shapes.chance(0.85) else None)

    # Conditions and filters.

    def condition(self, depth: int = 0) -> str:
        roll = self.random.random()
        if depth < 3 and roll < 0.2:
            return f"{self.condition(depth + 1)} {self.random.choice(('AND', 'OR', 'and'))} {self.condition(depth + 1)}"
        if depth < 3 and roll < 0.26:
            return f"NOT {self.condition(depth + 1)}"
        if depth < 3 and roll < 0.32:
            return f"({self.condition(depth + 1)} AND {self.condition(depth + 1)})"
        return self.random.choice(self._simple_conditions())()

    def _simple_conditions(self) -> list[Callable[[], str]]:
        return [
            self._comparison,
            self._comparison,
            self._comparison,
            self._between,
            self._in,
            self._exists,
            self._exists,
            self._type,
            self._begins_with,
            self._contains,
            self._size,
        ]

    def _comparison(self) -> str:
        path, kind = self.any_path()
        comparator = self.random.choice(COMPARATORS)
        if comparator not in ("=", "<>") and kind not in ("S", "N", "B"):
            path, kind = ["num"], "N"
        left, right = self.path(path), self.value(self._operand_for(comparator, kind))
        if self.shapes.chance(0.1):
            other, _ = self.any_path()
            right_path = self.path(other)
            del self.values[right]
            return (
                f"{left} {comparator} {right_path}"
                if right_path != left
                else f"{left} {comparator} {self.value({'N': '1'})}"
            )
        return f"{right} {comparator} {left}" if self.shapes.chance(0.1) else f"{left} {comparator} {right}"

    def _operand_for(self, comparator: str, kind: str) -> Value:
        if comparator in ("=", "<>"):
            return self._like(kind)
        return self.shapes.value(kind if self.shapes.chance(0.9) else self.random.choice("SNB"))

    def _between(self) -> str:
        kind = self.random.choice(("N", "S"))
        low, high = sorted((self.shapes.value(kind), self.shapes.value(kind)), key=lambda value: sort_key(value))
        path = self.path(["num"] if kind == "N" else ["day"])
        return f"{path} BETWEEN {self.value(low)} AND {self.value(high)}"

    def _in(self) -> str:
        path, kind = self.any_path()
        operands = [self.value(self._like(kind)) for _ in range(self.random.randint(1, 4))]
        return f"{self.path(path)} IN ({', '.join(operands)})"

    def _exists(self) -> str:
        path, _ = self.any_path()
        return f"{self.random.choice(('attribute_exists', 'attribute_not_exists'))}({self.path(path)})"

    def _type(self) -> str:
        path, kind = self.any_path()
        named = kind if self.shapes.chance(0.6) else self.random.choice(("S", "N", "L", "M", "NULL", "BOOL"))
        return f"attribute_type({self.path(path)}, {self.value({'S': named})})"

    def _begins_with(self) -> str:
        path = self.random.choice((["day"], ["str"], ["doc", "b", "c"], ["bin"]))
        value = self.shapes.value("B" if path == ["bin"] else "S")
        return f"begins_with({self.path(list(path))}, {self.value(value)})"

    def _contains(self) -> str:
        name, kind = self.random.choice(
            (("sset", "S"), ("nset", "N"), ("bset", "B"), ("str", "S"), ("lst", "N"), ("bin", "B"))
        )
        return f"contains({self.path([name])}, {self.value(self._like(kind))})"

    def _size(self) -> str:
        path, _ = self.any_path()
        return f"size({self.path(path)}) {self.random.choice(COMPARATORS)} {self.value({'N': str(self.random.randint(0, 4))})}"

    # Projections.

    def projection(self) -> str:
        paths: list[Path] = []
        for _ in range(self.random.randint(1, 4)):
            path, _ = self.any_path()
            if self.shapes.chance(0.97) and any(overlap(path, other) for other in paths):
                continue
            paths.append(path)
        return ", ".join(self.path(path) for path in paths)

    # Updates.

    def update(self) -> str:
        """Sections over distinct attributes: overlapping paths are the exception."""
        free = [name for name in ATTRIBUTES if name not in self.table.key_names]
        self.random.shuffle(free)
        makers = {"SET": self.assignment, "REMOVE": self.removal, "ADD": self._add, "DELETE": self._delete}
        sections = self.random.sample(list(makers), self.random.choices((1, 2, 3, 4), (6, 3, 1, 1))[0])
        texts = []
        for section in sections:
            clauses = [makers[section](free) for _ in range(self.random.choices((1, 2, 3), (5, 3, 1))[0])]
            texts.append(f"{section} {', '.join(clauses)}")
        return " ".join(texts)

    def _target(self, free: list[str], kinds: tuple[str, ...] = ()) -> tuple[str, str]:
        suitable = [name for name in free if not kinds or ATTRIBUTES[name] in kinds] or ["absent"]
        name = suitable[0]
        if name in free:
            free.remove(name)
        nested = [(path, kind) for path, kind in NESTED_PATHS if path[0] == name and not kinds]
        if nested and self.shapes.chance(0.5):
            path, kind = self.random.choice(nested)
            return self.path(path), kind
        return self.path([name]), self.table.types.get(name, ATTRIBUTES.get(name, "N"))

    def assignment(self, free: list[str]) -> str:
        """What stands behind SET, of an attribute that it takes out of those that are free."""
        target, kind = self._target(free)
        return f"{target} = {self._set_value(kind)}"

    def _set_value(self, kind: str) -> str:
        roll = self.random.random()
        if roll < 0.12:
            return f"if_not_exists({self.path(self.any_path()[0])}, {self.value(self._like(kind))})"
        if kind == "N" and roll < 0.5:
            sign = self.random.choice("+-")
            return f"{self._number_operand()} {sign} {self._number_operand()}"
        if kind == "L" and roll < 0.6:
            operands = [self.path(["lst"]), self.value(self._like("L"))]
            self.random.shuffle(operands)
            return f"list_append({operands[0]}, {operands[1]})"
        if roll < 0.7:
            return self.path(self.any_path()[0])
        return self.value(self._like(kind))

    def _number_operand(self) -> str:
        roll = self.random.random()
        if roll < 0.4:
            return self.path([self.random.choice(("num", "cnt"))])
        if roll < 0.55:
            return f"if_not_exists({self.path(['cnt'])}, {self.value({'N': '0'})})"
        return self.value(self._like("N"))

    def removal(self, free: list[str]) -> str:
        return self._target(free)[0]

    def _add(self, free: list[str]) -> str:
        target, kind = self._target(free, ("N", "SS", "NS", "BS"))
        return f"{target} {self.value(self._like(kind))}"

    def _delete(self, free: list[str]) -> str:
        target, kind = self._target(free, ("SS", "NS", "BS"))
        return f"{target} {self.value(self._like(kind))}"

    # Key conditions.

    def key_condition(self, keys: tuple[tuple[str, str], ...]) -> str:
        clauses = []
        for name, role in keys:
            kind = self.table.types[name]
            if role == "HASH":
                clauses.append(f"{self.path([name])} = {self.value(self.shapes.key_value(kind))}")
            elif self.shapes.chance(0.6):
                clauses.append(self._sort_condition(name, kind))
        if self.shapes.chance(0.2):
            clauses.reverse()
        return " AND ".join(clauses)

    def _sort_condition(self, name: str, kind: str) -> str:
        path = self.path([name])
        roll = self.random.random()
        if roll < 0.2:
            low, high = sorted((self.shapes.key_value(kind), self.shapes.key_value(kind)), key=sort_key)
            return f"{path} BETWEEN {self.value(low)} AND {self.value(high)}"
        if roll < 0.35 and kind != "N":
            return f"begins_with({path}, {self.value(self.shapes.key_value(kind))})"
        return f"{path} {self.random.choice(('=', '<', '<=', '>', '>='))} {self.value(self.shapes.key_value(kind))}"


def sort_key(value: Any) -> Any:
    """Orders two values of one scalar type, well enough to make ranges that are not empty."""
    ((kind, content),) = value.items()
    return float(content) if kind == "N" else content


def overlap(left: Path, right: Path) -> bool:
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]
