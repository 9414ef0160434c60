"""Tables: lifecycle, waiters, description, tags, limits."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from blackbox.clients import unique_name
from blackbox.conftest import MakeTable, delete_quietly
from blackbox.expect import ENVELOPE, index, n, refused, s

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
DEFINITIONS = [{"AttributeName": "pk", "AttributeType": "S"}]


def create(client: Any, name: str, **more: Any) -> Any:
    more.setdefault("BillingMode", "PAY_PER_REQUEST")
    return client.create_table(TableName=name, KeySchema=KEYS, AttributeDefinitions=DEFINITIONS, **more)


def test_lifecycle_with_waiters(client: Any) -> None:
    name = unique_name()
    created = create(client, name)["TableDescription"]
    assert created["TableStatus"] in ("CREATING", "ACTIVE")
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    refused(create, "ResourceInUseException", client=client, name=name)
    deleted = client.delete_table(TableName=name)["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    refused(client.describe_table, "ResourceNotFoundException", TableName=name)
    refused(client.delete_table, "ResourceNotFoundException", TableName=name)


def test_description(client: Any, make_table: MakeTable) -> None:
    name = make_table(
        sk="N",
        attributes={"g": "S"},
        GlobalSecondaryIndexes=[index("gsi", [("g", "HASH")], "KEYS_ONLY")],
        LocalSecondaryIndexes=[index("lsi", [("pk", "HASH"), ("g", "RANGE")])],
    )
    described = client.describe_table(TableName=name)["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert described["TableArn"].endswith(f":table/{name}")
    assert described["TableArn"].startswith("arn:aws:dynamodb:us-east-1:")
    uuid.UUID(described["TableId"])
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert described["DeletionProtectionEnabled"] is False
    assert described["ItemCount"] == 0
    assert described["TableSizeBytes"] == 0
    gsi = described["GlobalSecondaryIndexes"][0]
    assert (gsi["IndexStatus"], gsi["IndexArn"]) == ("ACTIVE", described["TableArn"] + "/index/gsi")
    assert gsi["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    lsi = described["LocalSecondaryIndexes"][0]
    assert lsi["KeySchema"] == [*KEYS, {"AttributeName": "g", "KeyType": "RANGE"}]
    assert "SSEDescription" not in described


def test_table_by_arn(client: Any, table: str) -> None:
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    client.put_item(TableName=arn, Item={"pk": s("a")})
    assert client.get_item(TableName=arn, Key={"pk": s("a")})["Item"] == {"pk": s("a")}
    assert client.describe_table(TableName=arn)["Table"]["TableName"] == table


def test_provisioned_throughput(client: Any, make_table: MakeTable) -> None:
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    name = make_table(BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    described = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert {key: described[key] for key in throughput} == throughput
    more = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
    client.update_table(TableName=name, ProvisionedThroughput=more)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    described = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert {key: described[key] for key in more} == more
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    summary = client.describe_table(TableName=name)["Table"]["BillingModeSummary"]
    assert summary["BillingMode"] == "PAY_PER_REQUEST"


def test_deletion_protection(client: Any, make_table: MakeTable) -> None:
    name = make_table(DeletionProtectionEnabled=True)
    refused(client.delete_table, "ValidationException", TableName=name)
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)


def test_list_tables_in_pages(client: Any) -> None:
    prefix = unique_name()
    names = [f"{prefix}-{number}" for number in range(7)]
    try:
        for name in names:
            create(client, name)
        pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 3})
        listed = [name for page in pages for name in page["TableNames"]]
        assert listed == sorted(listed)
        assert [name for name in listed if name.startswith(prefix)] == names
        page = client.list_tables(ExclusiveStartTableName=names[1], Limit=2)
        assert page["TableNames"] == names[2:4]
        assert page["LastEvaluatedTableName"] == names[3]
    finally:
        for name in names:
            delete_quietly(client, name)


def test_tags(client: Any, make_table: MakeTable) -> None:
    name = make_table(Tags=[{"Key": "stage", "Value": "test"}])
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]

    def tags() -> dict[str, str]:
        pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    assert tags() == {"stage": "test"}
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "prod"}, {"Key": "team", "Value": ""}])
    assert tags() == {"stage": "prod", "team": ""}
    client.untag_resource(ResourceArn=arn, TagKeys=["stage", "absent"])
    assert tags() == {"team": ""}


def test_size_and_count(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": s("12345")})
    client.put_item(TableName=table, Item={"pk": s("b")})
    described = client.describe_table(TableName=table)["Table"]
    # DynamoDB brings these up to date every six hours; a server may do so at once.
    assert (described["ItemCount"], described["TableSizeBytes"]) in ((2, 12), (0, 0))


def test_limits_and_endpoints(client: Any) -> None:
    limits = client.describe_limits()
    assert limits["AccountMaxReadCapacityUnits"] >= limits["TableMaxReadCapacityUnits"] > 0
    endpoints = client.describe_endpoints()["Endpoints"]
    assert endpoints[0]["CachePeriodInMinutes"] > 0


def test_table_resource(resource: Any, table: str) -> None:
    made = resource.Table(table)
    assert (made.table_status, made.key_schema) == ("ACTIVE", KEYS)
    made.put_item(Item={"pk": "a"})
    assert table in {entry.name for entry in resource.tables.all()}


REFUSED_TABLES: list[tuple[dict[str, Any], str]] = [
    (
        {"TableName": "ab"},
        ENVELOPE
        + "Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    ),
    (
        {"KeySchema": [{"AttributeName": "absent", "KeyType": "HASH"}]},
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [absent], AttributeDefinitions: [pk]",
    ),
    (
        {"AttributeDefinitions": [*DEFINITIONS, {"AttributeName": "x", "AttributeType": "S"}]},
        "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of "
        "attributes defined in AttributeDefinitions",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED_TABLES)
def test_refused_table(client: Any, change: dict[str, Any], message: str) -> None:
    request = {"TableName": unique_name(), "KeySchema": KEYS, "AttributeDefinitions": DEFINITIONS}
    request["BillingMode"] = "PAY_PER_REQUEST"
    refused(client.create_table, "ValidationException", message, **{**request, **change})


def test_missing_table(client: Any) -> None:
    for call, more in (
        (client.put_item, {"Item": {"pk": s("a")}}),
        (client.get_item, {"Key": {"pk": s("a")}}),
        (client.delete_item, {"Key": {"pk": s("a")}}),
        (client.update_item, {"Key": {"pk": s("a")}}),
        (client.scan, {}),
    ):
        refused(call, "ResourceNotFoundException", "Requested resource not found", TableName="no-such-table", **more)
    error = refused(client.describe_table, "ResourceNotFoundException", TableName="no-such-table")
    assert error.response["Error"]["Message"] == "Requested resource not found: Table: no-such-table not found"


def test_keys_must_match_the_schema(client: Any, sorted_table: str) -> None:
    mismatch = "The provided key element does not match the schema"
    for key in ({"pk": s("a")}, {"pk": s("a"), "sk": s("b")}, {"pk": s("a"), "sk": n(1), "x": n(1)}):
        refused(client.get_item, "ValidationException", mismatch, TableName=sorted_table, Key=key)
    refused(
        client.put_item,
        "ValidationException",
        "One or more parameter values were invalid: Missing the key sk in the item",
        TableName=sorted_table,
        Item={"pk": s("a")},
    )
    refused(
        client.put_item,
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S",
        TableName=sorted_table,
        Item={"pk": s("a"), "sk": s("x")},
    )
    refused(
        client.put_item,
        "ValidationException",
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. Key: pk",
        TableName=sorted_table,
        Item={"pk": s(""), "sk": n(1)},
    )


def test_resource_policies(client: Any, make_table: MakeTable) -> None:
    name = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    described = client.describe_table(TableName=name)["Table"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "dynamodb:GetItem",
        "Resource": described["TableArn"],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    for arn in (described["TableArn"], described["LatestStreamArn"]):
        refused(client.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
        put = client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(document, indent=2))
        again = client.put_resource_policy(
            ResourceArn=arn, Policy=json.dumps(document), ConfirmRemoveSelfResourceAccess=True
        )
        assert again["RevisionId"] == put["RevisionId"]
        got = client.get_resource_policy(ResourceArn=arn)
        assert (json.loads(got["Policy"]), got["RevisionId"]) == (document, put["RevisionId"])
        expecting = {"ResourceArn": arn, "ExpectedRevisionId": "NO_POLICY"}
        refused(client.put_resource_policy, "PolicyNotFoundException", Policy=json.dumps(document), **expecting)
        assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == put["RevisionId"]
        refused(client.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
