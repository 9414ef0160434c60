"""Accounts and who there is in them, for the tests of access control.

A test makes the users and roles that it needs in an account that all tests share, under names that no other test uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from blackbox.clients import REGION, new_client, unique_name
from blackbox.expect import refused
from harness.credentials import Credentials

# The account that a server has by itself, and a second one.
HOME = "000000000000"
ABROAD = "222222222222"

Statement = dict[str, Any]
When = Mapping[str, Mapping[str, Any]]


def allow(actions: str | Sequence[str], on: str | Sequence[str] = "*", when: When | None = None) -> Statement:
    """A statement that allows actions, on all resources unless they are named, `when` its conditions hold."""
    return _statement("Allow", actions, on, when)


def deny(actions: str | Sequence[str], on: str | Sequence[str] = "*", when: When | None = None) -> Statement:
    """A statement that denies actions."""
    return _statement("Deny", actions, on, when)


def _statement(effect: str, actions: str | Sequence[str], on: str | Sequence[str], when: When | None) -> Statement:
    statement: Statement = {"Effect": effect, "Action": actions, "Resource": on}
    return {**statement, "Condition": when} if when else statement


def document(*statements: Statement) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Party:
    """Somebody who calls, and the ARN by which refusals name them."""

    def __init__(self, endpoint: str, credentials: Credentials, arn: str) -> None:
        self.endpoint = endpoint
        self.credentials = credentials
        self.arn = arn

    def client(self, service: str, **more: Any) -> Any:
        return new_client(more.pop("endpoint", self.endpoint), service, credentials=self.credentials, **more)

    @cached_property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    @cached_property
    def streams(self) -> Any:
        return self.client("dynamodbstreams")

    @cached_property
    def iam(self) -> Any:
        return self.client("iam")

    @cached_property
    def sts(self) -> Any:
        return self.client("sts")

    def assume(self, role: str, session: str = "s-1", **more: Any) -> Party:
        """The session of a role, given by its ARN."""
        answer = self.sts.assume_role(RoleArn=role, RoleSessionName=session, **more)
        return Party(self.endpoint, Credentials.answered(answer["Credentials"]), answer["AssumedRoleUser"]["Arn"])


class User(Party):
    """A user of an account, with its first access key."""

    def __init__(self, account: Account, name: str, credentials: Credentials, arn: str) -> None:
        super().__init__(account.endpoint, credentials, arn)
        self.name = name
        self._account = account

    def may(self, *statements: Statement) -> None:
        """From now on the user's own policy says this; nothing where there are no statements."""
        iam = self._account.root.iam
        if statements:
            iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=document(*statements))
        else:
            iam.delete_user_policy(UserName=self.name, PolicyName="own")


class Account:
    """An account of a server, as its root user sees it."""

    def __init__(self, endpoint: str, number: str, root: Credentials) -> None:
        self.endpoint = endpoint
        self.number = number
        self.root = Party(endpoint, root, f"arn:aws:iam::{number}:root")

    def user(self, *statements: Statement, name: str | None = None, **more: Any) -> User:
        """A new user, with a policy of its own where there are statements."""
        name = name or f"u-{unique_name()}"
        arn = self.root.iam.create_user(UserName=name, **more)["User"]["Arn"]
        key = self.root.iam.create_access_key(UserName=name)["AccessKey"]
        user = User(self, name, Credentials.answered(key), arn)
        if statements:
            user.may(*statements)
        return user

    def role(self, trusted: Any, *statements: Statement, trust: Statement | None = None, **more: Any) -> str:
        """A new role that trusts these principals, by `trust` if that is given. Its ARN."""
        name = f"r-{unique_name()}"
        if trust is None:
            trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        made = self.root.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)
        if statements:
            self.root.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(made["Role"]["Arn"])

    def policy(self, *statements: Statement) -> str:
        """A new managed policy. Its ARN."""
        made = self.root.iam.create_policy(PolicyName=f"p-{unique_name()}", PolicyDocument=document(*statements))
        return str(made["Policy"]["Arn"])

    def table(self, sort: bool = False, **more: Any) -> str:
        """A new table with the partition key pk, and the sort key sk if it is to have one; both are texts."""
        name = more.pop("name", None) or unique_name()
        keys = {"pk": "HASH", "sk": "RANGE"} if sort else {"pk": "HASH"}
        attributes = [*keys, *more.pop("attributes", [])]
        self.root.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": role} for key, role in keys.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in attributes],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        waiter = self.root.dynamodb.get_waiter("table_exists")
        waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        return name

    def arn(self, table: str, below: str = "") -> str:
        """The ARN of a table, or of what is below it, as in `/index/by-status`."""
        return f"arn:aws:dynamodb:{REGION}:{self.number}:table/{table}{below}"


def reads(account: Account, table: str) -> Statement:
    """A statement that allows to read items of a table by their keys, and nothing else."""
    return allow("dynamodb:GetItem", account.arn(table))


def denied(
    call: Callable[..., Any], who: Party, action: str, on: str, why: str | None = None, **parameters: Any
) -> None:
    """The call must be refused with the words for this action on this resource, and why."""
    code = "AccessDeniedException" if action.startswith("dynamodb:") else "AccessDenied"
    why = why or f"because no identity-based policy allows the {action} action"
    message = f"User: {who.arn} is not authorized to perform: {action} on resource: {on} {why}"
    refused(call, code, message, **parameters)


def explicitly(kind: str = "an identity-based policy") -> str:
    """How a refusal ends that a statement says."""
    return f"with an explicit deny in {kind}"
