"""What is served, as the documents say it, and requests for all of it: what names mean that a service's model leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blackbox.accounts import HOME, allow, document
from blackbox.clients import REGION
from blackbox.expect import s
from harness.caches import TESTS

COMPAT = TESTS.parent / "COMPAT.md"
ACCESS = TESTS.parent / "docs" / "access-control.md"

KEY = {"pk": s("a")}


def rows(document: Path, heading: str) -> Iterator[list[str]]:
    """The rows of the table under a heading, cell by cell."""
    section = document.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    for line in section.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def names(cell: str) -> set[str]:
    return set(re.findall(r"\b[A-Z][A-Za-z]+\b", cell))


def served_by_dynamodb() -> set[str]:
    """The operations that COMPAT.md says are served."""
    found: set[str] = set()
    for operation, served, *_ in rows(COMPAT, "Operations"):
        if served in ("yes", "partly"):
            found |= names(operation)
    return found


def served_by(service: str) -> set[str]:
    """The operations of IAM or STS that the page on access control says are served."""
    [cell] = [cells for name, cells, *_ in rows(ACCESS, "What is served") if name == service]
    return names(cell)


def known(table: str, stream: str) -> dict[str, Any]:
    """What names mean to DynamoDB."""
    arn = f"arn:aws:dynamodb:{REGION}:{HOME}:table/{table}"
    return {
        "TableName": table,
        "TableArn": arn,
        "ResourceArn": arn,
        "StreamArn": stream,
        # By their shapes, as members of other shapes have the same names.
        "Key": KEY,
        "PutItemInputAttributeMap": KEY,
        "AttributeValue": s("a"),
        "Tag": {"Key": "team", "Value": "a"},
        "Policy": "{}",
        "BatchGetRequestMap": {table: {"Keys": [KEY]}},
        "BatchWriteItemRequestMap": {table: [{"PutRequest": {"Item": KEY}}]},
        "Statement": f"SELECT * FROM \"{table}\" WHERE pk = 'a'",
        "TransactWriteItem": {"Put": {"TableName": table, "Item": KEY}},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }


# What the model leaves open and the service wants to see before it asks policies.
MORE: dict[str, dict[str, Any]] = {
    "CreateTable": {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
    "Query": {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": s("a")}},
}


ALLOWS = document(allow("*"))
TRUSTS = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})


def of_iam(name: str) -> dict[str, Any]:
    """What names mean to IAM and STS, where all entities have this one name."""
    policy = f"arn:aws:iam::{HOME}:policy/{name}"
    return {
        "UserName": name,
        "GroupName": name,
        "RoleName": name,
        "PolicyName": name,
        "PolicyArn": policy,
        "PermissionsBoundary": policy,
        "PolicySourceArn": f"arn:aws:iam::{HOME}:user/{name}",
        "RoleArn": f"arn:aws:iam::{HOME}:role/{name}",
        "RoleSessionName": "session",
        "VersionId": "v1",
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "AWSServiceName": "replication.dynamodb.amazonaws.com",
        "AssumeRolePolicyDocument": TRUSTS,
        "PolicyDocument": ALLOWS,
        "SimulationPolicyListType": [ALLOWS],
        "ActionNames": ["dynamodb:GetItem"],
        "Tag": {"Key": "team", "Value": "a"},
        "Name": "guest",
    }
