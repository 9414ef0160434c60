"""The smallest request that a service's model allows, for any operation of it.

What is required is there, enums have their first value, texts and numbers are as short and small as their constraints
let them be. What a name means to the service, and the model does not say, a test gives: names of tables, ARNs, statements.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
# Deeper than any structure whose members are required.
DEPTH_MAX = 12


def operations(service: str) -> list[OperationModel]:
    """All operations of a service, as botocore knows them."""
    model = botocore.session.get_session().get_service_model(service)
    return [model.operation_model(name) for name in model.operation_names]


class Minimal:
    """Makes requests out of a model and of what is `known`, by the names of members or of shapes."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known

    def request(self, operation: OperationModel, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A request of this operation, with `more` that it needs although the model does not require it."""
        shape = operation.input_shape
        made = self._structure(shape, 0) if shape is not None else {}
        return {**made, **deepcopy(dict(more or {}))}

    def _structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        names = shape.required_members
        if not names and getattr(shape, "is_tagged_union", False):
            names = list(shape.members)[:1]
        return {name: self._value(shape.members[name], name, depth + 1) for name in names}

    def _value(self, shape: Shape, name: str, depth: int) -> Any:
        assert depth < DEPTH_MAX, f"{name} goes on without an end"
        for known in (name, shape.name):
            if known in self._known:
                return deepcopy(self._known[known])
        if isinstance(shape, StructureShape):
            return self._structure(shape, depth)
        least = int(shape.metadata.get("min", 0))
        if isinstance(shape, ListShape):
            # One, even where there may be none: an empty list asks for nothing.
            return [self._value(shape.member, name, depth + 1) for _ in range(max(1, least))]
        if isinstance(shape, MapShape):
            return {self._value(shape.key, name, depth + 1): self._value(shape.value, name, depth + 1)}
        return self._scalar(shape, least)

    def _scalar(self, shape: Shape, least: int) -> Any:
        match shape.type_name:
            case "string":
                values = getattr(shape, "enum", [])
                return values[0] if values else "a" * max(1, least)
            case "integer" | "long":
                return max(1, least)
            case "float" | "double":
                return float(max(1, least))
            case "boolean":
                return True
            case "blob":
                return b"a"
            case "timestamp":
                return MOMENT
        raise AssertionError(f"a shape of type {shape.type_name}")
