"""The HTTP side that SDKs hide: headers, checksums, compression, CORS, health, protocol errors."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.wire import AUTHORIZATION, Answer, Connection, request_bytes

JSON = "application/x-amz-json-1.0"


def exchange(wire: Connection, request: bytes) -> Answer:
    wire.send(request)
    return wire.receive()


def plain(method: str, path: str, **headers: str) -> bytes:
    fields = {"Host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def test_headers_of_every_answer(wire: Connection) -> None:
    for body in ({}, {"Limit": 0}, b"{"):
        answer = wire.call("ListTables", body)
        assert answer.headers["content-type"] == JSON
        assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
        assert len(answer.headers["x-amzn-requestid"]) >= 32
        assert "date" in answer.headers


def test_request_ids_differ(wire: Connection) -> None:
    ids = {wire.call("ListTables", {}).headers["x-amzn-requestid"] for _ in range(50)}
    assert len(ids) == 50


def test_gzip_only_when_asked(wire: Connection, client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"S": "x" * 20_000}})
    body = {"TableName": table, "Key": {"pk": {"S": "a"}}}
    unasked = wire.call("GetItem", body)
    assert "content-encoding" not in unasked.headers
    asked = exchange(wire, request_bytes("GetItem", body, {"Accept-Encoding": "gzip"}))
    if asked.headers.get("content-encoding") == "gzip":
        assert int(asked.headers["x-amz-crc32"]) == zlib.crc32(asked.body)
        assert json.loads(gzip.decompress(asked.body)) == unasked.json()
        assert len(asked.body) < 1_000
    else:
        pytest.fail("the answer was not compressed")


def test_compressed_requests(wire: Connection) -> None:
    packed = gzip.compress(b'{"Limit": 5}')
    answer = exchange(wire, request_bytes("ListTables", packed, {"Content-Encoding": "gzip"}))
    assert answer.status == 200
    assert "TableNames" in answer.json()


def test_chunked_request(wire: Connection) -> None:
    head = request_bytes("ListTables", b"", {"Content-Length": None, "Transfer-Encoding": "chunked"})
    answer = exchange(wire, head + b'4\r\n{"Li\r\n9\r\nmit": 5}\n\r\n0\r\n\r\n')
    assert answer.status == 200


def test_expect_continue(wire: Connection) -> None:
    answer = exchange(wire, request_bytes("ListTables", {}, {"Expect": "100-continue"}))
    assert answer.status == 200


def test_keep_alive_and_pipelining(endpoint: str) -> None:
    wire = Connection(endpoint)
    wire.send(request_bytes("ListTables", {"Limit": 1}) * 5)
    assert [wire.receive().status for _ in range(5)] == [200] * 5
    wire.close()


def test_cors_preflight(wire: Connection) -> None:
    request = plain(
        "OPTIONS",
        "/",
        Origin="http://example.com",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="x-amz-target,authorization,x-amz-date,content-type",
    )
    answer = exchange(wire, request)
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] in ("*", "http://example.com")
    assert "x-amz-target" in answer.headers["access-control-allow-headers"].lower()
    assert "POST" in answer.headers.get("access-control-allow-methods", "POST")


def test_cors_on_answers(wire: Connection) -> None:
    answer = exchange(wire, request_bytes("ListTables", {}, {"Origin": "http://example.com"}))
    assert answer.headers["access-control-allow-origin"] in ("*", "http://example.com")


def test_health_and_metrics(wire: Connection, own_endpoint: bool) -> None:
    if not own_endpoint:
        pytest.skip("peers have no /healthz")
    assert exchange(wire, plain("GET", "/healthz")).status == 200
    wire.call("ListTables", {})
    metrics = exchange(wire, plain("GET", "/metrics"))
    assert metrics.status == 200
    assert "# TYPE" in metrics.body.decode()


PROTOCOL_ERRORS: list[tuple[str, dict[str, str | None], bytes, str]] = [
    ("unknown operation", {"X-Amz-Target": "DynamoDB_20120810.Frobnicate"}, b"{}", "UnknownOperationException"),
    ("unknown service", {"X-Amz-Target": "Nothing_20120810.ListTables"}, b"{}", "UnknownOperationException"),
    ("no target", {"X-Amz-Target": None}, b"{}", "UnknownOperationException"),
    ("no credentials", {"Authorization": None}, b"{}", "MissingAuthenticationTokenException"),
    ("other scheme", {"Authorization": "Bearer abc"}, b"{}", "MissingAuthenticationTokenException"),
    ("half a signature", {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}, b"{}", "IncompleteSignatureException"),
    ("malformed JSON", {}, b'{"TableName": ', "SerializationException"),
    ("not JSON", {}, b"hello", "SerializationException"),
    ("empty body", {}, b"", "SerializationException"),
    ("JSON of another kind", {}, b"[1]", "SerializationException"),
    ("trailing garbage", {}, b"{} x", "SerializationException"),
    ("not UTF-8", {}, b'{"TableName": "\xff\xfe"}', "SerializationException"),
    ("wrong type", {}, b'{"Limit": "five"}', "SerializationException"),
    ("wrong container", {}, b'{"ExclusiveStartTableName": ["a"]}', "SerializationException"),
]


@pytest.mark.parametrize(
    ("headers", "body", "error_type"), [row[1:] for row in PROTOCOL_ERRORS], ids=[row[0] for row in PROTOCOL_ERRORS]
)
def test_protocol_errors(wire: Connection, headers: dict[str, str | None], body: bytes, error_type: str) -> None:
    answer = exchange(wire, request_bytes("ListTables", body, headers))
    assert (answer.status, answer.error_type()) == (400, error_type)


def test_namespaces_of_error_types(wire: Connection) -> None:
    invalid = wire.call("GetItem", {"TableName": "no-such-table", "Key": {"pk": {"N": "x"}}}).json()
    assert invalid["__type"] == "com.amazon.coral.validate#ValidationException"
    missing = wire.call("GetItem", {"TableName": "no-such-table", "Key": {"pk": {"S": "x"}}}).json()
    assert missing["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    broken = wire.call("GetItem", b"{").json()
    assert broken["__type"] == "com.amazon.coral.service#SerializationException"


def test_unknown_members_are_ignored(wire: Connection) -> None:
    assert wire.call("ListTables", {"Limit": 1, "Unheard": {"of": [1, None]}}).status == 200


def test_presigned_query_is_accepted(wire: Connection) -> None:
    query = "&".join(
        [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIDEXAMPLE%2F20261101%2Fus-east-1%2Fdynamodb%2Faws4_request",
            "X-Amz-Date=20261101T000000Z",
            "X-Amz-SignedHeaders=host",
            "X-Amz-Signature=" + "0" * 64,
        ]
    )
    request = request_bytes("ListTables", {}, {"Authorization": None}).replace(b"POST / ", f"POST /?{query} ".encode())
    assert exchange(wire, request).status == 200


def test_http2_with_prior_knowledge(endpoint: str) -> None:
    status, body = http2_call(endpoint, "ListTables", b"{}")
    assert status == 200
    assert "TableNames" in json.loads(body)


def http2_call(endpoint: str, operation: str, payload: bytes) -> tuple[int, bytes]:
    """One operation over cleartext HTTP/2."""
    from h2.connection import H2Connection
    from h2.events import DataReceived, ResponseReceived, StreamEnded

    address = urlsplit(endpoint)
    link = socket.create_connection((address.hostname, address.port), timeout=10)
    state = H2Connection()
    state.initiate_connection()
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "127.0.0.1"),
        (":path", "/"),
        ("content-type", JSON),
        ("x-amz-target", f"DynamoDB_20120810.{operation}"),
        ("x-amz-date", "20261101T000000Z"),
        ("authorization", AUTHORIZATION),
    ]
    state.send_headers(1, headers)
    state.send_data(1, payload, end_stream=True)
    link.sendall(state.data_to_send())
    status, body = 0, b""
    with link:
        while True:
            data = link.recv(65_536)
            assert data, "the server closed the connection"
            for event in state.receive_data(data):
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, DataReceived):
                    body += event.data
                elif isinstance(event, StreamEnded):
                    return status, body
            link.sendall(state.data_to_send())
