"""The audit log: what was denied and what was managed, by whom, from where, in CloudTrail's form; nothing secret; rotation.

These tests start servers of their own.
"""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blackbox.accounts import HOME, Account, allow, document
from blackbox.clients import new_client
from blackbox.expect import refused, s, wait_until
from harness import servers
from harness.credentials import Credentials

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]

VALUE = "what-only-items-have"
KEY = {"pk": s(VALUE)}
REFUSED = "is not authorized to perform"
Event = dict[str, Any]


class Log:
    """The file, and the account whose calls are in it."""

    def __init__(self, server: servers.Server, file: Path) -> None:
        self.server = server
        self.file = file
        self.account = Account(server.endpoint, HOME, server.roots()[HOME])

    def events(self, file: Path | None = None) -> list[Event]:
        """All that is in the file, in which every line is whole."""
        text = (file or self.file).read_text()
        assert text.endswith("\n") or not text
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def of(self, request_id: str) -> Event:
        """The one event of a request."""
        wait_until(lambda: request_id in self.file.read_text())
        [event] = [event for event in self.events() if event["requestID"] == request_id]
        return event

    def told(self, answer: Any) -> Event:
        """The event of a request that was answered so."""
        return self.of(answer["ResponseMetadata"]["RequestId"])


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    file = tmp_path / "audit"
    server = servers.start_stator(None, ["--authentication", "--audit", str(file)])
    yield Log(server, file)
    server.close()


def test_a_denied_read(log: Log) -> None:
    table = log.account.table()
    user = log.account.user()
    error = refused(user.dynamodb.get_item, "AccessDeniedException", TableName=table, Key=KEY)
    event = log.told(error.response)
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "principalId": user.sts.get_caller_identity()["UserId"],
        "arn": user.arn,
        "accountId": HOME,
        "accessKeyId": user.credentials.key,
        "userName": user.name,
    }
    assert (event["eventSource"], event["eventName"]) == ("dynamodb.amazonaws.com", "GetItem")
    assert event["errorCode"] == "AccessDeniedException"
    assert event["errorMessage"] == error.response["Error"]["Message"]
    assert event["requestParameters"] == {"tableName": table}
    assert (event["readOnly"], event["managementEvent"], event["eventCategory"]) == (True, False, "Data")
    assert event["sourceIPAddress"] == "127.0.0.1"
    assert event["userAgent"].startswith("Boto3/")
    assert event["resources"] == [{"accountId": HOME, "type": "AWS::DynamoDB::Table", "ARN": log.account.arn(table)}]
    assert event["recipientAccountId"] == HOME
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["eventTime"])
    assert event["eventVersion"].startswith("1."), "the form of CloudTrail, whose readers read this"


def test_reads_and_writes_that_are_allowed_are_not_noted(log: Log) -> None:
    table, root = log.account.table(), log.account.root.dynamodb
    before = len(log.events())
    root.put_item(TableName=table, Item=KEY)
    root.get_item(TableName=table, Key=KEY)
    root.scan(TableName=table)
    root.execute_statement(Statement=f'SELECT * FROM "{table}"')
    refused(root.put_item, "ValidationException", TableName=table, Item={"other": s("a")})
    # What comes behind them is there, so they are not to come.
    log.told(root.list_tables())
    assert [event["eventName"] for event in log.events()[before:]] == ["ListTables"]


def test_what_is_managed(log: Log) -> None:
    account = log.account
    root = account.root
    key = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    definition: dict[str, Any] = {
        **key,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    event = log.told(root.dynamodb.create_table(TableName="orders", **definition))
    assert event["userIdentity"]["type"] == "Root"
    assert event["requestParameters"]["tableName"] == "orders"
    assert event["responseElements"]["tableDescription"]["tableName"] == "orders"
    assert (event["readOnly"], event["managementEvent"], event["eventCategory"]) == (False, True, "Management")
    assert "errorCode" not in event

    event = log.told(root.iam.create_user(UserName="ann", Path="/team/"))
    assert (event["eventSource"], event["eventName"]) == ("iam.amazonaws.com", "CreateUser")
    assert event["requestParameters"] == {"userName": "ann", "path": "/team/"}
    assert [resource["ARN"] for resource in event["resources"]] == [f"arn:aws:iam::{HOME}:user/team/ann"]
    assert event["readOnly"] is False

    user = account.user()
    role = account.role(user.arn)
    answer = user.sts.assume_role(RoleArn=role, RoleSessionName="at-work", Tags=[{"Key": "team", "Value": "a"}])
    event = log.told(answer)
    assert (event["eventSource"], event["eventName"]) == ("sts.amazonaws.com", "AssumeRole")
    assert event["userIdentity"]["userName"] == user.name
    assert event["requestParameters"]["roleArn"] == role
    assert event["requestParameters"]["roleSessionName"] == "at-work"

    session = Credentials.answered(answer["Credentials"])
    client = new_client(log.server.endpoint, credentials=session)
    error = refused(client.list_tables, "AccessDeniedException")
    event = log.told(error.response)
    assert event["userIdentity"]["type"] == "AssumedRole"
    assert event["userIdentity"]["arn"] == answer["AssumedRoleUser"]["Arn"]
    assert event["userIdentity"]["accessKeyId"] == session.key
    issuer = event["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("Role", role, role.rsplit("/", 1)[1])


def test_what_kind_of_thing_it_was_about(log: Log) -> None:
    iam = log.account.root.iam
    trust = document({"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"})
    policy = document(allow("*"))
    for answer, kind in (
        (iam.create_user(UserName="ann"), "AWS::IAM::User"),
        (iam.create_group(GroupName="team"), "AWS::IAM::Group"),
        (iam.create_role(RoleName="work", AssumeRolePolicyDocument=trust), "AWS::IAM::Role"),
        (iam.create_policy(PolicyName="all", PolicyDocument=policy), "AWS::IAM::Policy"),
    ):
        assert [resource["type"] for resource in log.told(answer)["resources"]] == [kind]


def test_who_did_not_prove_who_they_are(log: Log) -> None:
    user = log.account.user(allow("dynamodb:*"))
    forged = Credentials(user.credentials.key, "wrong")
    calls = [
        (new_client(log.server.endpoint, credentials=forged).list_tables, "InvalidSignatureException", forged.key),
        (new_client(log.server.endpoint, "iam", credentials=forged).list_users, "SignatureDoesNotMatch", forged.key),
        (new_client(log.server.endpoint).list_tables, "UnrecognizedClientException", "test"),
        (new_client(log.server.endpoint, "sts").get_caller_identity, "InvalidClientTokenId", "test"),
    ]
    for call, code, key in calls:
        event = log.told(refused(call, code).response)
        assert event["userIdentity"] == {"type": "Unknown", "accessKeyId": key}
        assert event["errorCode"] == code
        # What explains a wrong signature is for the client.
        assert "Canonical String" not in event["errorMessage"]
        assert "arn" not in event["userIdentity"], "who they say they are is not who they are"


def test_the_account_of_a_call_by_nobody(log: Log) -> None:
    forged = Credentials(log.account.root.credentials.key, "wrong")
    event = log.told(
        refused(new_client(log.server.endpoint, credentials=forged).list_tables, "InvalidSignatureException").response
    )
    assert event["recipientAccountId"] == HOME


def test_nothing_secret_is_told(log: Log) -> None:
    account = log.account
    table = account.table()
    user = account.user()
    client = user.dynamodb
    item = {**KEY, "v": s(VALUE)}
    condition = {"ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": s(VALUE)}}
    statement = f"SELECT * FROM \"{table}\" WHERE pk = '{VALUE}'"
    calls: list[tuple[Any, dict[str, Any]]] = [
        (client.put_item, {"TableName": table, "Item": item, **condition}),
        (client.batch_write_item, {"RequestItems": {table: [{"PutRequest": {"Item": item}}]}}),
        (client.transact_write_items, {"TransactItems": [{"Put": {"TableName": table, "Item": item}}]}),
        (client.batch_get_item, {"RequestItems": {table: {"Keys": [KEY]}}}),
        (
            client.query,
            {"TableName": table, "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": s(VALUE)}},
        ),
        (client.scan, {"TableName": table, "ExclusiveStartKey": KEY}),
        (client.execute_statement, {"Statement": statement}),
        (client.execute_transaction, {"TransactStatements": [{"Statement": statement}]}),
    ]
    for call, parameters in calls:
        log.told(refused(call, "AccessDeniedException", **parameters).response)
    second = account.root.iam.create_access_key(UserName=user.name)
    role = account.role(user.arn)
    sessions = [
        user.sts.assume_role(RoleArn=role, RoleSessionName="ab", ExternalId="known-to-both"),
        user.sts.get_session_token(),
    ]
    for answer in (second, *sessions):
        log.told(answer)
    secrets = [account.root.credentials.secret, user.credentials.secret, second["AccessKey"]["SecretAccessKey"]]
    for answer in sessions:
        credentials = Credentials.answered(answer["Credentials"])
        # A wrong signature is explained to the client with the token in it.
        wrong = Credentials(credentials.key, "wrong", credentials.token)
        forger = new_client(log.server.endpoint, credentials=wrong)
        log.told(refused(forger.list_tables, "InvalidSignatureException").response)
        secrets += [credentials.secret, credentials.token or ""]
    text = log.file.read_text()
    for secret in (*secrets, VALUE):
        assert secret not in text


def test_words_of_clients_stay_in_their_line(log: Log) -> None:
    strange = 'a"\\\n{"eventName": "Forged"}\r\n\u2028'
    user = log.account.user()
    user.dynamodb.meta.events.register(
        "before-sign.dynamodb.*", lambda request, **_: request.headers.add_header("X-Strange", "a")
    )
    refused(user.dynamodb.get_item, "AccessDeniedException", TableName="missing", Key={"pk": s(strange)})
    error = refused(log.account.root.iam.create_user, "ValidationError", UserName=strange)
    event = log.told(error.response)
    assert event["requestParameters"]["userName"] == strange
    assert "Forged" not in {event["eventName"] for event in log.events()}


def test_the_file_is_for_its_owner(log: Log) -> None:
    assert stat.S_IMODE(log.file.stat().st_mode) == 0o600


def test_rotation(log: Log) -> None:
    root, old = log.account.root.dynamodb, log.file.with_suffix(".1")
    first = root.list_tables()
    log.told(first)
    log.file.rename(old)
    log.server.process.send_signal(signal.SIGHUP)
    wait_until(log.file.exists)
    assert log.file.read_text() == ""
    second = root.list_tables()
    log.told(second)
    assert [event["requestID"] for event in log.events(old)][-1] == first["ResponseMetadata"]["RequestId"]
    assert [event["requestID"] for event in log.events()] == [second["ResponseMetadata"]["RequestId"]]
    # Without the signal the next event makes a new file.
    log.file.rename(log.file.with_suffix(".2"))
    third = root.list_tables()
    assert log.told(third)["eventName"] == "ListTables"
    assert stat.S_IMODE(log.file.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    told: list[int] = []
    for _ in range(2):
        server = servers.start_stator(None, ["--authentication", "--audit", str(file)])
        log = Log(server, file)
        log.account.root.dynamodb.list_tables()
        assert server.stop() == 0
        told.append(len(log.events()))
        server.close()
    assert told == [1, 2]


def test_an_open_server_has_a_log_too(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    server = servers.start_stator(None, ["--audit", str(file)])
    try:
        answer = new_client(server.endpoint).list_tables()
        request_id = answer["ResponseMetadata"]["RequestId"]
        wait_until(lambda: request_id in file.read_text())
        [event] = [json.loads(line) for line in file.read_text().splitlines()]
        # Nobody proved anything.
        assert event["userIdentity"] == {"type": "Unknown", "accessKeyId": "test"}
    finally:
        server.close()


def test_a_file_that_cannot_be_is_told_at_the_start(tmp_path: Path) -> None:
    said = servers.refused_stator(None, ["--listen", "127.0.0.1:0", "--audit", str(tmp_path / "none" / "audit")])
    assert str(tmp_path / "none" / "audit") in said
