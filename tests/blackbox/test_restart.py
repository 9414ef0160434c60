"""What a restart must keep, and how a server ends. These tests start servers of their own.

Their data is in a directory, or in the database that STATOR_TEST_DATABASE names.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blackbox.clients import new_client
from blackbox.expect import index, n, s
from harness import servers

DATABASE = os.environ.get("STATOR_TEST_DATABASE")

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif(
        "STATOR_ENDPOINT" in os.environ and DATABASE is None,
        reason="the endpoint was given: it is not ours to restart",
    ),
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> servers.Data:
    """A place for the data of one test."""
    if DATABASE is None:
        return tmp_path / "data"
    monkeypatch.setenv("STATOR_STORE_SCHEMA", f"t_{uuid.uuid4().hex[:12]}")
    return DATABASE


@pytest.fixture
def started(data: Path) -> Iterator[list[servers.Server]]:
    """Servers that a test starts; whatever is left running is ended."""
    running: list[servers.Server] = []
    yield running
    for server in running:
        server.close()


def start(started: list[servers.Server], data: servers.Data) -> Any:
    started.append(servers.start_stator(data))
    return new_client(started[-1].endpoint)


def fill(client: Any) -> None:
    client.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "g")],
        GlobalSecondaryIndexes=[index("gsi", [("g", "HASH")])],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "stage", "Value": "test"}],
    )
    for number in range(50):
        client.put_item(TableName="kept", Item={"pk": s(f"p{number}"), "g": s("x"), "v": n(number)})


def verify(client: Any) -> dict[str, Any]:
    assert client.scan(TableName="kept", ConsistentRead=True)["Count"] == 50
    found = client.query(
        TableName="kept", IndexName="gsi", KeyConditionExpression="g = :x", ExpressionAttributeValues={":x": s("x")}
    )
    assert found["Count"] == 50
    described: dict[str, Any] = client.describe_table(TableName="kept")["Table"]
    tags = client.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]
    assert tags == [{"Key": "stage", "Value": "test"}]
    return described


def test_restart_after_sigterm_keeps_everything(started: list[servers.Server], data: servers.Data) -> None:
    client = start(started, data)
    fill(client)
    before = verify(client)
    assert started[-1].stop() == 0
    client = start(started, data)
    after = verify(client)
    assert (after["TableId"], after["ItemCount"]) == (before["TableId"], before["ItemCount"])
    assert after["CreationDateTime"] == before["CreationDateTime"]


def test_restart_after_sigkill_keeps_everything(started: list[servers.Server], data: servers.Data) -> None:
    client = start(started, data)
    fill(client)
    started[-1].kill()
    verify(start(started, data))


@pytest.mark.skipif(DATABASE is not None, reason="several servers may share a database")
def test_a_second_server_on_the_same_data_is_refused(started: list[servers.Server], data: Path) -> None:
    client = start(started, data)
    with pytest.raises(servers.ServerError):
        start(started, data)
    client.list_tables()


@pytest.mark.skipif(DATABASE is None, reason="a directory is for one server")
def test_a_second_server_over_the_same_database_has_the_same(started: list[servers.Server], data: str) -> None:
    fill(start(started, data))
    verify(start(started, data))


def test_ready_quickly_and_small(started: list[servers.Server], data: servers.Data) -> None:
    begin = time.monotonic()
    start(started, data).list_tables()
    # 300 ms are promised; the first import of boto3's data and a busy machine are not the server's fault.
    assert time.monotonic() - begin < 3
    status = Path(f"/proc/{started[-1].process.pid}/status").read_text()
    resident_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert resident_kib < 40 * 1024
