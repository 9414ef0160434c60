"""HTTP/2 as far as a client needs it that breaks its rules: frames, and headers without compression."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from harness.wire import DEFAULT_HEADERS, TARGET

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, CONTINUATION = 0, 1, 3, 4, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(values: Mapping[int, int]) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in values.items()))


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A header block: literals that are not to be remembered."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def _text(text: str) -> bytes:
    data = text.encode("latin-1")
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest = len(data) - 127
    assert rest < 128 * 128
    return bytes([127, rest % 128 | 128, rest // 128]) + data


def call(operation: str) -> bytes:
    """The header block of a call."""
    fields = [(":method", "POST"), (":scheme", "http"), (":authority", "127.0.0.1"), (":path", "/")]
    fields += [("x-amz-target", f"{TARGET}.{operation}")]
    return block(fields + [(name.lower(), value) for name, value in DEFAULT_HEADERS.items()])
