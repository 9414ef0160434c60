"""Inputs that kill or stall servers. Each must be answered quickly, and the server must live on."""

from __future__ import annotations

import functools
import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.wire import Answer, Connection, WireError, request_bytes

ANSWER_SECONDS = 5.0
# The server gives a head ten seconds.
HEAD_SECONDS = 20.0
MEBIBYTE = 1 << 20
MANY = 80_000
SOME_TABLE = "the-table-of-the-test"
KEY = '"Key": {"pk": {"S": "a"}}'


@pytest.fixture(autouse=True)
def lives_on(endpoint: str) -> Iterator[None]:
    """After every test of this file the server must still serve. If it does not, that one test is to blame."""
    if not serves(endpoint):
        pytest.skip("the server died of an earlier test")
    yield
    assert serves(endpoint), "the server died of this"


def serves(endpoint: str) -> bool:
    connection = Connection(endpoint, timeout_seconds=ANSWER_SECONDS)
    try:
        return connection.call("ListTables", {"Limit": 1}).status == 200
    except (WireError, OSError):
        return False
    finally:
        connection.close()


def timed(endpoint: str, operation: str, body: bytes) -> Answer:
    """Sends one request and insists on a quick answer, or at least on a quick end."""
    connection = Connection(endpoint, timeout_seconds=30)
    begin = time.monotonic()
    try:
        connection.send(request_bytes(operation, body))
        answer = connection.receive()
    except (WireError, OSError):
        answer = Answer(0, {}, b"")
    finally:
        connection.close()
    assert time.monotonic() - begin < ANSWER_SECONDS
    return answer


def put(table: str, value: str) -> bytes:
    return f'{{"TableName": "{table}", "Item": {{"pk": {{"S": "a"}}, "v": {value}}}}}'.encode()


def condition(table: str, expression: str) -> bytes:
    return json.dumps(
        {
            "TableName": table,
            "Item": {"pk": {"S": "a"}},
            "ConditionExpression": expression,
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        }
    ).encode()


@pytest.mark.parametrize("levels", [40, 1_000, 100_000, 1_000_000])
@pytest.mark.parametrize("unit", [('{"L":[', "]}"), ('{"M":{"m":', "}}")], ids=["lists", "maps"])
def test_deep_attribute_values(endpoint: str, table: str, levels: int, unit: tuple[str, str]) -> None:
    opening, closing = unit
    value = opening * levels + '{"S":"x"}' + closing * levels
    answer = timed(endpoint, "PutItem", put(table, value))
    assert answer.status in (400, 413)
    if answer.status == 400:
        assert answer.error_type() in ("ValidationException", "SerializationException")


@pytest.mark.parametrize("bracket", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("operation", ["PutItem", "ListTables", "BatchWriteItem"])
def test_deep_json(endpoint: str, bracket: str, operation: str) -> None:
    for body in (
        bracket * 1_000_000,
        '{"TableName":' + bracket * 1_000_000,
        '{"Unknown":' + "[" * 10**6 + "]" * 10**6 + "}",
    ):
        answer = timed(endpoint, operation, body.encode())
        assert answer.status in (200, 400, 413)


@pytest.mark.parametrize(
    "number",
    ["1e999999999", "1e-999999999", "-1e2147483648", "0e999999999999999999999", "1" * 100_000, "0." + "0" * 100_000 + "1",
     "1" + "0" * 1_000_000, "1e" + "9" * 100_000, "--1", "1e+", ".", "\u0661"],
    ids=lambda text: text if len(text) < 25 else f"{text[:12]}...({len(text)})",
)  # fmt: skip
def test_numbers(endpoint: str, table: str, number: str) -> None:
    answer = timed(endpoint, "PutItem", put(table, json.dumps({"N": number})))
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.error_type() == "ValidationException"
    calculation = {
        "TableName": table,
        "Key": {"pk": {"S": "b"}},
        "UpdateExpression": "SET v = :a + :b",
        "ExpressionAttributeValues": {":a": {"N": number}, ":b": {"N": "1e-130"}},
    }
    assert timed(endpoint, "UpdateItem", json.dumps(calculation).encode()).status in (200, 400)


def test_json_numbers_with_exponents(endpoint: str) -> None:
    for literal in ("1e999999999", "-1e999999999", "1" * 100_000, "1.5", "9223372036854775808", "1e-999999999"):
        answer = timed(endpoint, "ListTables", f'{{"Limit": {literal}}}'.encode())
        assert answer.status in (200, 400)


def test_sum_of_distant_numbers(endpoint: str, table: str) -> None:
    for left, right in (("1e125", "1e-130"), ("9" * 38 + "e87", "1e87"), ("-1e125", "1e-130")):
        body = {
            "TableName": table,
            "Key": {"pk": {"S": "a"}},
            "UpdateExpression": "SET v = :a + :b",
            "ExpressionAttributeValues": {":a": {"N": left}, ":b": {"N": right}},
        }
        assert timed(endpoint, "UpdateItem", json.dumps(body).encode()).status in (200, 400)


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 4_000,
        "(" * 1_000 + "pk = :v" + ")" * 1_000,
        "NOT " * 1_000 + "pk = :v",
        " AND ".join(["pk = :v"] * 400),
        "pk IN (" + ",".join([":v"] * 1_000) + ")",
        "a" + ".a" * 2_000 + " = :v",
        "a" + "[0]" * 1_300 + " = :v",
        "a[99999999999999999999] = :v",
        "size(" * 800 + "a" + ")" * 800 + " = :v",
        "x" * 10_000_000,
        "\u0000" * 100,
        "\U0001f600" * 500,
    ],
    ids=lambda text: f"{text[:8]!a}...({len(text)})",
)
def test_expressions(endpoint: str, table: str, expression: str) -> None:
    answer = timed(endpoint, "PutItem", condition(table, expression))
    assert answer.status == 400
    assert answer.error_type() in ("ValidationException", "ConditionalCheckFailedException")


def test_long_update_expressions(endpoint: str, table: str) -> None:
    for expression in (
        "SET " + ", ".join(f"a{number} = :v" for number in range(370)),
        "SET a = " + " + ".join([":v"] * 800),
        "SET a = " + "if_not_exists(b, " * 200 + ":v" + ")" * 200,
        "SET a = " + "list_append(" * 300 + ":v",
        "REMOVE " + ", ".join(f"a[{number}]" for number in range(400)),
    ):
        body = {
            "TableName": table,
            "Key": {"pk": {"S": "a"}},
            "UpdateExpression": expression,
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        }
        assert timed(endpoint, "UpdateItem", json.dumps(body).encode()).status in (200, 400)


@functools.cache
def huge_requests() -> dict[str, tuple[str, str]]:
    """Requests with one list or map of MANY entries each: nothing may compare every entry with every other."""
    requests = huge_bodies(SOME_TABLE)
    return {name: (operation, json.dumps(body)) for name, (operation, body) in requests.items()}


def huge_bodies(table: str) -> dict[str, tuple[str, dict[str, Any]]]:
    key = {"pk": {"S": "a"}}
    named = {"TableName": table}
    keyed = {**named, "Key": key}
    numbers = range(MANY)
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
    definitions = [{"AttributeName": "pk", "AttributeType": "S"}]
    new = {"TableName": "huge", "KeySchema": schema, "AttributeDefinitions": definitions}
    index = {"KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    arn = {"ResourceArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"}
    comparison = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}
    by_key = {**named, "KeyConditions": {"pk": comparison}}
    return {
        "attributes to get": ("GetItem", {**keyed, "AttributesToGet": [f"a{n}" for n in numbers]}),
        "attributes to query": ("Query", {**by_key, "AttributesToGet": [f"a{n}" for n in numbers]}),
        "attributes": ("PutItem", {**named, "Item": {**key, **{f"a{n}": {"N": "1"} for n in numbers}}}),
        "strings": ("PutItem", {**named, "Item": {**key, "v": {"SS": [str(n) for n in numbers]}}}),
        "numbers": ("PutItem", {**named, "Item": {**key, "v": {"NS": [str(MANY - n) for n in numbers]}}}),
        "equal numbers": ("PutItem", {**named, "Item": {**key, "v": {"NS": ["1"] * MANY}}}),
        "elements": ("PutItem", {**named, "Item": {**key, "v": {"L": [{"N": "x"}] * MANY}}}),
        "expected": ("PutItem", {**named, "Item": key, "Expected": {f"a{n}": {"Exists": False} for n in numbers}}),
        "updates": ("UpdateItem", {**keyed, "AttributeUpdates": {f"a{n}": {"Value": {"N": "1"}} for n in numbers}}),
        "names": (
            "GetItem",
            {**keyed, "ProjectionExpression": "a", "ExpressionAttributeNames": {f"#a{n}": f"b{n}" for n in numbers}},
        ),
        "values": (
            "DeleteItem",
            {
                **keyed,
                "ConditionExpression": "a = :a1",
                "ExpressionAttributeValues": {f":a{n}": {"N": "1"} for n in numbers},
            },
        ),
        "filters": ("Scan", {**named, "ScanFilter": {f"a{n}": comparison for n in numbers}}),
        "key conditions": ("Query", {**named, "KeyConditions": {f"a{n}": comparison for n in numbers}}),
        "start key": ("Scan", {**named, "ExclusiveStartKey": {f"a{n}": {"N": "1"} for n in numbers}}),
        "read keys": ("BatchGetItem", {"RequestItems": {table: {"Keys": [{"pk": {"S": str(n)}} for n in numbers]}}}),
        "read tables": ("BatchGetItem", {"RequestItems": {f"table{n}": {"Keys": [key]} for n in numbers}}),
        "writes": (
            "BatchWriteItem",
            {"RequestItems": {table: [{"DeleteRequest": {"Key": {"pk": {"S": str(n)}}}} for n in numbers]}},
        ),
        "written tables": (
            "BatchWriteItem",
            {"RequestItems": {f"table{n}": [{"DeleteRequest": {"Key": key}}] for n in numbers}},
        ),
        "key schema": ("CreateTable", {**new, "KeySchema": schema * MANY}),
        "definitions": (
            "CreateTable",
            {**new, "AttributeDefinitions": [{"AttributeName": f"a{n}", "AttributeType": "S"} for n in numbers]},
        ),
        "indexes": (
            "CreateTable",
            {
                **new,
                "BillingMode": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexes": [{"IndexName": f"i{n:05}", **index} for n in numbers],
            },
        ),
        "index updates": (
            "UpdateTable",
            {**named, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": f"i{n:05}"}} for n in numbers]},
        ),
        "tags": ("TagResource", {**arn, "Tags": [{"Key": f"k{n}", "Value": "v"} for n in numbers]}),
        "untagged": ("UntagResource", {**arn, "TagKeys": [f"k{n}" for n in numbers]}),
    }


HUGE = [
    "attributes to get",
    "attributes to query",
    "attributes",
    "strings",
    "numbers",
    "equal numbers",
    "elements",
    "expected",
    "updates",
    "names",
    "values",
    "filters",
    "key conditions",
    "start key",
    "read keys",
    "read tables",
    "writes",
    "written tables",
    "key schema",
    "definitions",
    "indexes",
    "index updates",
    "tags",
    "untagged",
]


@pytest.mark.parametrize("name", HUGE)
def test_huge_lists(endpoint: str, table: str, name: str) -> None:
    operation, body = huge_requests()[name]
    assert timed(endpoint, operation, body.replace(SOME_TABLE, table).encode()).status in (200, 400)


def test_sixteen_mebibytes(endpoint: str, table: str) -> None:
    fits = put(table, '{"S": "' + "x" * (15 * MEBIBYTE) + '"}')
    answer = timed(endpoint, "PutItem", fits)
    assert (answer.status, answer.error_type()) == (400, "ValidationException")
    too_large = put(table, '{"S": "' + "x" * (17 * MEBIBYTE) + '"}')
    assert timed(endpoint, "PutItem", too_large).status in (0, 400, 413)


def test_a_promised_body_that_never_comes(endpoint: str) -> None:
    head = request_bytes("ListTables", b"", {"Content-Length": str(1 << 40)})
    connection = Connection(endpoint, timeout_seconds=ANSWER_SECONDS)
    try:
        connection.send(head)
        assert connection.receive().status in (400, 413)
    except (WireError, OSError):
        pass
    finally:
        connection.close()


def test_a_compressed_bomb(endpoint: str) -> None:
    bomb = gzip.compress(b"[" * (200 * MEBIBYTE), compresslevel=9)
    connection = Connection(endpoint, timeout_seconds=30)
    begin = time.monotonic()
    try:
        connection.send(request_bytes("ListTables", bomb, {"Content-Encoding": "gzip"}))
        assert connection.receive().status in (400, 413)
    except (WireError, OSError):
        pass
    finally:
        connection.close()
    assert time.monotonic() - begin < ANSWER_SECONDS


def test_slow_headers_do_not_hold_others(endpoint: str) -> None:
    """Two hundred clients that send a header byte by byte: others are served meanwhile."""
    address = urlsplit(endpoint)
    slow = [socket.create_connection((address.hostname, address.port), timeout=5) for _ in range(200)]
    try:
        for step in b"POST / HTTP":
            for client in slow:
                client.send(bytes([step]))
        other = Connection(endpoint, timeout_seconds=ANSWER_SECONDS)
        begin = time.monotonic()
        for _ in range(20):
            assert other.call("ListTables", {"Limit": 1}).status == 200
        assert time.monotonic() - begin < ANSWER_SECONDS
        other.close()
    finally:
        for client in slow:
            client.close()


def test_a_head_that_never_ends_is_cut_off(endpoint: str, own_endpoint: bool) -> None:
    if not own_endpoint:
        pytest.skip("how long a head may take is Stator's own")
    address = urlsplit(endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=HEAD_SECONDS) as link:
        link.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        # An answer or none, but then the end.
        while link.recv(65_536):
            pass


@pytest.mark.parametrize(
    "garbage",
    [b"\x00" * 1_000, b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\n" + b"A: b\r\n" * 5_000 + b"\r\n",
     b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n"],
    ids=["zeros", "tls", "short", "headers", "length", "path"],
)  # fmt: skip
def test_not_http(endpoint: str, garbage: bytes) -> None:
    address = urlsplit(endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=ANSWER_SECONDS) as link:
        # The server may be through with us at any moment of this; it may only not leave us waiting.
        try:
            link.sendall(garbage)
            link.shutdown(socket.SHUT_WR)
            while link.recv(65_536):
                pass
        except TimeoutError:
            pytest.fail("the server neither answered nor closed")
        except OSError:
            pass
