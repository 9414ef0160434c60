"""A small HTTP/1.1 client for requests that no SDK would send.

`Connection.send` and `Connection.receive` are apart, so that one thread can have a request in flight at several
servers. Bodies are bytes: malformed ones are the point. Answers come with Content-Length, chunks, or a close.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TARGET = "DynamoDB_20120810"
# Of the operations of DynamoDB Streams, which is a service of its own.
STREAMS_TARGET = "DynamoDBStreams_20120810"
STREAMS_OPERATIONS = frozenset({"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"})
# Parsed, not verified, by every server under test.
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64
)
DEFAULT_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": AUTHORIZATION,
    "X-Amz-Date": "20261101T000000Z",
}


class WireError(Exception):
    """The server closed the connection, or did not speak HTTP."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def error_type(self) -> str | None:
        """The error's shape name without its namespace, None for a success."""
        if self.status == 200:
            return None
        try:
            return str(self.json().get("__type", "")).rsplit("#", 1)[-1]
        except (ValueError, AttributeError):
            return f"HTTP {self.status}"

    def is_conflict(self) -> bool:
        """Whether a transaction was refused for nothing but others that were in its way."""
        if self.error_type() != "TransactionCanceledException":
            return False
        codes = {reason["Code"] for reason in self.json()["CancellationReasons"]}
        return codes <= {"None", "TransactionConflict"}

    def message(self) -> str:
        value = self.json()
        return str(value.get("message") or value.get("Message") or "")


class Connection:
    """One connection, opened at the first request and again after a close."""

    def __init__(self, endpoint: str, timeout_seconds: float = 30.0) -> None:
        address = urlsplit(endpoint)
        self._host = address.hostname or "127.0.0.1"
        self._port = address.port or 8000
        self._timeout_seconds = timeout_seconds
        self._socket: socket.socket | None = None
        self._buffer = b""
        self._resend: bytes | None = None

    def call(self, operation: str, body: Any) -> Answer:
        """One operation with a JSON body."""
        self.send(request_bytes(operation, body))
        return self.receive()

    def send(self, request: bytes) -> None:
        # An idle connection may have been closed by the server: that shows only when the answer is read.
        self._resend = request if self._socket else None
        try:
            self._open().sendall(request)
        except OSError:
            self.close()
            self._resend = None
            self._open().sendall(request)

    def receive(self) -> Answer:
        try:
            return self._receive()
        except (WireError, ConnectionError):
            self.close()
            if self._resend is None:
                raise
            request, self._resend = self._resend, None
            self._open().sendall(request)
            return self._receive()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None
        self._buffer = b""

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), self._timeout_seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._buffer = b""
        return self._socket

    def _receive(self) -> Answer:
        status, headers = self._read_head()
        while status == 100:
            status, headers = self._read_head()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        elif "content-length" in headers:
            body = self._take(int(headers["content-length"]))
        else:
            body = self._read_to_end()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    def _read_head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ", 2)
        if len(parts) < 2 or not parts[1].isdigit():
            raise WireError(f"not a status line: {lines[0][:80]!r}")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(parts[1]), headers

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._buffer:
                self._fill()
            line, self._buffer = self._buffer.split(b"\r\n", 1)
            length = int(line.split(b";")[0], 16)
            body += self._take(length)
            self._take(2)
            if length == 0:
                return body

    def _read_to_end(self) -> bytes:
        try:
            while True:
                self._fill()
        except WireError:
            body, self._buffer = self._buffer, b""
            self.close()
            return body

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _fill(self) -> None:
        data = self._open().recv(1 << 20)
        if not data:
            raise WireError("the server closed the connection")
        self._buffer += data


def request_bytes(operation: str, body: Any, headers: Mapping[str, str | None] | None = None) -> bytes:
    """A POST of an operation. A body that is not bytes becomes JSON; a header of None is left out."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    service = STREAMS_TARGET if operation in STREAMS_OPERATIONS else TARGET
    fields: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "X-Amz-Target": f"{service}.{operation}",
        **DEFAULT_HEADERS,
        "Content-Length": str(len(payload)),
        **(headers or {}),
    }
    lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + payload
