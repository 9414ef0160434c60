"""Who may do what: root users, users and their groups, managed policies, access keys; and that changes hold at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from blackbox.accounts import ABROAD, HOME, Account, Party, allow, denied, deny, document, explicitly
from blackbox.clients import unique_name
from blackbox.expect import refused, s
from harness.credentials import Credentials
from harness.signing import Request, host_of, sign
from harness.wire import Connection

pytestmark = pytest.mark.own_server

UNKNOWN = "The security token included in the request is invalid."
KEY = {"pk": s("a")}


@pytest.fixture(scope="module")
def table(home: Account) -> str:
    """A table with one item, for all tests of this file."""
    name = home.table()
    home.root.dynamodb.put_item(TableName=name, Item={**KEY, "v": s("1")})
    return name


def test_the_root_user_may_do_everything(home: Account, abroad: Account) -> None:
    for account, number in ((home, HOME), (abroad, ABROAD)):
        told = account.root.sts.get_caller_identity()
        assert (told["Account"], told["Arn"], told["UserId"]) == (number, f"arn:aws:iam::{number}:root", number)
        name = account.table()
        account.root.dynamodb.put_item(TableName=name, Item=KEY)
        assert account.root.dynamodb.get_item(TableName=name, Key=KEY)["Item"] == KEY
        assert account.root.dynamodb.execute_statement(Statement=f'SELECT * FROM "{name}"')["Items"] == [KEY]
        account.root.dynamodb.delete_table(TableName=name)
        assert account.root.iam.list_users()["Users"] is not None


def test_a_new_user_may_do_nothing(home: Account, table: str) -> None:
    user = home.user()
    assert user.sts.get_caller_identity()["Arn"] == user.arn
    arn = home.arn(table)
    denied(user.dynamodb.get_item, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
    denied(user.dynamodb.put_item, user, "dynamodb:PutItem", arn, TableName=table, Item=KEY)
    denied(user.dynamodb.describe_table, user, "dynamodb:DescribeTable", arn, TableName=table)
    denied(user.dynamodb.list_tables, user, "dynamodb:ListTables", "*")
    denied(user.streams.list_streams, user, "dynamodb:ListStreams", home.arn("*", "/stream/*"))
    denied(user.iam.list_users, user, "iam:ListUsers", f"arn:aws:iam::{HOME}:user/")
    denied(user.iam.get_user, user, "iam:GetUser", f"user {user.name}")
    denied(user.iam.create_user, user, "iam:CreateUser", f"arn:aws:iam::{HOME}:user/x", UserName="x")


def give_inline(account: Account, user: Any, statement: dict[str, Any]) -> None:
    user.may(statement)


def give_managed(account: Account, user: Any, statement: dict[str, Any]) -> None:
    account.root.iam.attach_user_policy(UserName=user.name, PolicyArn=account.policy(statement))


def group_of(account: Account, user: Any) -> str:
    group = f"g-{unique_name()}"
    account.root.iam.create_group(GroupName=group)
    account.root.iam.add_user_to_group(GroupName=group, UserName=user.name)
    return group


def give_to_group(account: Account, user: Any, statement: dict[str, Any]) -> None:
    group = group_of(account, user)
    account.root.iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(statement))


def give_managed_to_group(account: Account, user: Any, statement: dict[str, Any]) -> None:
    group = group_of(account, user)
    account.root.iam.attach_group_policy(GroupName=group, PolicyArn=account.policy(statement))


@pytest.mark.parametrize("give", [give_inline, give_managed, give_to_group, give_managed_to_group])
def test_a_user_may_do_what_a_policy_allows(home: Account, table: str, give: Any) -> None:
    user, other = home.user(), home.table()
    give(home, user, allow(["dynamodb:GetItem", "dynamodb:Query"], home.arn(table)))
    read = user.dynamodb.get_item
    assert read(TableName=table, Key=KEY)["Item"]["v"] == s("1")
    assert read(TableName=home.arn(table), Key=KEY)["Item"]["v"] == s("1")
    denied(read, user, "dynamodb:GetItem", home.arn(other), TableName=other, Key=KEY)
    denied(user.dynamodb.put_item, user, "dynamodb:PutItem", home.arn(table), TableName=table, Item=KEY)
    denied(user.dynamodb.scan, user, "dynamodb:Scan", home.arn(table), TableName=table)


@pytest.mark.parametrize(
    ("name", "reads", "writes", "manages"),
    [
        ("AdministratorAccess", True, True, True),
        ("PowerUserAccess", True, True, False),
        ("AmazonDynamoDBFullAccess", True, True, False),
        ("AmazonDynamoDBFullAccess_v2", True, True, False),
        ("AmazonDynamoDBReadOnlyAccess", True, False, False),
        ("IAMFullAccess", False, False, True),
        ("IAMReadOnlyAccess", False, False, False),
    ],
)
def test_policies_that_aws_has_for_everyone(
    home: Account, table: str, name: str, reads: bool, writes: bool, manages: bool
) -> None:
    user = home.user()
    home.root.iam.attach_user_policy(UserName=user.name, PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    new = f"u-{unique_name()}"
    calls: list[tuple[bool, Callable[[], Any], str]] = [
        (reads, lambda: user.dynamodb.get_item(TableName=table, Key=KEY), "AccessDeniedException"),
        (writes, lambda: user.dynamodb.put_item(TableName=table, Item={"pk": s("b")}), "AccessDeniedException"),
        (manages, lambda: user.iam.create_user(UserName=new), "AccessDenied"),
    ]
    for allowed, call, code in calls:
        if allowed:
            call()
        else:
            refused(call, code)


def test_changes_hold_for_the_next_request(home: Account, table: str) -> None:
    user, arn = home.user(), home.arn(table)
    iam, read = home.root.iam, user.dynamodb.get_item
    may_read = allow("dynamodb:GetItem", arn)
    for _ in range(3):
        denied(read, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
        user.may(may_read)
        read(TableName=table, Key=KEY)
        user.may(may_read, deny("dynamodb:*", arn))
        denied(read, user, "dynamodb:GetItem", arn, explicitly(), TableName=table, Key=KEY)
        user.may()
    group = group_of(home, user)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(may_read))
    read(TableName=table, Key=KEY)
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    denied(read, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
    managed = home.policy(allow("dynamodb:PutItem", arn))
    iam.attach_user_policy(UserName=user.name, PolicyArn=managed)
    denied(read, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
    more = {"PolicyArn": managed, "PolicyDocument": document(may_read), "SetAsDefault": True}
    second = iam.create_policy_version(**more)["PolicyVersion"]["VersionId"]
    read(TableName=table, Key=KEY)
    iam.set_default_policy_version(PolicyArn=managed, VersionId="v1")
    denied(read, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
    iam.set_default_policy_version(PolicyArn=managed, VersionId=second)
    read(TableName=table, Key=KEY)
    iam.detach_user_policy(UserName=user.name, PolicyArn=managed)
    denied(read, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)


def test_a_key_that_is_inactive_or_gone(home: Account, table: str) -> None:
    user, iam = home.user(allow("dynamodb:GetItem")), home.root.iam
    second = Credentials.answered(iam.create_access_key(UserName=user.name)["AccessKey"])
    other = Party(home.endpoint, second, user.arn)
    for party in (user, other):
        party.dynamodb.get_item(TableName=table, Key=KEY)
    named = {"UserName": user.name, "AccessKeyId": user.credentials.key}
    for _ in range(2):
        iam.update_access_key(**named, Status="Inactive")
        refused(user.dynamodb.get_item, "UnrecognizedClientException", UNKNOWN, TableName=table, Key=KEY)
        refused(user.sts.get_caller_identity, "InvalidClientTokenId")
        other.dynamodb.get_item(TableName=table, Key=KEY)
        iam.update_access_key(**named, Status="Active")
        user.dynamodb.get_item(TableName=table, Key=KEY)
    iam.delete_access_key(**named)
    refused(user.dynamodb.get_item, "UnrecognizedClientException", UNKNOWN, TableName=table, Key=KEY)
    other.dynamodb.get_item(TableName=table, Key=KEY)
    last = iam.get_access_key_last_used(AccessKeyId=second.key)
    assert (last["UserName"], last["AccessKeyLastUsed"]["ServiceName"]) == (user.name, "dynamodb")


def test_the_keys_of_a_user_who_is_deleted(home: Account, table: str) -> None:
    statement = allow("dynamodb:GetItem")
    user, iam = home.user(statement), home.root.iam
    user.dynamodb.get_item(TableName=table, Key=KEY)
    user.may()
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.credentials.key)
    iam.delete_user(UserName=user.name)
    refused(user.dynamodb.get_item, "UnrecognizedClientException", UNKNOWN, TableName=table, Key=KEY)
    again = home.user(statement, name=user.name)
    again.dynamodb.get_item(TableName=table, Key=KEY)
    refused(user.dynamodb.get_item, "UnrecognizedClientException", UNKNOWN, TableName=table, Key=KEY)


def test_users_manage_others_where_policies_say_so(home: Account) -> None:
    below = f"arn:aws:iam::{HOME}:user/team/*"
    chief = home.user(
        allow(["iam:CreateUser", "iam:CreateAccessKey", "iam:PutUserPolicy", "iam:DeleteUserPolicy"], below),
        allow("iam:*AccessKey*", f"arn:aws:iam::{HOME}:user/${{aws:username}}"),
    )
    name = f"u-{unique_name()}"
    arn = chief.iam.create_user(UserName=name, Path="/team/")["User"]["Arn"]
    key = chief.iam.create_access_key(UserName=name)["AccessKey"]
    member = Party(home.endpoint, Credentials.answered(key), arn)
    assert member.sts.get_caller_identity()["Arn"] == arn == f"arn:aws:iam::{HOME}:user/team/{name}"
    chief.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("dynamodb:ListTables")))
    member.dynamodb.list_tables()
    outside = f"arn:aws:iam::{HOME}:user/{name}-2"
    denied(chief.iam.create_user, chief, "iam:CreateUser", outside, UserName=f"{name}-2")
    denied(chief.iam.delete_user, chief, "iam:DeleteUser", f"user {name}", UserName=name)
    assert [key["AccessKeyId"] for key in chief.iam.list_access_keys()["AccessKeyMetadata"]] == [chief.credentials.key]
    stranger = home.user()
    denied(chief.iam.list_access_keys, chief, "iam:ListAccessKeys", f"user {stranger.name}", UserName=stranger.name)


def test_what_asks_for_more_than_one_action(home: Account) -> None:
    """A table that comes with tags takes two permissions, a batch one for each of its tables, a statement its own."""
    one, two = home.table(), home.table()
    made = f"t-{unique_name()}"
    user = home.user(
        allow(["dynamodb:CreateTable", "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect"]),
        allow(
            ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:GetItem"], home.arn(one)
        ),
    )
    client = user.dynamodb
    definition: dict[str, Any] = {
        "TableName": made,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    tagged = {**definition, "Tags": [{"Key": "team", "Value": "a"}]}
    denied(client.create_table, user, "dynamodb:TagResource", home.arn(made), **tagged)
    client.create_table(**definition)
    both = {one: {"Keys": [KEY]}, two: {"Keys": [KEY]}}
    denied(client.batch_get_item, user, "dynamodb:BatchGetItem", home.arn(two), RequestItems=both)
    client.batch_get_item(RequestItems={one: {"Keys": [KEY]}})
    put = {"PutRequest": {"Item": KEY}}
    writes = {one: [put], two: [put]}
    denied(client.batch_write_item, user, "dynamodb:BatchWriteItem", home.arn(two), RequestItems=writes)
    actions = [{"Put": {"TableName": name, "Item": KEY}} for name in (one, two)]
    denied(client.transact_write_items, user, "dynamodb:PutItem", home.arn(two), TransactItems=actions)
    gets = [{"Get": {"TableName": name, "Key": KEY}} for name in (one, two)]
    denied(client.transact_get_items, user, "dynamodb:GetItem", home.arn(two), TransactItems=gets)
    check = {"ConditionCheck": {"TableName": one, "Key": KEY, "ConditionExpression": "attribute_not_exists(pk)"}}
    denied(
        client.transact_write_items,
        user,
        "dynamodb:ConditionCheckItem",
        home.arn(one),
        TransactItems=[{"Put": {"TableName": one, "Item": {"pk": s("b")}}}, check],
    )
    statements = [f"INSERT INTO \"{one}\" VALUE {{'pk': 'c'}}", f"DELETE FROM \"{one}\" WHERE pk = 'a'"]
    denied(
        client.execute_transaction,
        user,
        "dynamodb:PartiQLDelete",
        home.arn(one),
        TransactStatements=[{"Statement": statement} for statement in statements],
    )
    batch = [{"Statement": statement} for statement in statements]
    delete = client.batch_execute_statement
    denied(delete, user, "dynamodb:PartiQLDelete", home.arn(one), Statements=batch)
    for name in (one, two):
        assert home.root.dynamodb.scan(TableName=name)["Items"] == [], "nothing of what was refused was done"


def test_names_in_the_resources_of_a_policy(home: Account) -> None:
    """One policy for all: each has the tables that begin with their name, and those of their team."""
    group = f"g-{unique_name()}"
    home.root.iam.create_group(GroupName=group)
    own = [home.arn("${aws:username}.*"), home.arn("${aws:PrincipalTag/team, 'nobody'}.*")]
    home.root.iam.put_group_policy(
        GroupName=group, PolicyName="p", PolicyDocument=document(allow("dynamodb:Describe*", own))
    )
    team = unique_name()
    ann, bob = home.user(Tags=[{"Key": "team", "Value": team}]), home.user()
    for user in (ann, bob):
        home.root.iam.add_user_to_group(GroupName=group, UserName=user.name)
    ours, theirs = home.table(name=f"{team}.orders"), home.table(name=f"{bob.name}.orders")
    ann.dynamodb.describe_table(TableName=ours)
    bob.dynamodb.describe_table(TableName=theirs)
    for user, table in ((ann, theirs), (bob, ours)):
        describe = user.dynamodb.describe_table
        denied(describe, user, "dynamodb:DescribeTable", home.arn(table), TableName=table)


def test_several_who_share_a_connection(home: Account, table: str) -> None:
    """A connection belongs to nobody: each request is its sender's alone, as through a pool of connections of a proxy."""
    people = [(home.user(allow("dynamodb:GetItem")), 200), (home.user(), 400), (home.root, 200)]
    headers = {
        "host": host_of(home.endpoint),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
    }
    body = json.dumps({"TableName": table, "Key": KEY}).encode()
    connection = Connection(home.endpoint)
    for party, status in people * 3:
        connection.send(sign(Request(headers, body), party.credentials).encode())
        assert connection.receive().status == status
        connection.send(Request(headers, body).encode())
        assert connection.receive().error_type() == "MissingAuthenticationTokenException"
    connection.close()


def test_an_index_is_a_resource_of_its_own(home: Account) -> None:
    index = {
        "IndexName": "by-g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    name = home.table(attributes=["g"], GlobalSecondaryIndexes=[index])
    home.root.dynamodb.put_item(TableName=name, Item={**KEY, "g": s("x")})
    query: dict[str, Any] = {"TableName": name, "ExpressionAttributeValues": {":x": s("x")}}
    of_table = {**query, "KeyConditionExpression": "pk = :x"}
    of_index = {**query, "KeyConditionExpression": "g = :x", "IndexName": "by-g"}
    select = f'SELECT * FROM "{name}"."by-g" WHERE g = \'x\''
    reads = ["dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect"]
    on_table, on_index = home.user(allow(reads, home.arn(name))), home.user(allow(reads, home.arn(name, "/index/by-g")))
    assert on_index.dynamodb.query(**of_index)["Count"] == 1
    assert on_index.dynamodb.scan(TableName=name, IndexName="by-g")["Count"] == 1
    assert len(on_index.dynamodb.execute_statement(Statement=select)["Items"]) == 1
    denied(on_index.dynamodb.query, on_index, "dynamodb:Query", home.arn(name), **of_table)
    on_table.dynamodb.query(**of_table)
    index_arn = home.arn(name, "/index/by-g")
    denied(on_table.dynamodb.query, on_table, "dynamodb:Query", index_arn, **of_index)
    denied(on_table.dynamodb.scan, on_table, "dynamodb:Scan", index_arn, TableName=name, IndexName="by-g")
    denied(on_table.dynamodb.execute_statement, on_table, "dynamodb:PartiQLSelect", index_arn, Statement=select)


def test_a_stream_is_a_resource_of_its_own(home: Account) -> None:
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    name = home.table(StreamSpecification=view)
    arn = home.root.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    home.root.dynamodb.put_item(TableName=name, Item=KEY)
    on_table = home.user(allow("dynamodb:*", home.arn(name)))
    on_stream = home.user(allow("dynamodb:*", home.arn(name, "/stream/*")))
    denied(on_table.streams.describe_stream, on_table, "dynamodb:DescribeStream", arn, StreamArn=arn)
    denied(on_stream.dynamodb.scan, on_stream, "dynamodb:Scan", home.arn(name), TableName=name)
    [shard] = on_stream.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    denied(on_table.streams.get_shard_iterator, on_table, "dynamodb:GetShardIterator", arn, **place)
    iterator = on_stream.streams.get_shard_iterator(**place)["ShardIterator"]
    [record] = on_stream.streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["NewImage"] == KEY
    # An iterator is no permission: whoever is handed one needs their own.
    denied(on_table.streams.get_records, on_table, "dynamodb:GetRecords", arn, ShardIterator=iterator)


def test_accounts_have_nothing_in_common(home: Account, abroad: Account) -> None:
    name = home.table()
    abroad.table(name=name)
    home.root.dynamodb.put_item(TableName=name, Item={**KEY, "of": s("home")})
    assert "Item" not in abroad.root.dynamodb.get_item(TableName=name, Key=KEY)
    user = home.user(allow("*"), name=f"u-{name}")
    abroad.user(allow("*"), name=f"u-{name}")
    assert user.dynamodb.get_item(TableName=name, Key=KEY)["Item"]["of"] == s("home")
    why = "because no resource-based policy allows the dynamodb:GetItem action"
    for stranger in (abroad.root, abroad.user(allow("*"))):
        read = stranger.dynamodb.get_item
        for table in (name, unique_name()):
            arn = home.arn(table)
            denied(read, stranger, "dynamodb:GetItem", arn, why, TableName=arn, Key=KEY)
    refused(abroad.root.iam.get_user, "NoSuchEntity", UserName=home.user().name)
    told = abroad.root.sts.get_access_key_info(AccessKeyId=user.credentials.key)
    assert told["Account"] == HOME, "key ids name their account, as AWS's do"


def test_the_words_of_a_policy_that_is_none(home: Account) -> None:
    user, put = home.user(), home.root.iam.put_user_policy
    for text in ("{}", "no JSON", document({"Effect": "Perhaps", "Action": "*", "Resource": "*"})):
        refused(put, "MalformedPolicyDocument", UserName=user.name, PolicyName="p", PolicyDocument=text)
    denied(user.dynamodb.list_tables, user, "dynamodb:ListTables", "*")
