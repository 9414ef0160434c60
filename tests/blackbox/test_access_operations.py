"""No operation is forgotten: each that the server serves refuses whom no policy allows it, and tells them nothing.

The lists are botocore's, of all operations that the services have, and those of the documents, of what is served. An
operation that is served from now on makes its test fail until both agree.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from blackbox.accounts import HOME, Account, User, allow, denied, document
from blackbox.clients import REGION, unique_name
from blackbox.expect import refused
from blackbox.minimal import Minimal, operations
from blackbox.served import ALLOWS, KEY, MORE, known, of_iam, served_by, served_by_dynamodb
from harness.signing import Request, Scope, host_of, sign
from harness.wire import Connection

pytestmark = pytest.mark.own_server

# Who proves who they are may always ask who they are, and with long-term credentials for temporary ones (STS's own
# documentation of the two operations).
EVERYONE_MAY = {"GetCallerIdentity", "GetSessionToken"}
# They bring other proof than a signature, of providers that there are none of here.
UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


def call(client: Any, operation: OperationModel, request: dict[str, Any]) -> None:
    getattr(client, xform_name(operation.name))(**request)


def answer(client: Any, operation: OperationModel, request: dict[str, Any]) -> tuple[int, str, str]:
    """The status, code and message of the refusal, or of none."""
    try:
        call(client, operation, request)
    except ClientError as error:
        told = error.response
        return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"], told["Error"].get("Message", "")
    return 200, "", ""


@pytest.fixture(scope="module")
def nobody(home: Account) -> User:
    """A user whom no policy allows anything."""
    return home.user()


@pytest.fixture(scope="module")
def places(home: Account) -> list[dict[str, Any]]:
    """What names mean of a table that is there, and of one that is not. They are of one length."""
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    table = home.table(StreamSpecification=view)
    home.root.dynamodb.put_item(TableName=table, Item=KEY)
    stream = home.root.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    [shard] = home.root.streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    place = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = {"ShardIterator": home.root.streams.get_shard_iterator(**place)["ShardIterator"]}
    gone = unique_name()
    return [{**known(table, stream), **iterator}, {**known(gone, stream.replace(table, gone)), **iterator}]


DYNAMODB = operations("dynamodb")
STREAMS = operations("dynamodbstreams")


def test_the_documents_name_operations_that_there_are() -> None:
    assert served_by_dynamodb() <= {operation.name for operation in (*DYNAMODB, *STREAMS)}
    for service in ("iam", "sts"):
        assert served_by(service) <= {operation.name for operation in operations(service)}
    assert {"GetItem", "CreateTable", "GetRecords"} <= served_by_dynamodb()


@pytest.mark.parametrize("operation", [*DYNAMODB, *STREAMS], ids=lambda operation: operation.name)
def test_every_operation_is_refused(operation: OperationModel, nobody: User, places: list[dict[str, Any]]) -> None:
    client = nobody.streams if operation in STREAMS else nobody.dynamodb
    answers = []
    # An iterator names a stream that there is: nobody can make one of another.
    for place in places[:1] if operation.name == "GetRecords" else places:
        told = answer(client, operation, Minimal(place).request(operation, MORE.get(operation.name)))
        answers.append((*told[:2], told[2].replace(place["TableName"], "TABLE")))
    status, code, message = answers[0]
    assert status == 400
    if operation.name in served_by_dynamodb():
        assert code == "AccessDeniedException", message
        assert message.startswith(f"User: {nobody.arn} is not authorized to perform: dynamodb:"), message
        assert len(set(answers)) == 1, "the answer tells whether there is such a table"
    else:
        assert code == "UnknownOperationException", (code, message)


def test_a_refused_operation_did_nothing(home: Account, nobody: User, places: list[dict[str, Any]]) -> None:
    table = places[0]["TableName"]
    before = home.root.dynamodb.describe_table(TableName=table)["Table"]
    for operation in DYNAMODB:
        answer(nobody.dynamodb, operation, Minimal(places[0]).request(operation, MORE.get(operation.name)))
    assert home.root.dynamodb.describe_table(TableName=table)["Table"] == before
    assert home.root.dynamodb.scan(TableName=table)["Items"] == [KEY]
    assert home.root.dynamodb.list_tags_of_resource(ResourceArn=places[0]["TableArn"])["Tags"] == []
    gone = places[1]["TableName"]
    refused(home.root.dynamodb.describe_table, "ResourceNotFoundException", TableName=gone)


def make_entities(account: Account, name: str, path: str = "/") -> None:
    """A user, a group, a role and a policy of one name."""
    iam = account.root.iam
    iam.create_user(UserName=name, Path=path)
    iam.create_group(GroupName=name, Path=path)
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(trusting_nobody(account)))
    iam.create_policy(PolicyName=name, Path=path, PolicyDocument=ALLOWS)


def trusting_nobody(account: Account) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": account.user().arn}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def entities(home: Account) -> list[str]:
    """A name that entities of all kinds have, and one that none has."""
    there = unique_name()
    make_entities(home, there)
    return [there, unique_name()]


@pytest.mark.parametrize("operation", [*operations("iam"), *operations("sts")], ids=lambda operation: operation.name)
def test_every_operation_of_iam_and_sts_is_refused(
    operation: OperationModel, nobody: User, entities: list[str]
) -> None:
    service = operation.service_model.service_name
    client = nobody.client(service)
    answers = []
    for name in entities:
        told = answer(client, operation, Minimal(of_iam(name)).request(operation))
        answers.append((*told[:2], told[2].replace(name, "NAME")))
    status, code, message = answers[0]
    if operation.name in EVERYONE_MAY:
        assert status == 200, message
    elif operation.name in UNSIGNED:
        assert (status, code) in ((403, "MissingAuthenticationToken"), (400, "InvalidAction")), answers
    elif operation.name in served_by(service):
        assert (status, code) == (403, "AccessDenied"), message
        assert message.startswith(f"User: {nobody.arn} is not authorized to perform: {service}:{operation.name}")
        assert answers[0] == answers[1], "the answer tells what there is"
    else:
        assert (status, code) == (400, "InvalidAction"), (code, message)


def test_a_refusal_does_not_tell_the_path_of_what_there_is(home: Account, nobody: User) -> None:
    """The path belongs to the ARN, which only those learn who may see it."""
    there, gone = unique_name(), unique_name()
    make_entities(home, there, "/hidden/")
    for service_operation in ("get_user", "get_group", "get_role"):
        parameter = f"{service_operation.split('_')[1].title()}Name"
        words = []
        for name in (there, gone):
            error = refused(getattr(nobody.iam, service_operation), "AccessDenied", **{parameter: name})
            words.append(error.response["Error"]["Message"].replace(name, "NAME"))
        assert words[0] == words[1]


def test_operations_are_known_by_their_exact_names(home: Account) -> None:
    """An operation under another name must not come past its policies."""
    user = home.user()
    connection = Connection(home.endpoint)
    for target in ("DynamoDB_20120810.getitem", "DynamoDB_20120810.GetItem.", "DynamoDB_20111205.GetItem", "GetItem"):
        headers = {
            "host": host_of(home.endpoint),
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": target,
        }
        connection.send(sign(Request(headers, b"{}"), user.credentials).encode())
        told = connection.receive()
        assert (told.status, told.error_type()) == (400, "UnknownOperationException"), target
    for action in ("listusers", "ListUsers ", "ListUsers\0", ""):
        headers = {"host": host_of(home.endpoint), "content-type": "application/x-www-form-urlencoded"}
        body = f"Action={action}&Version=2010-05-08".replace(" ", "%20").replace("\0", "%00").encode()
        connection.send(sign(Request(headers, body), user.credentials, Scope(service="iam")).encode())
        told = connection.receive()
        assert told.status == 400, told
        assert b"<Code>InvalidAction</Code>" in told.body or b"<Code>MissingAction</Code>" in told.body, told
    # Of two actions in one form it must not be one that is asked about and the other that is done.
    may_list = home.user(allow("iam:ListUsers"))
    for body in (b"Action=ListUsers&Action=ListRoles", b"Action=ListRoles&Action=ListUsers"):
        headers = {"host": host_of(home.endpoint), "content-type": "application/x-www-form-urlencoded"}
        request = Request(headers, body + b"&Version=2010-05-08")
        connection.send(sign(request, may_list.credentials, Scope(service="iam")).encode())
        told = connection.receive()
        assert b"<Roles>" not in told.body, told.body
    connection.close()


def test_names_that_could_mean_another_table(home: Account) -> None:
    """Whoever may read below an ARN must not come by it to a table that they may not read."""
    table = home.table()
    home.root.dynamodb.put_item(TableName=table, Item=KEY)
    spellings = [
        home.arn(table, "/index/x"),
        home.arn(table, "/stream/2026-01-01T00:00:00.000"),
        home.arn(table).replace(REGION, "eu-west-1"),
        home.arn(table).replace("arn:aws:", "arn:aws-cn:"),
        home.arn(table).replace(":dynamodb:", ":DynamoDB:"),
        home.arn(table) + "/",
        home.arn(table).replace(f":{HOME}:", "::"),
        home.arn(f"../table/{table}"),
        f"{table}/index/x",
        f"{table}/",
        f" {table}",
        table.upper(),
    ]
    for spelling in spellings:
        resource = spelling if spelling.startswith("arn:") else home.arn(spelling)
        user = home.user(allow("dynamodb:*", resource))
        for operation, more in (("get_item", {"Key": KEY}), ("scan", {}), ("delete_table", {})):
            with pytest.raises(ClientError) as caught:
                getattr(user.dynamodb, operation)(TableName=spelling, **more)
            assert caught.value.response["Error"]["Code"] != "InternalServerError", spelling
        statement = f"SELECT * FROM \"{spelling}\" WHERE pk = 'a'"
        with pytest.raises(ClientError):
            user.dynamodb.execute_statement(Statement=statement)
    assert home.root.dynamodb.scan(TableName=table)["Items"] == [KEY]
    # In ARNs of policies case counts.
    user = home.user(allow("dynamodb:GetItem", home.arn(table.upper())))
    denied(user.dynamodb.get_item, user, "dynamodb:GetItem", home.arn(table), TableName=table, Key=KEY)
