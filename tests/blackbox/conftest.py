"""Fixtures of the black-box tests: the endpoint, clients, tables.

The endpoint is STATOR_ENDPOINT, or a server that the session starts from the release binary. Every test makes its
own tables, with names that no other test uses, and leaves them to be deleted at its end.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from blackbox.accounts import ABROAD, HOME, Account
from blackbox.clients import ANYONE, REGION, new_client, unique_name
from harness import servers
from harness.wire import Connection

# Nobody wants to wait ten seconds to see what has expired.
OWN_FLAGS = ("--ttl-pause-seconds", "1")
MakeTable = Callable[..., str]
Start = Callable[..., servers.Server]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hostile inputs come last: a server that they kill must not blame other tests."""
    items.sort(key=lambda item: item.path.name == "test_hostile.py")


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where the server under test listens."""
    named = os.environ.get("STATOR_ENDPOINT")
    if named:
        yield named
        return
    with servers.stator(OWN_FLAGS) as server:
        yield server.endpoint


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server of the test's own with flags; it is ended after the test."""
    running: list[servers.Server] = []

    def begin(*flags: str, environment: Mapping[str, str] | None = None) -> servers.Server:
        running.append(servers.start_stator(tmp_path / "data", flags, environment=environment))
        return running[-1]

    yield begin
    for server in running:
        server.close()


@pytest.fixture(scope="session")
def guarded() -> Iterator[servers.Server]:
    """A server with two accounts that verifies signatures and enforces policies. All tests of access control share it."""
    if "STATOR_ENDPOINT" in os.environ:
        pytest.skip("the endpoint was given, and it is what it is")
    flags = ["--authentication", "--account", HOME, "--account", ABROAD]
    server = servers.start_stator(None, [*OWN_FLAGS, *flags])
    yield server
    server.close()


@pytest.fixture(scope="session")
def home(guarded: servers.Server) -> Account:
    """The account of most tests of access control."""
    return Account(guarded.endpoint, HOME, guarded.roots()[HOME])


@pytest.fixture(scope="session")
def abroad(guarded: servers.Server) -> Account:
    """Another account of the same server."""
    return Account(guarded.endpoint, ABROAD, guarded.roots()[ABROAD])


@pytest.fixture(scope="session")
def own_endpoint() -> bool:
    """Whether the server under test is Stator: peers lack what is Stator's own."""
    return "STATOR_ENDPOINT" not in os.environ or bool(os.environ.get("STATOR_ENDPOINT_IS_STATOR"))


@pytest.fixture(scope="session")
def client(endpoint: str) -> Any:
    return new_client(endpoint)


@pytest.fixture(scope="session")
def streams(endpoint: str) -> Any:
    """A client of DynamoDB Streams, which is a service of its own at the same endpoint."""
    return new_client(endpoint, "dynamodbstreams")


@pytest.fixture(scope="session")
def resource(endpoint: str) -> Any:
    return boto3.resource("dynamodb", endpoint_url=endpoint, region_name=REGION, **ANYONE.parameters())


@pytest.fixture
def wire(endpoint: str) -> Iterator[Connection]:
    """A raw connection, for what SDKs refuse to send."""
    connection = Connection(endpoint)
    yield connection
    connection.close()


@pytest.fixture
def make_table(client: Any) -> Iterator[MakeTable]:
    """Makes a table: make_table(pk="S", sk="N", indexes=[...]) -> name. Deleted after the test."""
    made: list[str] = []

    def make(pk: str = "S", sk: str | None = None, **more: Any) -> str:
        name = unique_name()
        attributes = {"pk": pk, **({"sk": sk} if sk else {}), **more.pop("attributes", {})}
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
        keys += [{"AttributeName": "sk", "KeyType": "RANGE"}] if sk else []
        definitions = [{"AttributeName": key, "AttributeType": kind} for key, kind in attributes.items()]
        more.setdefault("BillingMode", "PAY_PER_REQUEST")
        client.create_table(TableName=name, KeySchema=keys, AttributeDefinitions=definitions, **more)
        made.append(name)
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        return name

    yield make
    for name in made:
        delete_quietly(client, name)


@pytest.fixture
def table(make_table: MakeTable) -> str:
    """A table with the partition key pk (S)."""
    return make_table()


@pytest.fixture
def sorted_table(make_table: MakeTable) -> str:
    """A table with the partition key pk (S) and the sort key sk (N)."""
    return make_table(sk="N")


def delete_quietly(client: Any, name: str) -> None:
    """Deletes a table that may be gone already."""
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.delete_table(TableName=name)
