"""Time to live with boto3: its settings, what is deleted and what is not, and what the stream says of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from blackbox.conftest import MakeTable
from blackbox.consuming import read, stream_of, streaming, until
from blackbox.expect import index, n, refused, s

# The session's own server looks every second.
DELETED_SECONDS = 15.0
YEAR_SECONDS = 365 * 24 * 60 * 60
SERVICE = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@pytest.fixture
def deletes(own_endpoint: bool) -> None:
    """For tests that wait for deletions, which DynamoDB makes within days and some peers never."""
    if not own_endpoint:
        pytest.skip("when expired items are deleted is the server's own choice")


def switch(client: Any, table: str, *, on: bool, attribute: str = "ttl") -> None:
    specification = {"Enabled": on, "AttributeName": attribute}
    answer = client.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    assert answer["TimeToLiveSpecification"] == specification
    wanted = "ENABLED" if on else "DISABLED"
    described = until(lambda: describe(client, table), lambda found: found["TimeToLiveStatus"] == wanted)
    assert described["TimeToLiveStatus"] == wanted


def describe(client: Any, table: str) -> dict[str, str]:
    found: dict[str, str] = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return found


def names(client: Any, table: str) -> set[str]:
    return {item["pk"]["S"] for item in client.scan(TableName=table, ConsistentRead=True)["Items"]}


def wait_for(client: Any, table: str, left: set[str]) -> None:
    assert until(lambda: names(client, table), lambda found: found == left, DELETED_SECONDS) == left


def test_settings(client: Any, table: str) -> None:
    assert describe(client, table) == {"TimeToLiveStatus": "DISABLED"}
    switch(client, table, on=True)
    assert describe(client, table) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_settings_are_changed(client: Any, table: str, own_endpoint: bool) -> None:
    if not own_endpoint:
        pytest.skip("DynamoDB lets an hour pass between two changes")
    switch(client, table, on=True)
    switch(client, table, on=False)
    assert describe(client, table) == {"TimeToLiveStatus": "DISABLED"}
    switch(client, table, on=True, attribute="other.name")
    assert describe(client, table)["AttributeName"] == "other.name"


def test_settings_that_are_refused(client: Any, make_table: MakeTable) -> None:
    off, on = make_table(), make_table()
    switch(client, on, on=True)
    other = "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    for table, enabled, attribute, message in [
        (off, False, "ttl", "TimeToLive is already disabled"),
        (on, True, "ttl", "TimeToLive is already enabled"),
        (on, True, "other", other),
        (on, False, "other", other),
    ]:
        specification = {"Enabled": enabled, "AttributeName": attribute}
        refused(
            client.update_time_to_live,
            "ValidationException",
            message,
            TableName=table,
            TimeToLiveSpecification=specification,
        )
    for call, more in [
        (client.describe_time_to_live, {}),
        (client.update_time_to_live, {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}),
    ]:
        refused(
            call,
            "ResourceNotFoundException",
            "Requested resource not found: Table: no-such-table not found",
            TableName="no-such-table",
            **more,
        )


@pytest.mark.usefixtures("deletes")
def test_what_is_deleted_and_what_is_not(client: Any, table: str) -> None:
    """Numbers that lie in the past, but not further back than five years (developer guide, "Using time to live")."""
    now = int(time.time())
    kept = {
        "no number": s(str(now - 10)),
        "future": n(now + 1_000),
        "far future": n("1e30"),
        "long ago": n(now - 5 * YEAR_SECONDS - 1_000),
        "negative": n(-10),
        "zero": n(0),
        "a set": {"NS": [str(now - 10)]},
        "a list": {"L": [n(now - 10)]},
        "nothing": {"NULL": True},
        "milliseconds": n(now * 1000),
    }
    deleted = {
        "past": n(now - 10),
        "fraction": n(f"{now - 10}.5"),
        "exponent": n(f"{(now - 10) // 10}e1"),
        "nearly five years": n(now - 5 * YEAR_SECONDS + 10_000),
    }
    client.put_item(TableName=table, Item={"pk": s("there before"), "ttl": n(now - 10)})
    client.put_item(TableName=table, Item={"pk": s("without")})
    switch(client, table, on=True)
    for name, value in {**kept, **deleted}.items():
        client.put_item(TableName=table, Item={"pk": s(name), "ttl": value})
    wait_for(client, table, {*kept, "without"})


@pytest.mark.usefixtures("deletes")
def test_the_stream_names_the_service(client: Any, streams: Any, make_table: MakeTable) -> None:
    table = make_table(
        sk="N", attributes={"g": "S"}, GlobalSecondaryIndexes=[index("gsi", [("g", "HASH")])], **streaming()
    )
    switch(client, table, on=True)
    item = {"pk": s("a"), "sk": n(1), "g": s("x"), "ttl": n(int(time.time()) - 10)}
    client.put_item(TableName=table, Item=item)
    client.put_item(TableName=table, Item={"pk": s("b"), "sk": n(1)})
    client.delete_item(TableName=table, Key={"pk": s("b"), "sk": n(1)})
    wait_for(client, table, set())
    assert client.scan(TableName=table, IndexName="gsi")["Count"] == 0
    found = read(streams, stream_of(client, table), 4)
    by_client = [record for record in found if "userIdentity" not in record]
    [by_service] = [record for record in found if "userIdentity" in record]
    assert sorted(record["eventName"] for record in by_client) == ["INSERT", "INSERT", "REMOVE"]
    assert (by_service["eventName"], by_service["userIdentity"]) == ("REMOVE", SERVICE)
    assert by_service["dynamodb"]["OldImage"] == item
    assert by_service["dynamodb"]["Keys"] == {"pk": s("a"), "sk": n(1)}
    assert "NewImage" not in by_service["dynamodb"]


@pytest.mark.usefixtures("deletes")
def test_an_item_that_is_renewed_stays(client: Any, table: str) -> None:
    switch(client, table, on=True)
    soon = int(time.time()) + 2
    named = {"#t": "ttl"}
    for name in ("renewed", "removed", "expired"):
        client.put_item(TableName=table, Item={"pk": s(name), "ttl": n(soon)})
    client.update_item(
        TableName=table,
        Key={"pk": s("renewed")},
        UpdateExpression="SET #t = :later",
        ExpressionAttributeNames=named,
        ExpressionAttributeValues={":later": n(soon + 10_000)},
    )
    client.update_item(
        TableName=table,
        Key={"pk": s("removed")},
        UpdateExpression="REMOVE #t",
        ExpressionAttributeNames=named,
    )
    wait_for(client, table, {"renewed", "removed"})
    client.put_item(TableName=table, Item={"pk": s("removed"), "ttl": n(soon)})
    wait_for(client, table, {"renewed"})


@pytest.mark.usefixtures("deletes")
def test_nothing_is_deleted_any_more(client: Any, make_table: MakeTable) -> None:
    """The other table shows that the server did look meanwhile."""
    off, on = make_table(), make_table()
    switch(client, off, on=True)
    switch(client, on, on=True)
    switch(client, off, on=False)
    for table in (off, on):
        client.put_item(TableName=table, Item={"pk": s("a"), "ttl": n(int(time.time()) - 10)})
    wait_for(client, on, set())
    assert names(client, off) == {"a"}
