"""Expectations that many test files share."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

ENVELOPE = "1 validation error detected: "
INVALID_VALUES = "One or more parameter values were invalid: "


def refused(call: Callable[..., Any], error_type: str, message: str | None = None, **parameters: Any) -> ClientError:
    """The call must fail with the given type, and with exactly the message when one is given."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    refusal: ClientError = caught.value
    error = refusal.response["Error"]
    assert error["Code"] == error_type, error
    if message is not None:
        assert error["Message"] == message
    return refusal


def s(value: str) -> dict[str, str]:
    """An attribute value of type S."""
    return {"S": value}


def n(value: float | str) -> dict[str, str]:
    """An attribute value of type N."""
    return {"N": str(value)}


def index(name: str, keys: list[tuple[str, str]], projection: str = "ALL", **more: Any) -> dict[str, Any]:
    """An index's definition; keys as (attribute, HASH or RANGE)."""
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": role} for attribute, role in keys],
        "Projection": {"ProjectionType": projection, **more},
    }


def placeholders(expression: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an expression names, out of those that a test knows."""
    return {name: known[name] for name in re.findall(r":\w+", expression) if name in known}


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until something holds that is about to."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
