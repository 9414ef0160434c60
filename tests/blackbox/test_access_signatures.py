"""What is signed wrongly, by whom it may not be, or for another time, is refused, in the words of each service.

The requests are signed by the harness, which can sign what an SDK would not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from blackbox.accounts import HOME, Account, Party, User, allow
from blackbox.clients import unique_name
from blackbox.expect import s
from harness import servers
from harness.credentials import Credentials
from harness.signing import Request, Scope, host_of, later, presign, sign
from harness.wire import Answer, Connection

pytestmark = pytest.mark.own_server

MISMATCH = "The request signature we calculated does not match the signature you provided."
INVALID = "The security token included in the request is invalid."
MINUTE = 60
DAY = 24 * 60 * MINUTE


@dataclass(frozen=True)
class Target:
    """A service as it is called by hand."""

    service: str
    headers: dict[str, str]
    body: bytes
    # What the body is changed to after it was signed.
    other_body: bytes

    def request(self, endpoint: str) -> Request:
        return Request({"host": host_of(endpoint), **self.headers}, self.body)


def form(**parameters: str) -> bytes:
    return urlencode(parameters).encode()


def json_target(operation: str, body: Any, other: Any) -> Target:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
    return Target("dynamodb", headers, json.dumps(body).encode(), json.dumps(other).encode())


FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
DYNAMODB = json_target("ListTables", {"Limit": 1}, {"Limit": 2})
IAM = Target(
    "iam",
    FORM,
    form(Action="ListUsers", Version="2010-05-08"),
    form(Action="ListRoles", Version="2010-05-08"),
)
STS = Target(
    "sts",
    FORM,
    form(Action="GetCallerIdentity", Version="2011-06-15"),
    form(Action="GetSessionToken", Version="2011-06-15"),
)
TARGETS = [DYNAMODB, IAM, STS]

# What each service calls the same mistake.
WORDS = {
    "mismatch": ("InvalidSignatureException", "SignatureDoesNotMatch"),
    "unknown": ("UnrecognizedClientException", "InvalidClientTokenId"),
    "expired": ("ExpiredTokenException", "ExpiredToken"),
    "incomplete": ("IncompleteSignatureException", "IncompleteSignature"),
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
}


def told(target: Target, answer: Answer) -> tuple[str, str]:
    """The code and the message of an error."""
    if target.service == "dynamodb":
        assert answer.status == 400, answer
        return str(answer.error_type()), answer.message()
    assert answer.headers["content-type"] == "text/xml", answer.headers
    root = ElementTree.fromstring(answer.body)
    space = re.match(r"\{.*\}", root.tag)
    name = space[0] if space else ""
    assert root.tag == f"{name}ErrorResponse", answer.body
    assert root.findtext(f"{name}RequestId"), answer.body
    error = root.find(f"{name}Error")
    assert error is not None, answer.body
    code, message = error.findtext(f"{name}Code") or "", error.findtext(f"{name}Message") or ""
    assert answer.status == (400 if code == "IncompleteSignature" else 403), answer
    return code, message


@pytest.fixture(scope="module")
def user(home: Account) -> User:
    """Somebody who may do what is asked for here, if it is they who ask."""
    return home.user(allow(["dynamodb:ListTables", "iam:ListUsers"]))


@pytest.fixture
def send(guarded: servers.Server) -> Any:
    """Sends a request."""

    def send(request: Request) -> Answer:
        connection = Connection(guarded.endpoint)
        try:
            connection.send(request.encode())
            return connection.receive()
        finally:
            connection.close()

    return send


def signed(target: Target, party: Party, **more: Any) -> Request:
    """The target's request, signed by somebody as they should."""
    scope = replace(Scope(service=target.service), **more.pop("scope", {}))
    credentials = more.pop("credentials", party.credentials)
    return sign(target.request(party.endpoint), credentials, scope, **more)


def named(target: Target) -> str:
    return target.service


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_what_is_signed_rightly_is_answered(target: Target, user: User, send: Any) -> None:
    within = 4 if target is DYNAMODB else 14
    for minutes in (0, within, -within):
        assert send(signed(target, user, at=later(minutes * MINUTE))).status == 200
    # A header that is not signed may come along, and spaces around a signed one are nobody's.
    request = signed(target, user)
    assert send(replace(request, added=(("x-amz-cf-id", "a"), ("user-agent", "somebody")))).status == 200
    spaced = {**request.headers, "content-type": f"  {request.headers['content-type']}  "}
    assert send(replace(request, headers=spaced)).status == 200
    more = replace(target.request(user.endpoint), body=target.body).with_headers(x_amz_meta="a   b")
    assert send(sign(more, user.credentials, Scope(service=target.service))).status == 200
    few = ["host", "x-amz-target"] if target is DYNAMODB else ["host"]
    assert send(signed(target, user, only=few)).status == 200


Change = Callable[[Target, Request], Request]

CHANGES: dict[str, Change] = {
    "body": lambda target, request: replace(request, body=target.other_body),
    "one byte of the body": lambda _, request: replace(request, body=request.body + b" "),
    "no body": lambda target, request: replace(request, body=b"{}" if target is DYNAMODB else b"Action="),
    "content type": lambda target, request: request.with_headers(
        content_type="application/json" if target is DYNAMODB else "application/x-www-form-urlencoded"
    ),
    "host": lambda _, request: request.with_headers(host="dynamodb.us-east-1.amazonaws.com"),
    "time": lambda _, request: request.with_headers(
        x_amz_date=request.headers["x-amz-date"][:-3]
        + ("1" if request.headers["x-amz-date"][-3] == "0" else "0")
        + "0Z"
    ),
    "method": lambda _, request: replace(request, query="a=b"),
    "a signed header that is gone": lambda _, request: request.with_headers(x_amz_meta=None),
    "a signed header that is another": lambda _, request: request.with_headers(x_amz_meta="b"),
    "a signed header that comes twice": lambda _, request: replace(request, added=(("x-amz-meta", "b"),)),
    "digits of the signature": lambda _, request: request.with_headers(
        authorization=re.sub(
            r"Signature=(.)", lambda found: f"Signature={int(found[1], 16) ^ 1:x}", authorization(request)
        )
    ),
    "a signature that is too short": lambda _, request: request.with_headers(authorization=authorization(request)[:-1]),
    "a signature that is none": lambda _, request: request.with_headers(
        authorization=re.sub(r"Signature=.*", "Signature=" + "z" * 64, authorization(request))
    ),
}


def authorization(request: Request) -> str:
    return request.headers["authorization"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_what_was_changed_after_signing_is_refused(target: Target, change: str, user: User, send: Any) -> None:
    whole = target.request(user.endpoint).with_headers(x_amz_meta="a")
    request = sign(whole, user.credentials, Scope(service=target.service))
    assert send(request).status == 200
    code, message = told(target, send(CHANGES[change](target, request)))
    assert code == WORDS["mismatch"][target is not DYNAMODB]
    assert message.startswith(MISMATCH)
    assert user.credentials.secret not in message


def test_another_target_is_another_request(user: User, send: Any) -> None:
    request = signed(DYNAMODB, user)
    other = request.with_headers(x_amz_target="DynamoDB_20120810.DescribeLimits")
    assert told(DYNAMODB, send(other))[0] == "InvalidSignatureException"


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_a_wrong_secret(target: Target, user: User, send: Any) -> None:
    for secret in ("wrong", user.credentials.secret[:-1], user.credentials.secret.swapcase()):
        code, message = told(target, send(signed(target, user, credentials=Credentials(user.credentials.key, secret))))
        assert code == WORDS["mismatch"][target is not DYNAMODB]
        assert message.startswith(MISMATCH)


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_a_clock_that_is_wrong(target: Target, user: User, send: Any) -> None:
    minutes = 5 if target is DYNAMODB else 15
    for off, words in (
        (-minutes - 1, r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - %d min\.\)"),
        (
            minutes + 1,
            r"Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ %d min\.\)",
        ),
    ):
        answer = send(signed(target, user, at=later(off * MINUTE)))
        code, message = told(target, answer)
        assert code == WORDS["mismatch"][target is not DYNAMODB]
        assert re.fullmatch(words % minutes, message), message
        assert "date" in answer.headers, "by this SDKs set their clocks right"
    for days in (-1, 1, -400):
        assert (
            told(target, send(signed(target, user, at=later(days * DAY))))[0]
            == WORDS["mismatch"][target is not DYNAMODB]
        )


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_a_signature_for_elsewhere(target: Target, user: User, send: Any) -> None:
    another = "kms" if target is DYNAMODB else "dynamodb"
    scopes: list[dict[str, str]] = [{"service": another}, {"date": "20200101"}, {"terminator": "aws5_request"}]
    # IAM and STS are the same in every Region, and clients sign with the one that they are set to.
    if target is DYNAMODB:
        scopes.append({"region": "eu-west-1"})
    else:
        assert send(signed(target, user, scope={"region": "eu-west-1"})).status == 200
    for scope in scopes:
        code, message = told(target, send(signed(target, user, scope=scope)))
        assert code == WORDS["mismatch"][target is not DYNAMODB], scope
        assert "Credential" in message, message


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_keys_and_tokens_that_are_not_known(target: Target, user: User, home: Account, send: Any) -> None:
    own = user.credentials
    session = Credentials.answered(user.sts.get_session_token()["Credentials"])
    another = Credentials.answered(home.user().sts.get_session_token()["Credentials"])
    assert send(signed(DYNAMODB, user, credentials=session)).status == 200
    wrong = [
        replace(own, key="AKIA" + "A" * 16),
        replace(own, key="AKIAIOSFODNN7EXAMPLE"),
        replace(own, key="nobody"),
        replace(own, key=own.key.lower()),
        replace(own, token=session.token),
        replace(own, token="no token"),
        replace(session, token=None),
        replace(session, token="no token"),
        replace(session, token=another.token),
        replace(session, token=(session.token or "")[:-8] + "AAAAAAA="),
        replace(session, key=own.key),
    ]
    for credentials in wrong:
        code, message = told(target, send(signed(target, user, credentials=credentials)))
        assert code == WORDS["unknown"][target is not DYNAMODB], credentials
        assert message.rstrip(".") == INVALID.rstrip("."), message
    mixed = replace(session, secret=own.secret)
    assert told(target, send(signed(target, user, credentials=mixed)))[0] == WORDS["mismatch"][target is not DYNAMODB]


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_a_request_without_a_signature(target: Target, user: User, send: Any) -> None:
    request = target.request(user.endpoint)
    for header in (None, "", "Basic YTpi", "Bearer abc"):
        assert (
            told(target, send(request.with_headers(authorization=header)))[0]
            == WORDS["missing"][target is not DYNAMODB]
        )


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_a_signature_that_lacks_something(target: Target, user: User, send: Any) -> None:
    request = signed(target, user)
    whole = authorization(request)
    credential, signed_headers, signature = whole.split(" ", 1)[1].split(", ")
    broken = [
        f"AWS4-HMAC-SHA256 {signed_headers}, {signature}",
        f"AWS4-HMAC-SHA256 {credential}, {signature}",
        f"AWS4-HMAC-SHA256 {credential}, {signed_headers}",
        f"AWS4-HMAC-SHA1 {credential}, {signed_headers}, {signature}",
        f"AWS4-HMAC-SHA256 Credential=a/b/c, {signed_headers}, {signature}",
        "AWS4-HMAC-SHA256",
        whole.replace("=", ":"),
    ]
    for header in broken:
        code, message = told(target, send(request.with_headers(authorization=header)))
        assert code == WORDS["incomplete"][target is not DYNAMODB], header
        assert message
    undated = request.with_headers(x_amz_date=None)
    assert told(target, send(undated))[0] == WORDS["incomplete"][target is not DYNAMODB]


@pytest.mark.parametrize("target", TARGETS, ids=named)
def test_what_must_be_signed(target: Target, user: User, send: Any) -> None:
    code, message = told(target, send(signed(target, user, only=["content-type", "x-amz-date"])))
    assert code == WORDS["mismatch"][target is not DYNAMODB]
    assert "'Host' or ':authority' must be a 'SignedHeader'" in message
    if target is DYNAMODB:
        code, message = told(target, send(signed(target, user, only=["host", "x-amz-date"])))
        assert code == "InvalidSignatureException"
        assert "'X-Amz-Target' must be a 'SignedHeader'" in message


def test_a_refused_write_writes_nothing(home: Account, send: Any) -> None:
    table = home.table()
    put = json_target("PutItem", {"TableName": table, "Item": {"pk": s("a")}}, {})
    root = home.root
    for request in (
        replace(signed(put, root), body=put.body.replace(b'"a"', b'"b"')),
        signed(put, root, credentials=replace(root.credentials, secret="wrong")),
        signed(put, root, at=later(-10 * MINUTE)),
        put.request(root.endpoint),
    ):
        assert send(request).status == 400
    assert root.dynamodb.scan(TableName=table)["Items"] == []
    assert send(signed(put, root)).status == 200
    assert root.dynamodb.scan(TableName=table)["Items"] == [{"pk": s("a")}]


def test_a_presigned_request_to_dynamodb(home: Account, send: Any) -> None:
    get = json_target("ListTables", {"Limit": 1}, {"Limit": 2})
    user, nobody = home.user(allow("dynamodb:ListTables")), home.user()
    session = Credentials.answered(user.sts.get_session_token()["Credentials"])
    whole = get.request(home.endpoint)
    for credentials in (user.credentials, session):
        request = presign(whole, credentials, 60)
        assert send(request).status == 200
        other = request.with_headers(x_amz_target="DynamoDB_20120810.DescribeLimits")
        longer = replace(request, query=request.query.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
        for changed in (other, longer, replace(request, body=get.other_body)):
            assert send(changed).error_type() == "InvalidSignatureException"
        twice = sign(request, credentials)
        assert send(twice).error_type() == "InvalidSignatureException", "in the query or in a header, not in both"
    assert send(presign(whole, nobody.credentials, 60)).error_type() == "AccessDeniedException"
    forged = replace(user.credentials, secret="wrong")
    assert send(presign(whole, forged, 60)).error_type() == "InvalidSignatureException"
    # It says itself how long it is good for, up to a week.
    ago = later(-10 * MINUTE)
    assert send(presign(whole, user.credentials, 11 * MINUTE, at=ago)).status == 200
    assert send(presign(whole, user.credentials, 7 * DAY, at=later(-6 * DAY))).status == 200
    answer = send(presign(whole, user.credentials, 9 * MINUTE, at=ago))
    assert answer.error_type() == "InvalidSignatureException"
    assert answer.message().startswith("Signature expired: ")
    assert send(presign(whole, user.credentials, 7 * DAY + 1)).status == 400


def presigned_url(party: Party, operation: str = "get_caller_identity", **more: Any) -> str:
    """The URL by which others prove to a third who they are."""
    return str(party.sts.generate_presigned_url(operation, HttpMethod="GET", ExpiresIn=60, **more))


def get(send: Any, url: str, **headers: str) -> Answer:
    path, _, query = url.partition("?")
    host = path.split("/")[2]
    answer: Answer = send(Request({"host": host, **headers}, method="GET", query=query))
    return answer


def test_a_presigned_question_who_somebody_is(home: Account, user: User, send: Any) -> None:
    session = home.root.sts.get_session_token()["Credentials"]
    root_session = Party(home.endpoint, Credentials.answered(session), home.root.arn)
    for party in (home.root, user, root_session):
        answer = get(send, presigned_url(party))
        assert answer.status == 200, answer.body
        assert f"<Arn>{party.arn}</Arn>" in answer.body.decode()
        assert f"<Account>{HOME}</Account>" in answer.body.decode()
    url = presigned_url(user)
    wrong = {
        "another action": url.replace("GetCallerIdentity", "GetSessionToken"),
        "a parameter more": url + "&Extra=1",
        "another key": url.replace(user.credentials.key, home.root.credentials.key),
        "another time": re.sub(r"X-Amz-Expires=60", "X-Amz-Expires=600", url),
        "another signature": url[:-1] + ("0" if url[-1] != "0" else "1"),
    }
    for what, changed in wrong.items():
        assert changed != url
        assert told(STS, get(send, changed))[0] == "SignatureDoesNotMatch", what
    assert told(STS, get(send, url.split("&X-Amz-Signature")[0]))[0] == "IncompleteSignature"
    unsigned = url.split("?")[0] + "?Action=GetCallerIdentity&Version=2011-06-15"
    assert told(STS, get(send, unsigned))[0] == "MissingAuthenticationToken"
    assert told(STS, get(send, url, host="elsewhere"))[0] == "SignatureDoesNotMatch"


def test_a_refusal_is_the_same_whoever_knows_what(home: Account, send: Any) -> None:
    """Who does not prove who they are learns nothing of tables, users or roles from what they are answered."""
    here, gone = home.table(), unique_name()
    stranger = home.user()
    forged = replace(stranger.credentials, secret="wrong")
    answers = set()
    for table in (here, gone):
        describe = json_target("DescribeTable", {"TableName": table}, {})
        code, message = told(describe, send(signed(describe, stranger, credentials=forged)))
        answers.add((code, message.split(".")[0]))
    assert len(answers) == 1


def test_a_role_that_is_not_told_of(home: Account, send: Any) -> None:
    """Whoever may assume nothing does not learn which roles there are."""
    stranger = home.user()
    roles = (home.role(home.root.arn), f"arn:aws:iam::{HOME}:role/none")
    bodies = [form(Action="AssumeRole", Version="2011-06-15", RoleArn=role, RoleSessionName="ab") for role in roles]
    words = []
    for role, body in zip(roles, bodies, strict=True):
        code, message = told(STS, send(signed(replace(STS, body=body), stranger)))
        words.append((code, message.replace(role, "ROLE")))
    assert words[0] == words[1]
    assert words[0][0] == "AccessDenied"
