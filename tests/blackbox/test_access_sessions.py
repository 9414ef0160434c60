"""Temporary credentials: roles that are assumed, with session policies and tags, and sessions of users."""

from __future__ import annotations

import datetime

import botocore.auth
import pytest

from blackbox.accounts import HOME, Account, Party, allow, denied, deny, document, explicitly, reads
from blackbox.expect import refused, s
from harness.credentials import Credentials

pytestmark = pytest.mark.own_server

KEY = {"pk": s("a")}
INVALID = "The security token included in the request is invalid."


@pytest.fixture(scope="module")
def table(home: Account) -> str:
    """A table with one item, for all tests of this file."""
    name = home.table()
    home.root.dynamodb.put_item(TableName=name, Item={**KEY, "v": s("1")})
    return name


def name_of(role: str) -> str:
    return role.rsplit("/", 1)[1]


def test_a_role_is_assumed(home: Account, table: str) -> None:
    user = home.user(allow("dynamodb:PutItem"))
    role = home.role(user.arn, reads(home, table))
    session = user.assume(role, "at-work")
    assert session.arn == f"arn:aws:sts::{HOME}:assumed-role/{name_of(role)}/at-work"
    assert session.credentials.key.startswith("ASIA")
    told = session.sts.get_caller_identity()
    role_id = home.root.iam.get_role(RoleName=name_of(role))["Role"]["RoleId"]
    assert (told["Arn"], told["UserId"]) == (session.arn, f"{role_id}:at-work")
    assert session.dynamodb.get_item(TableName=table, Key=KEY)["Item"]["v"] == s("1")
    # The role's permissions come in the place of the user's.
    denied(session.dynamodb.put_item, session, "dynamodb:PutItem", home.arn(table), TableName=table, Item=KEY)
    denied(user.dynamodb.get_item, user, "dynamodb:GetItem", home.arn(table), TableName=table, Key=KEY)


def test_how_long_a_session_takes(home: Account) -> None:
    user = home.user()
    role = home.role(user.arn, MaxSessionDuration=7200)
    for seconds, given in ((None, 3600), (900, 900), (7200, 7200)):
        asked = {"DurationSeconds": seconds} if seconds else {}
        answer = user.sts.assume_role(RoleArn=role, RoleSessionName="ab", **asked)
        left = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.UTC)
        assert given - 30 < left.total_seconds() <= given
    for seconds in (7201, 43_200):
        refused(user.sts.assume_role, "ValidationError", RoleArn=role, RoleSessionName="ab", DurationSeconds=seconds)


def test_who_is_not_trusted(home: Account, abroad: Account) -> None:
    trusted, other = home.user(), home.user(allow("sts:*"))
    role = home.role(trusted.arn)
    trusted.assume(role)
    for stranger in (other, abroad.user(allow("*"))):
        words = f"User: {stranger.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
        refused(stranger.sts.assume_role, "AccessDenied", words, RoleArn=role, RoleSessionName="ab")
    refused(home.root.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab")


def trusted(home: Account, role: str) -> str:
    """The one whom a role's trust policy shows."""
    told = home.root.iam.get_role(RoleName=name_of(role))["Role"]["AssumeRolePolicyDocument"]
    return str(told["Statement"][0]["Principal"]["AWS"])


def test_a_user_of_the_same_name_is_another(home: Account) -> None:
    """A trust policy means the user that there was when it was written ("AWS JSON policy elements: Principal")."""
    old, iam = home.user(), home.root.iam
    role = home.role(old.arn)
    old.assume(role)
    assert trusted(home, role) == old.arn
    old_id = iam.get_user(UserName=old.name)["User"]["UserId"]
    iam.delete_access_key(UserName=old.name, AccessKeyId=old.credentials.key)
    iam.delete_user(UserName=old.name)
    again = home.user(name=old.name)
    assert again.arn == old.arn
    refused(again.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab")
    assert trusted(home, role) == old_id
    # Who is trusted keeps that under another name.
    iam.update_assume_role_policy(
        RoleName=name_of(role),
        PolicyDocument=document({"Effect": "Allow", "Principal": {"AWS": again.arn}, "Action": "sts:AssumeRole"}),
    )
    iam.update_user(UserName=again.name, NewUserName=f"{again.name}-2")
    assert trusted(home, role) == f"{again.arn}-2"
    again.assume(role)


@pytest.mark.parametrize(
    "nobody",
    [
        f"arn:aws:iam::{HOME}:user/nobody",
        f"arn:aws:iam::{HOME}:role/nobody",
        f"arn:aws:sts::{HOME}:assumed-role/nobody/session",
        "arn:aws:iam::999999999999:root",
        "999999999999",
        "AIDACKCEVSQ6C2EXAMPLE",
    ],
)
def test_who_is_not_there_cannot_be_trusted(home: Account, nobody: str) -> None:
    trust = document({"Effect": "Allow", "Principal": {"AWS": nobody}, "Action": "sts:AssumeRole"})
    words = f'Invalid principal in policy: "AWS":"{nobody}"'
    name = name_of(home.role(home.root.arn))
    for call, parameters in (
        (home.root.iam.create_role, {"RoleName": f"{name}-2", "AssumeRolePolicyDocument": trust}),
        (home.root.iam.update_assume_role_policy, {"RoleName": name, "PolicyDocument": trust}),
    ):
        refused(call, "MalformedPolicyDocument", words, **parameters)


def test_a_trust_with_conditions(home: Account) -> None:
    user = home.user()
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": user.arn},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"sts:ExternalId": "secret-of-both"},
            "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
        },
    }
    role = home.role(None, trust=trust)
    refused(user.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab")
    refused(user.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab", ExternalId="another")
    user.assume(role, ExternalId="secret-of-both")
    # Trust is looked at when a session begins, not after.
    session = user.assume(role, ExternalId="secret-of-both")
    nobody = {**trust, "Principal": {"AWS": home.user().arn}}
    home.root.iam.update_assume_role_policy(RoleName=name_of(role), PolicyDocument=document(nobody))
    refused(user.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab", ExternalId="secret-of-both")
    session.sts.get_caller_identity()


def test_an_account_that_is_trusted_gives_the_permission_itself(home: Account, abroad: Account, table: str) -> None:
    role = home.role(f"arn:aws:iam::{abroad.number}:root", reads(home, table))
    user = abroad.user()
    words = f"User: {user.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    refused(user.sts.assume_role, "AccessDenied", words, RoleArn=role, RoleSessionName="ab")
    user.may(allow("sts:AssumeRole", role))
    session = user.assume(role)
    assert session.arn.startswith(f"arn:aws:sts::{HOME}:")
    assert session.dynamodb.get_item(TableName=table, Key=KEY)["Item"]["v"] == s("1")


def test_a_session_policy_takes_away(home: Account, table: str) -> None:
    user, other = home.user(), home.table()
    role = home.role(user.arn, allow("dynamodb:*"))
    less = user.assume(role, Policy=document(reads(home, table), allow("iam:*")))
    less.dynamodb.get_item(TableName=table, Key=KEY)
    why = "because no session policy allows the dynamodb:{} action"
    read, put = less.dynamodb.get_item, less.dynamodb.put_item
    denied(read, less, "dynamodb:GetItem", home.arn(other), why.format("GetItem"), TableName=other, Key=KEY)
    denied(put, less, "dynamodb:PutItem", home.arn(table), why.format("PutItem"), TableName=table, Item=KEY)
    # It gives nothing that the role has not.
    denied(less.iam.list_users, less, "iam:ListUsers", f"arn:aws:iam::{HOME}:user/")
    managed = [{"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}]
    reader = user.assume(role, PolicyArns=managed)
    reader.dynamodb.get_item(TableName=other, Key=KEY)
    denied(
        reader.dynamodb.put_item,
        reader,
        "dynamodb:PutItem",
        home.arn(other),
        why.format("PutItem"),
        TableName=other,
        Item=KEY,
    )
    none = user.assume(role, Policy=document(allow("dynamodb:*"), deny("dynamodb:GetItem")))
    denied(
        none.dynamodb.get_item,
        none,
        "dynamodb:GetItem",
        home.arn(table),
        explicitly("a session policy"),
        TableName=table,
        Key=KEY,
    )
    user.assume(role).dynamodb.put_item(TableName=other, Item=KEY)


def test_tags_of_a_session(home: Account) -> None:
    table = home.table()
    for tenant in ("t1", "t2"):
        home.root.dynamodb.put_item(TableName=table, Item={"pk": s(tenant)})
    user = home.user()
    own_rows = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}"]}}
    role = home.role(user.arn, allow("dynamodb:GetItem", home.arn(table), own_rows))
    for tenant, other in (("t1", "t2"), ("t2", "t1")):
        session = user.assume(role, tenant, Tags=[{"Key": "tenant", "Value": tenant}])
        assert session.dynamodb.get_item(TableName=table, Key={"pk": s(tenant)})["Item"] == {"pk": s(tenant)}
        read = session.dynamodb.get_item
        denied(read, session, "dynamodb:GetItem", home.arn(table), TableName=table, Key={"pk": s(other)})
    bare = user.assume(role)
    denied(bare.dynamodb.get_item, bare, "dynamodb:GetItem", home.arn(table), TableName=table, Key={"pk": s("t1")})


def test_tags_are_for_those_who_may_set_them(home: Account) -> None:
    user = home.user()
    trust = {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"}
    role = home.role(None, trust=trust)
    user.assume(role)
    tags = [{"Key": "team", "Value": "a"}]
    words = f"User: {user.arn} is not authorized to perform: sts:TagSession on resource: {role}"
    refused(user.sts.assume_role, "AccessDenied", words, RoleArn=role, RoleSessionName="ab", Tags=tags)
    only_a = {
        **trust,
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"aws:RequestTag/team": ["a", "b"]}},
    }
    home.root.iam.update_assume_role_policy(RoleName=name_of(role), PolicyDocument=document(only_a))
    user.assume(role, Tags=tags)
    other = [{"Key": "team", "Value": "c"}]
    refused(user.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="ab", Tags=other)


def test_tags_and_the_source_go_on_from_role_to_role(home: Account) -> None:
    table = home.table()
    user = home.user()
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    first = home.role(
        None, allow("sts:*"), trust={"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": actions}
    )
    is_team_a = {"StringEquals": {"aws:PrincipalTag/team": "a", "aws:SourceIdentity": "ann"}}
    second = home.role(
        None,
        allow("dynamodb:GetItem", home.arn(table), is_team_a),
        trust={"Effect": "Allow", "Principal": {"AWS": first}, "Action": actions},
    )
    tags = {"Tags": [{"Key": "team", "Value": "a"}, {"Key": "shift", "Value": "b"}]}
    for passed_on in (["team"], []):
        one = user.assume(first, "one", SourceIdentity="ann", TransitiveTagKeys=passed_on, **tags)
        two = one.assume(second, "two")
        call = (two.dynamodb.get_item, two, "dynamodb:GetItem", home.arn(table))
        if passed_on:
            two.dynamodb.get_item(TableName=table, Key=KEY)
        else:
            denied(*call, TableName=table, Key=KEY)
    changed = {"RoleArn": second, "RoleSessionName": "two", "SourceIdentity": "bob"}
    refused(one.sts.assume_role, "AccessDenied", **changed)
    refused(one.sts.assume_role, "ValidationError", RoleArn=second, RoleSessionName="two", DurationSeconds=3601)


def test_the_session_of_a_user(home: Account, table: str) -> None:
    user = home.user(reads(home, table), allow("iam:*"), allow("sts:*"))
    answer = user.sts.get_session_token(DurationSeconds=900)
    session = Party(home.endpoint, Credentials.answered(answer["Credentials"]), user.arn)
    told = session.sts.get_caller_identity()
    assert (told["Arn"], told["UserId"]) == (user.arn, user.sts.get_caller_identity()["UserId"])
    session.dynamodb.get_item(TableName=table, Key=KEY)
    denied(session.dynamodb.put_item, session, "dynamodb:PutItem", home.arn(table), TableName=table, Item=KEY)
    # Such a session neither manages users nor makes others, as on AWS.
    refused(session.iam.list_users, "InvalidClientTokenId")
    refused(session.sts.get_session_token, "AccessDenied")
    user.may()
    denied(session.dynamodb.get_item, session, "dynamodb:GetItem", home.arn(table), TableName=table, Key=KEY)


def test_a_federated_user(home: Account, table: str) -> None:
    user = home.user(allow("dynamodb:*"), allow("sts:GetFederationToken"))
    policy = document(reads(home, table))
    answer = user.sts.get_federation_token(Name="guest", Policy=policy)
    guest = Party(home.endpoint, Credentials.answered(answer["Credentials"]), answer["FederatedUser"]["Arn"])
    assert guest.arn == f"arn:aws:sts::{HOME}:federated-user/guest" == guest.sts.get_caller_identity()["Arn"]
    guest.dynamodb.get_item(TableName=table, Key=KEY)
    why = "because no session policy allows the dynamodb:PutItem action"
    denied(guest.dynamodb.put_item, guest, "dynamodb:PutItem", home.arn(table), why, TableName=table, Item=KEY)
    bare = user.sts.get_federation_token(Name="bare")
    nobody = Party(home.endpoint, Credentials.answered(bare["Credentials"]), bare["FederatedUser"]["Arn"])
    refused(nobody.dynamodb.get_item, "AccessDeniedException", TableName=table, Key=KEY)


def test_a_session_obeys_what_its_role_may_now(home: Account, table: str) -> None:
    user, iam = home.user(), home.root.iam
    role = home.role(user.arn, reads(home, table))
    session = user.assume(role)
    read = session.dynamodb.get_item
    read(TableName=table, Key=KEY)
    # What AWS's console does when it revokes the sessions of a role.
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)
    older = {"DateLessThan": {"aws:TokenIssueTime": now.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    revoke = document(deny("*", when=older))
    iam.put_role_policy(RoleName=name_of(role), PolicyName="AWSRevokeOlderSessions", PolicyDocument=revoke)
    denied(read, session, "dynamodb:GetItem", home.arn(table), explicitly(), TableName=table, Key=KEY)
    iam.delete_role_policy(RoleName=name_of(role), PolicyName="AWSRevokeOlderSessions")
    read(TableName=table, Key=KEY)
    iam.delete_role_policy(RoleName=name_of(role), PolicyName="own")
    denied(read, session, "dynamodb:GetItem", home.arn(table), TableName=table, Key=KEY)
    iam.delete_role(RoleName=name_of(role))
    refused(read, "UnrecognizedClientException", INVALID, TableName=table, Key=KEY)
    trust = document({"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name_of(role), AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name_of(role), PolicyName="own", PolicyDocument=document(allow("*")))
    refused(read, "UnrecognizedClientException", INVALID, TableName=table, Key=KEY)


def test_a_client_whose_clock_is_wrong(home: Account, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """boto3 as it is, on a machine whose clock is wrong."""
    user = home.user(reads(home, table))
    real = botocore.auth.get_current_datetime
    for minutes, words in ((-6, "Signature expired: "), (6, "Signature not yet current: ")):
        off = datetime.timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda off=off, **more: real(**more) + off)
        error = refused(user.dynamodb.get_item, "InvalidSignatureException", TableName=table, Key=KEY)
        assert error.response["Error"]["Message"].startswith(words)
        # STS gives a quarter of an hour.
        user.sts.get_caller_identity()
