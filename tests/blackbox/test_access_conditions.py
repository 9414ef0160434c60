"""What a request brings along and policies ask for: tags, where and when it comes from, the endpoint, the boundary of a user."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blackbox.accounts import HOME, Account, Party, User, allow, denied, deny, document, explicitly, reads
from blackbox.clients import new_client, unique_name
from blackbox.conftest import Start
from blackbox.expect import index, refused, s
from harness import servers
from harness.certificates import Authority
from harness.credentials import Credentials
from harness.signing import Request, host_of, sign
from harness.wire import Connection

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]

KEY = {"pk": s("a")}
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def moment(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def table(home: Account) -> str:
    """A table with one item, for all tests of this file."""
    name = home.table()
    home.root.dynamodb.put_item(TableName=name, Item=KEY)
    return name


CONDITIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "from this machine": ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
    "from exactly here": ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.1"]}}, True),
    "from elsewhere": ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    "from another protocol": ({"IpAddress": {"aws:SourceIp": "::1/128"}}, False),
    "not from elsewhere": ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
    "after yesterday": ({"DateGreaterThan": {"aws:CurrentTime": moment(NOW - DAY)}}, True),
    "until tomorrow": ({"DateLessThan": {"aws:CurrentTime": moment(NOW + DAY)}}, True),
    "until yesterday": ({"DateLessThan": {"aws:CurrentTime": moment(NOW - DAY)}}, False),
    "after a number of seconds": ({"NumericGreaterThan": {"aws:EpochTime": str(int(NOW.timestamp()) - 60)}}, True),
    "with boto3": ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, True),
    "with curl": ({"StringLike": {"aws:UserAgent": "curl/*"}}, False),
    "without protection": ({"Bool": {"aws:SecureTransport": "false"}}, True),
    "protected": ({"Bool": {"aws:SecureTransport": "true"}}, False),
    "in this Region": ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
    "in another Region": ({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-west-2"]}}, False),
    "of this account": ({"StringEquals": {"aws:PrincipalAccount": HOME, "aws:ResourceAccount": HOME}}, True),
    "of users": ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:user/*"}}, True),
    "of roles": ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/*"}}, False),
    "a kind of principal": ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
    "by name": ({"StringLike": {"aws:username": "u-*"}}, True),
    "with a second factor": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
    "with one if that is told": ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, True),
    "with a session": ({"Null": {"aws:TokenIssueTime": "false"}}, False),
    "without a session": ({"Null": {"aws:TokenIssueTime": "true"}}, True),
    "through an endpoint": ({"Null": {"aws:SourceVpce": "false"}}, False),
    "of an organization": ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    "tagged": ({"StringEquals": {"aws:PrincipalTag/team": "a"}}, True),
    "tagged, in other letters": ({"StringEquals": {"aws:principaltag/TEAM": "a"}}, True),
    "tagged otherwise": ({"StringEquals": {"aws:PrincipalTag/team": "A"}}, False),
    "both of two": (
        {"IpAddress": {"aws:SourceIp": "127.0.0.1"}, "StringEquals": {"aws:PrincipalTag/team": "b"}},
        False,
    ),
    "one that there is not": ({"StringEquals": {"aws:NoSuchKey": "a"}}, False),
    "not one that there is not": ({"StringNotEquals": {"aws:NoSuchKey": "a"}}, True),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_facts_of_a_request(name: str, home: Account, table: str) -> None:
    when, holds = CONDITIONS[name]
    user = home.user(allow("dynamodb:GetItem", when=when), Tags=[{"Key": "team", "Value": "a"}])
    refuser = home.user(allow("dynamodb:GetItem"), deny("dynamodb:*", when=when), Tags=[{"Key": "team", "Value": "a"}])
    allowed, other = (user, refuser) if holds else (refuser, user)
    allowed.dynamodb.get_item(TableName=table, Key=KEY)
    why = explicitly() if holds else None
    denied(other.dynamodb.get_item, other, "dynamodb:GetItem", home.arn(table), why, TableName=table, Key=KEY)


def test_what_a_proxy_says_is_not_believed(home: Account, table: str) -> None:
    elsewhere = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    user = home.user(allow("dynamodb:GetItem", when=elsewhere))
    headers = {
        "host": host_of(home.endpoint),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
        "x-forwarded-for": "10.0.0.1",
        "forwarded": "for=10.0.0.1;proto=https",
        "x-real-ip": "10.0.0.1",
        "x-forwarded-proto": "https",
    }
    body = json.dumps({"TableName": table, "Key": KEY}).encode()
    connection = Connection(home.endpoint)
    connection.send(sign(Request(headers, body), user.credentials).encode())
    assert connection.receive().error_type() == "AccessDeniedException"
    connection.close()


def tagged(team: str) -> list[dict[str, str]]:
    return [{"Key": "team", "Value": team}]


def test_tags_of_tables(home: Account) -> None:
    """Attribute-based access: the tag of the table must be that of the user."""
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    more: dict[str, Any] = {
        "attributes": ["g"],
        "GlobalSecondaryIndexes": [index("by-g", [("g", "HASH")])],
        "StreamSpecification": view,
    }
    tables = {team: home.table(Tags=tagged(team), **more) for team in ("a", "b")}
    bare = home.table()
    streams = {
        team: home.root.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        for team, name in tables.items()
    }
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    user = home.user(allow("dynamodb:*", when=same), Tags=tagged("a"))
    query: dict[str, Any] = {
        "IndexName": "by-g",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": s("x")},
    }
    client = user.dynamodb
    client.put_item(TableName=tables["a"], Item=KEY)
    client.query(TableName=tables["a"], **query)
    user.streams.describe_stream(StreamArn=streams["a"])
    arn = home.arn(tables["b"])
    denied(client.put_item, user, "dynamodb:PutItem", arn, TableName=tables["b"], Item=KEY)
    denied(client.query, user, "dynamodb:Query", f"{arn}/index/by-g", TableName=tables["b"], **query)
    denied(user.streams.describe_stream, user, "dynamodb:DescribeStream", streams["b"], StreamArn=streams["b"])
    denied(client.put_item, user, "dynamodb:PutItem", home.arn(bare), TableName=bare, Item=KEY)
    # Tags that change are obeyed at once.
    for name in (tables["b"], bare):
        home.root.dynamodb.tag_resource(ResourceArn=home.arn(name), Tags=tagged("a"))
        client.put_item(TableName=name, Item=KEY)
    home.root.dynamodb.untag_resource(ResourceArn=home.arn(bare), TagKeys=["team"])
    denied(client.put_item, user, "dynamodb:PutItem", home.arn(bare), TableName=bare, Item=KEY)
    home.root.iam.tag_user(UserName=user.name, Tags=tagged("c"))
    denied(client.put_item, user, "dynamodb:PutItem", home.arn(tables["a"]), TableName=tables["a"], Item=KEY)


def test_tags_that_a_request_sets(home: Account) -> None:
    team_a: dict[str, Any] = {
        "StringEquals": {"aws:RequestTag/team": "a"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    user = home.user(
        allow(["dynamodb:CreateTable", "dynamodb:TagResource"], when=team_a),
        allow("dynamodb:UntagResource", when={"ForAllValues:StringEquals": {"aws:TagKeys": ["shift"]}}),
    )
    definition: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    name = unique_name()
    arn = home.arn(name)
    create, tag, untag = user.dynamodb.create_table, user.dynamodb.tag_resource, user.dynamodb.untag_resource
    both = [*tagged("a"), {"Key": "shift", "Value": "x"}]
    for tags in (None, tagged("b"), both):
        given: dict[str, Any] = {"Tags": tags} if tags else {}
        denied(create, user, "dynamodb:CreateTable", arn, TableName=name, **definition, **given)
    create(TableName=name, Tags=tagged("a"), **definition)
    denied(tag, user, "dynamodb:TagResource", arn, ResourceArn=arn, Tags=tagged("b"))
    denied(tag, user, "dynamodb:TagResource", arn, ResourceArn=arn, Tags=both)
    tag(ResourceArn=arn, Tags=tagged("a"))
    denied(untag, user, "dynamodb:UntagResource", arn, ResourceArn=arn, TagKeys=["team"])
    denied(untag, user, "dynamodb:UntagResource", arn, ResourceArn=arn, TagKeys=["shift", "team"])
    untag(ResourceArn=arn, TagKeys=["shift"])
    assert home.root.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tagged("a")


def test_a_boundary_limits(home: Account, table: str) -> None:
    boundary = home.policy(allow("dynamodb:Get*"), allow("iam:*"), deny("dynamodb:GetRecords"))
    user = home.user(allow("*"), PermissionsBoundary=boundary)
    arn, client = home.arn(table), user.dynamodb
    client.get_item(TableName=table, Key=KEY)
    user.iam.list_users()
    why = "because no permissions boundary allows the dynamodb:PutItem action"
    denied(client.put_item, user, "dynamodb:PutItem", arn, why, TableName=table, Item=KEY)
    # It gives nothing.
    user.may(allow("dynamodb:PutItem"))
    denied(client.get_item, user, "dynamodb:GetItem", arn, TableName=table, Key=KEY)
    home.root.iam.delete_user_permissions_boundary(UserName=user.name)
    client.put_item(TableName=table, Item=KEY)
    never = home.policy(allow("*"), deny("dynamodb:PutItem"))
    home.root.iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=never)
    why = explicitly("a permissions boundary")
    denied(client.put_item, user, "dynamodb:PutItem", arn, why, TableName=table, Item=KEY)


def test_a_boundary_limits_the_sessions_of_a_role(home: Account, table: str) -> None:
    user = home.user()
    boundary = home.policy(reads(home, table))
    role = home.role(user.arn, allow("dynamodb:*"), PermissionsBoundary=boundary)
    session = user.assume(role)
    session.dynamodb.get_item(TableName=table, Key=KEY)
    why = "because no permissions boundary allows the dynamodb:PutItem action"
    denied(session.dynamodb.put_item, session, "dynamodb:PutItem", home.arn(table), why, TableName=table, Item=KEY)


def test_whoever_may_make_users_only_within_a_boundary(home: Account, table: str) -> None:
    """The delegation that the guide to boundaries describes: users may be made, but none that may do more."""
    boundary = home.policy(reads(home, table))
    within = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    chief = home.user(
        allow(["iam:CreateUser", "iam:PutUserPermissionsBoundary"], when=within),
        allow(["iam:CreateAccessKey", "iam:PutUserPolicy"]),
        deny("iam:DeleteUserPermissionsBoundary"),
    )
    name = unique_name()
    new = f"arn:aws:iam::{HOME}:user/{name}"
    denied(chief.iam.create_user, chief, "iam:CreateUser", new, UserName=name)
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    denied(chief.iam.create_user, chief, "iam:CreateUser", new, UserName=name, PermissionsBoundary=administrator)
    chief.iam.create_user(UserName=name, PermissionsBoundary=boundary)
    refused(chief.iam.delete_user_permissions_boundary, "AccessDenied", UserName=name)
    refused(chief.iam.put_user_permissions_boundary, "AccessDenied", UserName=name, PermissionsBoundary=administrator)
    chief.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("*")))
    answer = chief.iam.create_access_key(UserName=name)["AccessKey"]
    member = new_client(home.endpoint, credentials=Credentials.answered(answer))
    member.get_item(TableName=table, Key=KEY)
    refused(member.put_item, "AccessDeniedException", TableName=table, Item=KEY)


@dataclass(frozen=True)
class Doors:
    """A server with a public listener, a private endpoint, and one with a policy."""

    account: Account
    table: str
    private: str
    limited: str

    def through(self, door: str, party: Party) -> Any:
        return party.client("dynamodb", endpoint=door)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    private, limited = servers.free_port(), servers.free_port()
    policy = folder / "endpoint.json"
    policy.write_text(
        document(
            {**allow(["dynamodb:GetItem", "sts:*"]), "Principal": "*"},
            {**deny("dynamodb:DescribeTable"), "Principal": "*"},
        )
    )
    configuration = folder / "stator.toml"
    configuration.write_text(
        f'[[listener]]\nlisten = "127.0.0.1:{private}"\nendpoint-id = "vpce-0private"\n'
        f'[[listener]]\nlisten = "127.0.0.1:{limited}"\nendpoint-id = "vpce-0limited"\npolicy = "{policy}"\n'
    )
    server = servers.start_stator(None, ["--authentication", "--config", str(configuration)])
    account = Account(server.endpoint, HOME, server.roots()[HOME])
    table = account.table()
    account.root.dynamodb.put_item(TableName=table, Item=KEY)
    yield Doors(account, table, f"http://127.0.0.1:{private}", f"http://127.0.0.1:{limited}")
    server.close()


def test_the_policy_of_an_endpoint_takes_away(doors: Doors) -> None:
    user, arn = doors.account.user(allow("dynamodb:*")), doors.account.arn(doors.table)
    for party in (user, doors.account.root):
        door = doors.through(doors.limited, party)
        assert door.get_item(TableName=doors.table, Key=KEY)["Item"] == KEY
        why = "because no VPC endpoint policy allows the dynamodb:PutItem action"
        denied(door.put_item, party, "dynamodb:PutItem", arn, why, TableName=doors.table, Item=KEY)
        why = explicitly("a VPC endpoint policy")
        denied(door.describe_table, party, "dynamodb:DescribeTable", arn, why, TableName=doors.table)
        for other in (doors.account.endpoint, doors.private):
            doors.through(other, party).put_item(TableName=doors.table, Item=KEY)
            doors.through(other, party).describe_table(TableName=doors.table)
    # It gives nothing.
    nobody = doors.account.user()
    door = doors.through(doors.limited, nobody)
    denied(door.get_item, nobody, "dynamodb:GetItem", arn, TableName=doors.table, Key=KEY)


def test_the_policy_of_an_endpoint_is_for_all_services(doors: Doors) -> None:
    root = doors.account.root
    root.client("sts", endpoint=doors.limited).get_caller_identity()
    why = "because no VPC endpoint policy allows the iam:ListUsers action"
    list_users = root.client("iam", endpoint=doors.limited).list_users
    denied(list_users, root, "iam:ListUsers", f"arn:aws:iam::{HOME}:user/", why)


def test_policies_ask_for_the_endpoint(doors: Doors) -> None:
    account, table = doors.account, doors.table
    ids = {"vpce-0private": doors.private, "vpce-0limited": doors.limited}
    every = [account.endpoint, *ids.values()]

    def passes(user: User, *expected: str) -> None:
        for door in every:
            call = doors.through(door, user).get_item
            if door in expected:
                call(TableName=table, Key=KEY)
            else:
                refused(call, "AccessDeniedException", TableName=table, Key=KEY)

    for name, door in ids.items():
        passes(account.user(allow("dynamodb:GetItem", when={"StringEquals": {"aws:SourceVpce": name}})), door)
        unless = {"StringNotEquals": {"aws:SourceVpce": name}}
        passes(account.user(allow("dynamodb:GetItem"), deny("*", when=unless)), door)
    here = "127.0.0.0/8"
    # Through an endpoint the address has another name.
    passes(account.user(allow("dynamodb:GetItem", when={"IpAddress": {"aws:SourceIp": here}})), account.endpoint)
    passes(account.user(allow("dynamodb:GetItem", when={"IpAddress": {"aws:VpcSourceIp": here}})), *ids.values())
    passes(account.user(allow("dynamodb:GetItem", when={"Null": {"aws:SourceVpce": "true"}})), account.endpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "no JSON",
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    ],
    ids=["empty", "no statement", "no JSON", "no principal"],
)
def test_a_server_does_not_start_with_a_policy_that_is_none(tmp_path: Path, text: str) -> None:
    policy, configuration = tmp_path / "endpoint.json", tmp_path / "stator.toml"
    configuration.write_text(f'[[listener]]\nlisten = "127.0.0.1:0"\nendpoint-id = "vpce-1"\npolicy = "{policy}"\n')
    more = ["--listen", "127.0.0.1:0", "--authentication", "--config", str(configuration)]
    assert str(policy) in servers.refused_stator(None, more), "there is no such file"
    policy.write_text(text)
    assert str(policy) in servers.refused_stator(None, more)


def test_what_is_protected(start: Start, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates", "authority")
    key = ["--master-key", f"file:{tmp_path / 'master.key'}", "--make-master-key"]
    server = start("--authentication", *key, *authority.server("server").flags())
    root = server.roots()[HOME]

    def client(service: str, credentials: Credentials = root) -> Any:
        return new_client(server.endpoint, service, verify=authority.path, credentials=credentials)

    iam = client("iam")
    iam.create_user(UserName="ann")
    protected = {"Bool": {"aws:SecureTransport": "false"}}
    policy = document(allow("dynamodb:*"), deny("*", when=protected))
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    key_of_ann = iam.create_access_key(UserName="ann")["AccessKey"]
    client("dynamodb", Credentials.answered(key_of_ann)).list_tables()
