"""Policies of tables and streams: what they give in their account and to others, what they take away, how they are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blackbox.accounts import ABROAD, HOME, Account, Party, Statement, allow, denied, deny, document, explicitly
from blackbox.clients import unique_name
from blackbox.conftest import Start
from blackbox.expect import index, refused, s
from blackbox.served import served_by_dynamodb

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
    pytest.mark.skipif("PutResourcePolicy" not in served_by_dynamodb(), reason="policies of resources are not served"),
]

KEY = {"pk": s("a")}
GET = "dynamodb:GetItem"
NOT_BY_RESOURCE = "because no resource-based policy allows the dynamodb:GetItem action"


def to(principal: Any, statement: Statement) -> Statement:
    """A statement of a resource's policy: for whom it is."""
    return {**statement, "Principal": principal if principal == "*" else {"AWS": principal}}


@pytest.fixture
def table(home: Account) -> str:
    """A table with one item."""
    name = home.table()
    home.root.dynamodb.put_item(TableName=name, Item=KEY)
    return name


def put(account: Account, resource: str, *statements: Statement, **more: Any) -> str:
    """Gives a resource a policy, as the account's root user. Its revision."""
    policy = document(*statements)
    return str(account.root.dynamodb.put_resource_policy(ResourceArn=resource, Policy=policy, **more)["RevisionId"])


def shown(account: Account, resource: str) -> Any:
    """The one whom the policy of a resource shows."""
    kept = account.root.dynamodb.get_resource_policy(ResourceArn=resource)["Policy"]
    return json.loads(kept)["Statement"][0]["Principal"]["AWS"]


def get(party: Party, arn: str) -> Any:
    return party.dynamodb.get_item(TableName=arn, Key=KEY).get("Item")


def test_another_account_takes_both_policies(home: Account, abroad: Account, table: str) -> None:
    arn = home.arn(table)
    may, may_not = abroad.user(allow(GET, arn)), abroad.user()
    for party in (abroad.root, may):
        denied(party.dynamodb.get_item, party, GET, arn, NOT_BY_RESOURCE, TableName=arn, Key=KEY)
    put(home, arn, to(f"arn:aws:iam::{ABROAD}:root", allow(GET, arn)))
    assert get(abroad.root, arn) == get(may, arn) == KEY
    denied(may_not.dynamodb.get_item, may_not, GET, arn, TableName=arn, Key=KEY)
    # By its name alone it is a table of the caller's own account.
    refused(abroad.root.dynamodb.get_item, "ResourceNotFoundException", TableName=table, Key=KEY)
    why = "because no resource-based policy allows the dynamodb:PutItem action"
    put_item = abroad.root.dynamodb.put_item
    denied(put_item, abroad.root, "dynamodb:PutItem", arn, why, TableName=arn, Item=KEY)
    home.root.dynamodb.delete_resource_policy(ResourceArn=arn)
    denied(may.dynamodb.get_item, may, GET, arn, NOT_BY_RESOURCE, TableName=arn, Key=KEY)


def test_somebody_of_another_account_by_name(home: Account, abroad: Account, table: str) -> None:
    arn = home.arn(table)
    named, other = abroad.user(allow(GET)), abroad.user(allow(GET))
    role = abroad.role(other.arn, allow(GET))
    put(home, arn, to([named.arn, role], allow(GET, arn)))
    assert get(named, arn) == get(other.assume(role), arn) == KEY
    denied(other.dynamodb.get_item, other, GET, arn, NOT_BY_RESOURCE, TableName=arn, Key=KEY)
    named.may()
    denied(named.dynamodb.get_item, named, GET, arn, TableName=arn, Key=KEY)


def test_within_the_account_one_policy_is_enough(home: Account, table: str) -> None:
    arn = home.arn(table)
    named, other = home.user(), home.user()
    put(home, arn, to(named.arn, allow(GET, arn)))
    assert get(named, arn) == get(named, table) == KEY
    denied(other.dynamodb.get_item, other, GET, arn, TableName=table, Key=KEY)
    # The account as a whole is only given what it gives on.
    put(home, arn, to(HOME, allow(GET, arn)))
    denied(named.dynamodb.get_item, named, GET, arn, TableName=table, Key=KEY)
    named.may(allow("dynamodb:PutItem"))
    named.dynamodb.put_item(TableName=table, Item=KEY)
    put(home, arn, to("*", allow(GET, arn, {"StringEquals": {"aws:PrincipalAccount": HOME}})))
    assert get(other, arn) == KEY


def test_what_limits_those_whom_a_policy_names(home: Account, table: str) -> None:
    """Boundaries and session policies limit a role that is named, not a user or a session that is."""
    arn = home.arn(table)
    boundary = home.policy(allow("dynamodb:PutItem"))
    user = home.user(PermissionsBoundary=boundary)
    role = home.role(user.arn, PermissionsBoundary=boundary)
    session = user.assume(role, "named")
    put(home, arn, to([user.arn, session.arn], allow(GET, arn)))
    assert get(user, arn) == get(session, arn) == KEY
    put(home, arn, to(role, allow(GET, arn)))
    why = "because no permissions boundary allows the dynamodb:GetItem action"
    denied(session.dynamodb.get_item, session, GET, arn, why, TableName=arn, Key=KEY)
    # An explicit deny limits all.
    home.root.iam.create_policy_version(PolicyArn=boundary, PolicyDocument=document(deny(GET)), SetAsDefault=True)
    put(home, arn, to(user.arn, allow(GET, arn)))
    why = explicitly("a permissions boundary")
    denied(user.dynamodb.get_item, user, GET, arn, why, TableName=arn, Key=KEY)


def test_what_a_policy_denies(home: Account, abroad: Account, table: str) -> None:
    arn = home.arn(table)
    user = home.user(allow("dynamodb:*"))
    put(home, arn, to(f"arn:aws:iam::{ABROAD}:root", allow(GET, arn)), to("*", deny("dynamodb:DeleteItem", arn)))
    why = explicitly("a resource-based policy")
    for party in (user, home.root):
        delete = party.dynamodb.delete_item
        denied(delete, party, "dynamodb:DeleteItem", arn, why, TableName=table, Key=KEY)
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    put(home, arn, to("*", deny(GET, arn, here)))
    denied(user.dynamodb.get_item, user, GET, arn, why, TableName=table, Key=KEY)
    user.dynamodb.put_item(TableName=table, Item=KEY)
    denied(abroad.root.dynamodb.get_item, abroad.root, GET, arn, why, TableName=arn, Key=KEY)


def test_rows_and_columns_for_another_account(home: Account, abroad: Account, table: str) -> None:
    arn = home.arn(table)
    home.root.dynamodb.put_item(TableName=table, Item={"pk": s("b"), "secret": s("x"), "open": s("y")})
    rows: dict[str, Any] = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["b"], "dynamodb:Attributes": ["pk", "open"]}
    }
    some: dict[str, Any] = {**rows, "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}
    put(home, arn, to(ABROAD, allow([GET, "dynamodb:Query"], arn, some)))
    client = abroad.root.dynamodb
    wanted = {"TableName": arn, "ProjectionExpression": "#o", "ExpressionAttributeNames": {"#o": "open"}}
    assert client.get_item(**wanted, Key={"pk": s("b")})["Item"] == {"open": s("y")}
    denied(client.get_item, abroad.root, GET, arn, NOT_BY_RESOURCE, **wanted, Key=KEY)
    denied(client.get_item, abroad.root, GET, arn, NOT_BY_RESOURCE, TableName=arn, Key={"pk": s("b")})
    secret = {**wanted, "ExpressionAttributeNames": {"#o": "secret"}}
    denied(client.get_item, abroad.root, GET, arn, NOT_BY_RESOURCE, **secret, Key={"pk": s("b")})


def test_statements_on_an_index(home: Account, abroad: Account) -> None:
    name = home.table(attributes=["g"], GlobalSecondaryIndexes=[index("by-g", [("g", "HASH")])])
    home.root.dynamodb.put_item(TableName=name, Item={**KEY, "g": s("x")})
    arn = home.arn(name)
    put(home, arn, to(ABROAD, allow("dynamodb:Query", f"{arn}/index/by-g")))
    values = {"ExpressionAttributeValues": {":x": s("x")}}
    query = abroad.root.dynamodb.query
    assert query(TableName=arn, IndexName="by-g", KeyConditionExpression="g = :x", **values)["Count"] == 1
    why = "because no resource-based policy allows the dynamodb:Query action"
    of_table = {"TableName": arn, "KeyConditionExpression": "pk = :x", **values}
    denied(query, abroad.root, "dynamodb:Query", arn, why, **of_table)


def test_a_stream_has_a_policy_of_its_own(home: Account, abroad: Account) -> None:
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    name = home.table(StreamSpecification=view)
    home.root.dynamodb.put_item(TableName=name, Item=KEY)
    stream = home.root.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    reads = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    put(home, home.arn(name), to(ABROAD, allow("dynamodb:*", home.arn(name, "*"))))
    why = "because no resource-based policy allows the dynamodb:DescribeStream action"
    describe = abroad.root.streams.describe_stream
    denied(describe, abroad.root, "dynamodb:DescribeStream", stream, why, StreamArn=stream)
    put(home, stream, to(ABROAD, allow(reads, stream)))
    [shard] = describe(StreamArn=stream)["StreamDescription"]["Shards"]
    place = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = abroad.root.streams.get_shard_iterator(**place)["ShardIterator"]
    [record] = abroad.root.streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["NewImage"] == KEY
    home.root.dynamodb.delete_resource_policy(ResourceArn=stream)
    refused(abroad.root.streams.get_records, "AccessDeniedException", ShardIterator=iterator)
    assert get(abroad.root, home.arn(name)) == KEY, "the table's policy stays"


def test_several_tables_of_several_accounts(home: Account, abroad: Account, table: str) -> None:
    own, arn = abroad.table(), home.arn(table)
    abroad.root.dynamodb.put_item(TableName=own, Item=KEY)
    client = abroad.root.dynamodb
    both: dict[str, Any] = {"RequestItems": {arn: {"Keys": [KEY]}, abroad.arn(own): {"Keys": [KEY]}}}
    gets: dict[str, Any] = {"TransactItems": [{"Get": {"TableName": name, "Key": KEY}} for name in (arn, own)]}
    refused(client.batch_get_item, "AccessDeniedException", **both)
    refused(client.transact_get_items, "AccessDeniedException", **gets)
    put(home, arn, to(ABROAD, allow([GET, "dynamodb:BatchGetItem", "dynamodb:PutItem"], arn)))
    found = client.batch_get_item(**both)["Responses"]
    assert sorted(found) == sorted(both["RequestItems"])
    assert client.transact_get_items(**gets)["Responses"] == [{"Item": KEY}, {"Item": KEY}]
    item = {"pk": s("b")}
    client.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": item}} for name in (arn, own)])
    assert home.root.dynamodb.get_item(TableName=table, Key=item)["Item"] == item


def test_what_other_accounts_cannot_do_whatever_a_policy_says(home: Account, abroad: Account, table: str) -> None:
    """Statements and settings are for the owner's account, as on DynamoDB."""
    arn, client = home.arn(table), abroad.root.dynamodb
    put(home, arn, to(ABROAD, allow("dynamodb:*", [arn, f"{arn}/*"])))
    setting = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "x"}}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (client.execute_statement, {"Statement": f'SELECT * FROM "{arn}"'}),
        (client.execute_statement, {"Statement": f"DELETE FROM \"{arn}\" WHERE pk = 'a'"}),
        (client.update_time_to_live, {"TableName": arn, **setting}),
        (client.describe_continuous_backups, {"TableName": arn}),
        (abroad.root.streams.list_streams, {"TableName": arn}),
    ]
    for call, parameters in calls:
        with pytest.raises(ClientError):
            call(**parameters)
    assert get(home.root, arn) == KEY
    found = home.root.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert found["TimeToLiveStatus"] == "DISABLED"


def test_a_policy_is_kept(home: Account, table: str) -> None:
    arn, client = home.arn(table), home.root.dynamodb
    refused(client.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
    text = document(to(HOME, allow([GET], arn))).replace(" ", "  ")
    first = client.put_resource_policy(ResourceArn=arn, Policy=text)["RevisionId"]
    kept = client.get_resource_policy(ResourceArn=arn)
    # Accounts are answered as their root users, and what is one need not be a list.
    answered = document(to(f"arn:aws:iam::{HOME}:root", allow(GET, arn)))
    assert (json.loads(kept["Policy"]), kept["RevisionId"]) == (json.loads(answered), first)
    assert client.put_resource_policy(ResourceArn=arn, Policy=answered)["RevisionId"] == first, "nothing changed"
    assert client.put_resource_policy(ResourceArn=arn, Policy=text)["RevisionId"] == first, "nothing changed"
    second = put(home, arn, to(HOME, allow("dynamodb:*", arn)), ExpectedRevisionId=first)
    assert second != first
    for expected in (first, "NO_POLICY"):
        refused(
            client.put_resource_policy,
            "PolicyNotFoundException",
            ResourceArn=arn,
            Policy=text,
            ExpectedRevisionId=expected,
        )
    refused(client.delete_resource_policy, "PolicyNotFoundException", ResourceArn=arn, ExpectedRevisionId=first)
    client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)
    refused(client.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
    client.delete_resource_policy(ResourceArn=arn)
    put(home, arn, to(HOME, allow(GET, arn)), ExpectedRevisionId="NO_POLICY")


# What is no policy of a table, with the ARN of the table in the place of TABLE.
WRONG: dict[str, str] = {
    "no JSON": "no JSON",
    "no statement": "{}",
    "no principal": document(allow(GET, "TABLE")),
    "an operator that there is not": document(to(HOME, allow(GET, "TABLE", {"NoSuch": {"aws:SourceIp": "1"}}))),
    "everybody": document(to("*", allow(GET, "TABLE"))),
    "everybody from somewhere": document(to("*", allow(GET, "TABLE", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))),
    "too long": document(to(HOME, allow(GET, "TABLE"))) + " " * 20_480,
    "a user that there is not": document(to(f"arn:aws:iam::{HOME}:user/nobody", allow(GET, "TABLE"))),
    "a role that there is not": document(to([HOME, f"arn:aws:iam::{HOME}:role/nobody"], allow(GET, "TABLE"))),
    "an account that there is not": document(to("999999999999", allow(GET, "TABLE"))),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_policy_of_a_table(home: Account, table: str, name: str) -> None:
    arn, client = home.arn(table), home.root.dynamodb
    text = WRONG[name].replace("TABLE", arn)
    refused(client.put_resource_policy, "ValidationException", ResourceArn=arn, Policy=text)
    refused(client.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)


def test_a_policy_about_another_table_is_about_none(home: Account, abroad: Account, table: str) -> None:
    """DynamoDB takes it, and it has no effect ("DynamoDB resource-based policy examples")."""
    arn, other = home.arn(table), home.table()
    home.root.dynamodb.put_item(TableName=other, Item=KEY)
    put(home, arn, to(ABROAD, allow(GET, home.arn(other))))
    assert home.arn(other) in home.root.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    for each in (arn, home.arn(other)):
        denied(abroad.root.dynamodb.get_item, abroad.root, GET, each, NOT_BY_RESOURCE, TableName=each, Key=KEY)


def test_the_policy_of_a_table_that_is_not_there(home: Account) -> None:
    gone, client = home.arn(unique_name()), home.root.dynamodb
    text = document(to(HOME, allow(GET, gone)))
    refused(client.put_resource_policy, "ResourceNotFoundException", ResourceArn=gone, Policy=text)
    refused(client.get_resource_policy, "ResourceNotFoundException", ResourceArn=gone)


def test_who_manages_policies(home: Account, abroad: Account, table: str) -> None:
    arn = home.arn(table)
    user = home.user(allow("dynamodb:GetResourcePolicy", arn))
    text = document(to(user.arn, allow("dynamodb:*", arn)))
    change = {"ResourceArn": arn, "Policy": text}
    denied(user.dynamodb.put_resource_policy, user, "dynamodb:PutResourcePolicy", arn, **change)
    refused(user.dynamodb.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
    put(home, arn, to(user.arn, allow("dynamodb:PutResourcePolicy", arn)), to(ABROAD, allow("dynamodb:Get*", arn)))
    user.dynamodb.put_resource_policy(**change)
    user.dynamodb.delete_resource_policy(ResourceArn=arn)
    denied(user.dynamodb.delete_resource_policy, user, "dynamodb:DeleteResourcePolicy", arn, ResourceArn=arn)
    # Policies are for the owner's account to manage, whatever they say.
    put(home, arn, to(ABROAD, allow("dynamodb:*", arn)))
    for operation, more in (("get", {}), ("delete", {}), ("put", {"Policy": text})):
        call = getattr(abroad.root.dynamodb, f"{operation}_resource_policy")
        refused(call, "ValidationException", ResourceArn=arn, **more)
    assert home.root.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]


def test_a_table_that_comes_with_a_policy(home: Account, abroad: Account) -> None:
    name = unique_name()
    arn = home.arn(name)
    definition: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "ResourcePolicy": document(to(ABROAD, allow(GET, arn))),
    }
    user = home.user(allow("dynamodb:CreateTable"))
    denied(user.dynamodb.create_table, user, "dynamodb:PutResourcePolicy", arn, **definition)
    refused(home.root.dynamodb.describe_table, "ResourceNotFoundException", TableName=name)
    user.may(allow(["dynamodb:CreateTable", "dynamodb:PutResourcePolicy"]))
    user.dynamodb.create_table(**definition)
    waiter = home.root.dynamodb.get_waiter("table_exists")
    waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert get(abroad.root, arn) is None
    # The policy goes with the table.
    home.root.dynamodb.delete_table(TableName=name)
    home.root.dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    home.table(name=name)
    denied(abroad.root.dynamodb.get_item, abroad.root, GET, arn, NOT_BY_RESOURCE, TableName=arn, Key=KEY)


def test_a_user_who_is_made_anew_is_another(home: Account, table: str) -> None:
    """A policy means the user that there was when it was written, as a trust policy does."""
    user, arn = home.user(), home.arn(table)
    put(home, arn, to(user.arn, allow(GET, arn)))
    assert get(user, arn) == KEY
    assert shown(home, arn) == user.arn
    old_id = home.root.iam.get_user(UserName=user.name)["User"]["UserId"]
    home.root.iam.delete_access_key(UserName=user.name, AccessKeyId=user.credentials.key)
    home.root.iam.delete_user(UserName=user.name)
    assert shown(home, arn) == old_id
    again = home.user(name=user.name)
    denied(again.dynamodb.get_item, again, GET, arn, TableName=table, Key=KEY)
    assert shown(home, arn) == old_id
    # The same text is another policy now.
    put(home, arn, to(again.arn, allow(GET, arn)))
    assert get(again, arn) == KEY
    home.root.iam.update_user(UserName=again.name, NewUserName=f"{again.name}-2")
    assert get(again, arn) == KEY
    assert shown(home, arn) == f"{again.arn}-2"


def test_a_role_that_is_made_anew_is_another(home: Account) -> None:
    """Also where a policy came with its table, and where it names a session of the role."""
    user, iam = home.user(), home.root.iam
    roles = [home.role(user.arn), home.role(user.arn)]
    names = [role.rsplit("/", 1)[1] for role in roles]
    table = unique_name()
    who = [roles[0], f"arn:aws:sts::{HOME}:assumed-role/{names[1]}/s-1"]
    home.table(name=table, ResourcePolicy=document(to(who, allow(GET, home.arn(table)))))
    for role in roles:
        assert get(user.assume(role), table) is None
    trust = document({"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"})
    for name, role in zip(names, roles, strict=True):
        iam.delete_role(RoleName=name)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        again = user.assume(role)
        denied(again.dynamodb.get_item, again, GET, home.arn(table), TableName=table, Key=KEY)


def test_policies_survive_a_restart(start: Start, tmp_path: Path) -> None:
    flags = ["--authentication", "--account", HOME, "--account", ABROAD]
    flags += ["--master-key", f"file:{tmp_path / 'master.key'}", "--make-master-key"]
    server = start(*flags)
    home, abroad = (Account(server.endpoint, number, root) for number, root in sorted(server.roots().items()))
    name = home.table()
    home.root.dynamodb.put_item(TableName=name, Item=KEY)
    revision = put(home, home.arn(name), to(ABROAD, allow(GET, home.arn(name))))
    assert get(abroad.root, home.arn(name)) == KEY
    server.kill()
    again = start(*flags)
    there = Party(again.endpoint, abroad.root.credentials, abroad.root.arn)
    assert get(there, home.arn(name)) == KEY
    root = Party(again.endpoint, home.root.credentials, home.root.arn)
    assert root.dynamodb.get_resource_policy(ResourceArn=home.arn(name))["RevisionId"] == revision


def test_the_operations_of_policies_through_the_simulation(home: Account, table: str) -> None:
    user, arn = home.user(), home.arn(table)
    policy = document(to(user.arn, allow(GET, arn)))
    asked = {"PolicySourceArn": user.arn, "ActionNames": [GET], "ResourceArns": [arn]}
    simulate = home.root.iam.simulate_principal_policy
    decisions = [
        simulate(**asked, **more)["EvaluationResults"][0]["EvalDecision"] for more in ({}, {"ResourcePolicy": policy})
    ]
    assert decisions == ["implicitDeny", "allowed"]
