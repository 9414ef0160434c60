"""What IAM says that policies would decide is what they decide: SimulatePrincipalPolicy beside the calls themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from blackbox.accounts import HOME, Account, User, allow, deny, document
from blackbox.clients import unique_name
from blackbox.expect import refused, s
from blackbox.minimal import Minimal, operations
from blackbox.served import MORE, known, of_iam, served_by, served_by_dynamodb

pytestmark = pytest.mark.own_server

REFUSAL = re.compile(
    r"is not authorized to perform: (?P<action>\S+) on resource: (?:(?P<kind>user|group|role) )?(?P<on>\S+) "
)
HERE = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["127.0.0.1"]}
TAG = {"ContextKeyName": "aws:ResourceTag/team", "ContextKeyType": "string", "ContextKeyValues": ["a"]}


def plain(account: Account) -> User:
    return account.user(allow(["dynamodb:Get*", "dynamodb:BatchGet*", "dynamodb:Query", "iam:List*"]))


def with_denials(account: Account) -> User:
    return account.user(
        allow(["dynamodb:*", "iam:*"]),
        deny(["dynamodb:Delete*", "dynamodb:PartiQL*", "dynamodb:?pdate*", "iam:GetUser"]),
    )


def all_but(account: Account) -> User:
    statement = {"Effect": "Allow", "NotAction": ["dynamodb:PutItem", "dynamodb:*Table*", "iam:*"], "Resource": "*"}
    return account.user(statement)


def elsewhere(account: Account) -> User:
    others = [account.arn("*", "/stream/*"), f"arn:aws:iam::{HOME}:role/*", "arn:aws:dynamodb:*:*:table/t-0*"]
    return account.user({"Effect": "Allow", "Action": "*", "NotResource": others})


def in_a_group(account: Account) -> User:
    user, group = account.user(allow("dynamodb:PutItem"), deny("dynamodb:Scan")), unique_name()
    account.root.iam.create_group(GroupName=group)
    account.root.iam.add_user_to_group(GroupName=group, UserName=user.name)
    managed = account.policy(allow(["dynamodb:Scan", "dynamodb:GetItem", "iam:Get*"]))
    account.root.iam.attach_group_policy(GroupName=group, PolicyArn=managed)
    account.root.iam.put_group_policy(
        GroupName=group, PolicyName="p", PolicyDocument=document(allow("dynamodb:Describe*"))
    )
    return user


def within_a_boundary(account: Account) -> User:
    boundary = account.policy(allow(["dynamodb:*Item*", "iam:ListUsers"]), deny("dynamodb:TransactWriteItems"))
    return account.user(allow("*"), deny("dynamodb:DeleteItem"), PermissionsBoundary=boundary)


def with_conditions(account: Account) -> User:
    return account.user(
        allow("*", when={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}),
        deny("dynamodb:*Item", when={"StringEquals": {"aws:ResourceTag/team": "a"}}),
    )


PEOPLE: list[Callable[[Account], User]] = [
    plain,
    with_denials,
    all_but,
    elsewhere,
    in_a_group,
    within_a_boundary,
    with_conditions,
]


def outcome(client: Any, operation: OperationModel, request: dict[str, Any]) -> tuple[str, str]:
    """What came of a call in the words of simulations, and the message of a refusal."""
    try:
        getattr(client, xform_name(operation.name))(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"):
            message = error.response["Error"]["Message"]
            return ("explicitDeny" if "with an explicit deny" in message else "implicitDeny"), message
    return "allowed", ""


def simulated(account: Account, user: User, action: str, on: str) -> dict[str, Any]:
    answer = account.root.iam.simulate_principal_policy(
        PolicySourceArn=user.arn, ActionNames=[action], ResourceArns=[on], ContextEntries=[HERE, TAG]
    )
    assert answer["IsTruncated"] is False
    [result] = answer["EvaluationResults"]
    assert (result["EvalActionName"], result["EvalResourceName"]) == (action, on)
    found: dict[str, Any] = result
    return found


def agree(account: Account, user: User, nobody: User, operation: OperationModel, request: dict[str, Any]) -> None:
    """What is asked is learned from the refusal of somebody who may do nothing."""
    service = operation.service_model.service_name
    asked, message = outcome(nobody.client(service), operation, request)
    match = REFUSAL.search(message)
    assert match, (asked, message)
    # Entities of IAM are named as the request named them.
    on = f"arn:aws:iam::{account.number}:{match['kind']}/{match['on']}" if match["kind"] else match["on"]
    said = simulated(account, user, match["action"], on)
    came, message = outcome(user.client(service), operation, request)
    assert said["EvalDecision"] == came, (match[0], message)
    if "permissions boundary allows" in message:
        assert said["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] is False


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.__name__)
def test_simulations_of_dynamodb_agree_with_what_happens(home: Account, person: Callable[[Account], User]) -> None:
    user, nobody = person(home), home.user()
    for service in ("dynamodb", "dynamodbstreams"):
        for operation in operations(service):
            # GetRecords takes an iterator, which is asked for like the rest of the stream.
            if operation.name not in served_by_dynamodb() or operation.name == "GetRecords":
                continue
            view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
            table = home.table(Tags=[{"Key": "team", "Value": "a"}], StreamSpecification=view)
            home.root.dynamodb.put_item(TableName=table, Item={"pk": s("a")})
            stream = home.root.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
            request = Minimal(known(table, stream)).request(operation, MORE.get(operation.name))
            agree(home, user, nobody, operation, request)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.__name__)
def test_simulations_of_iam_agree_with_what_happens(home: Account, person: Callable[[Account], User]) -> None:
    user, nobody = person(home), home.user()
    for operation in operations("iam"):
        # Those that read: they can be asked again and again.
        if operation.name in served_by("iam") and operation.name.startswith(("Get", "List")):
            agree(home, user, nobody, operation, Minimal(of_iam(user.name)).request(operation))


def test_what_a_simulation_lacks_is_told(home: Account) -> None:
    user = with_conditions(home)
    asked = {"PolicySourceArn": user.arn, "ActionNames": ["dynamodb:GetItem"]}
    [result] = home.root.iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert set(result["MissingContextValues"]) == {"aws:SourceIp", "aws:ResourceTag/team"}
    keys = home.root.iam.get_context_keys_for_principal_policy(PolicySourceArn=user.arn)["ContextKeyNames"]
    assert set(keys) == {"aws:SourceIp", "aws:ResourceTag/team"}


def test_simulations_page_by_page(home: Account) -> None:
    user = plain(home)
    actions = [f"dynamodb:{name}" for name in ("GetItem", "PutItem", "Query", "Scan", "BatchGetItem")]
    tables = [home.arn(f"t{number}") for number in range(7)]
    pages = home.root.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=user.arn, ActionNames=actions, ResourceArns=tables, PaginationConfig={"PageSize": 4}
    )
    found = [
        (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"])
        for page in pages
        for result in page["EvaluationResults"]
    ]
    decisions = {"dynamodb:PutItem": "implicitDeny", "dynamodb:Scan": "implicitDeny"}
    assert found == [(action, on, decisions.get(action, "allowed")) for action in actions for on in tables]


def test_policies_that_nobody_has(home: Account) -> None:
    policy = document(allow("dynamodb:*", home.arn("a*")), deny("dynamodb:Delete*"))
    asked: dict[str, Any] = {"PolicyInputList": [policy], "ResourceArns": [home.arn("abc")]}
    decisions = {"GetItem": "allowed", "DeleteItem": "explicitDeny"}
    for action, decision in decisions.items():
        answer = home.root.iam.simulate_custom_policy(**asked, ActionNames=[f"dynamodb:{action}"])
        assert [result["EvalDecision"] for result in answer["EvaluationResults"]] == [decision]
    boundary = document(allow("dynamodb:Query"))
    limited = home.root.iam.simulate_custom_policy(
        **asked, ActionNames=["dynamodb:GetItem"], PermissionsBoundaryPolicyInputList=[boundary]
    )
    [result] = limited["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] is False
    wrong: dict[str, Any] = {"PolicyInputList": ["{}"], "ActionNames": ["dynamodb:GetItem"]}
    refused(home.root.iam.simulate_custom_policy, "MalformedPolicyDocument", **wrong)
