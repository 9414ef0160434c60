"""What a server with users keeps and what not: users, roles and sessions through restarts, secrets nowhere, sessions that end.

These tests start servers of their own, one of them with a clock that is put forward.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path

import botocore.auth
import pytest

from blackbox.accounts import ABROAD, HOME, Account, Party, User, allow, document, reads
from blackbox.clients import unique_name
from blackbox.conftest import Start
from blackbox.expect import refused, s
from harness import servers
from harness.clock import Clock
from harness.credentials import Credentials

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]

KEY = {"pk": s("a")}
INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
MINUTE = 60


def flags(tmp_path: Path) -> list[str]:
    """Those of a server with users whose data is kept."""
    return ["--authentication", "--master-key", f"file:{tmp_path / 'master.key'}", "--make-master-key"]


def people(server: servers.Server, table: str) -> tuple[Account, User, str, list[Party]]:
    """An account with a table, a user, a role, and sessions of all kinds that may read the table."""
    account = Account(server.endpoint, HOME, server.roots()[HOME])
    account.table(name=table)
    account.root.dynamodb.put_item(TableName=table, Item=KEY)
    user = account.user(reads(account, table), allow("sts:GetFederationToken"))
    role = account.role(user.arn, reads(account, table))
    answers = [
        user.sts.assume_role(RoleArn=role, RoleSessionName="ab", DurationSeconds=900),
        user.sts.get_session_token(DurationSeconds=900),
        account.root.sts.get_session_token(DurationSeconds=900),
        user.sts.get_federation_token(Name="guest", DurationSeconds=900, Policy=document(allow("dynamodb:*"))),
    ]
    sessions = [Party(server.endpoint, Credentials.answered(answer["Credentials"]), "") for answer in answers]
    return account, user, role, sessions


def at(endpoint: str, party: Party) -> Party:
    """The same somebody, who calls at another place."""
    return Party(endpoint, party.credentials, party.arn)


def test_what_a_restart_keeps(start: Start, tmp_path: Path) -> None:
    table = unique_name()
    first = start(*flags(tmp_path))
    account, user, role, sessions = people(first, table)
    inactive = account.user(reads(account, table))
    account.root.iam.update_access_key(UserName=inactive.name, AccessKeyId=inactive.credentials.key, Status="Inactive")
    assert first.stop() == 0
    # Ended and begun again, then killed and begun again.
    for ends in (servers.Server.stop, servers.Server.kill):
        server = start(*flags(tmp_path))
        for party in (account.root, user, *sessions):
            there = at(server.endpoint, party)
            assert there.dynamodb.get_item(TableName=table, Key=KEY)["Item"] == KEY
        there = at(server.endpoint, inactive)
        refused(there.dynamodb.get_item, "UnrecognizedClientException", INVALID, TableName=table, Key=KEY)
        at(server.endpoint, user).assume(role).dynamodb.get_item(TableName=table, Key=KEY)
        assert server.roots() == {}, "root credentials are told once"
        ends(server)


def test_secrets_are_told_once_and_logged_never(start: Start, tmp_path: Path) -> None:
    audit, more = tmp_path / "audit", ["--log-level", "debug"]
    first = start(*flags(tmp_path), *more, "--audit", str(audit))
    account, user, _, sessions = people(first, table := unique_name())
    rotated = Credentials.answered(account.root.iam.create_access_key(UserName=user.name)["AccessKey"])
    for party in sessions:
        party.dynamodb.get_item(TableName=table, Key=KEY)
        # Not that of the root user, who may.
        if party is not sessions[2]:
            refused(party.dynamodb.put_item, "AccessDeniedException", TableName=table, Item=KEY)
    assert first.stop() == 0
    second = start(*flags(tmp_path), *more, "--audit", str(audit))
    at(second.endpoint, account.root).dynamodb.list_tables()
    at(second.endpoint, user).dynamodb.get_item(TableName=table, Key=KEY)
    assert second.stop() == 0
    root = account.root.credentials
    shown = f"export AWS_SECRET_ACCESS_KEY={root.secret}\n"
    assert first.said().count(shown) == 1
    for text in (first.said().replace(shown, ""), second.said(), audit.read_text()):
        for credentials in (root, user.credentials, rotated, *(party.credentials for party in sessions)):
            assert credentials.secret not in text
            assert (credentials.token or "no token") not in text
    assert root.key in first.said()


def test_secrets_are_not_in_the_data_directory(start: Start, tmp_path: Path) -> None:
    server = start(*flags(tmp_path))
    account, user, _, _ = people(server, unique_name())
    server.kill()
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for party in (account.root, user):
            assert party.credentials.secret.encode() not in content, path


def test_root_credentials_are_made_anew_where_nobody_is_left(start: Start, tmp_path: Path) -> None:
    """Whoever deletes the root user's key, as they should, must not get another at the next start: unless nobody has one."""
    server = start(*flags(tmp_path))
    account = Account(server.endpoint, HOME, server.roots()[HOME])
    user = account.user(allow("*"))
    account.root.iam.delete_access_key(AccessKeyId=account.root.credentials.key)
    refused(account.root.sts.get_caller_identity, "InvalidClientTokenId")
    assert server.stop() == 0
    server = start(*flags(tmp_path))
    assert server.roots() == {}
    at(server.endpoint, user).iam.delete_access_key(UserName=user.name, AccessKeyId=user.credentials.key)
    assert server.stop() == 0
    server = start(*flags(tmp_path))
    root = Account(server.endpoint, HOME, server.roots()[HOME]).root
    assert root.credentials != account.root.credentials
    assert [found["UserName"] for found in root.iam.list_users()["Users"]] == [user.name]


def test_an_account_that_is_added(start: Start, tmp_path: Path) -> None:
    server = start(*flags(tmp_path))
    home = server.roots()[HOME]
    assert server.stop() == 0
    both = [*flags(tmp_path), "--account", HOME, "--account", ABROAD]
    server = start(*both)
    roots = server.roots()
    assert list(roots) == [ABROAD]
    for number, root in ((HOME, home), (ABROAD, roots[ABROAD])):
        assert Account(server.endpoint, number, root).root.sts.get_caller_identity()["Account"] == number


def test_users_that_are_kept_need_a_master_key(tmp_path: Path) -> None:
    said = servers.refused_stator(tmp_path / "data", ["--listen", "127.0.0.1:0", "--authentication"])
    assert "--master-key" in said


@pytest.fixture
def put_forward(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Clock, Callable[[int], None]]:
    """A clock for a server, and what puts it and that of botocore's signatures forward."""
    clock = Clock(tmp_path)
    real = botocore.auth.get_current_datetime

    def forward(seconds: int) -> None:
        clock.set_ahead(seconds)
        ahead = datetime.timedelta(seconds=seconds)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **more: real(**more) + ahead)

    return clock, forward


def test_sessions_are_over(start: Start, put_forward: tuple[Clock, Callable[[int], None]], tmp_path: Path) -> None:
    clock, forward = put_forward
    server = start(*flags(tmp_path), environment=clock.environment())
    _, user, role, sessions = people(server, table := unique_name())
    other = user.assume(role, DurationSeconds=3600)
    forward(14 * MINUTE)
    for session in sessions:
        session.dynamodb.get_item(TableName=table, Key=KEY)
    forward(16 * MINUTE)
    for session in sessions:
        refused(session.dynamodb.get_item, "ExpiredTokenException", EXPIRED, TableName=table, Key=KEY)
        refused(session.sts.get_caller_identity, "ExpiredToken", EXPIRED)
    other.dynamodb.get_item(TableName=table, Key=KEY)
    user.dynamodb.get_item(TableName=table, Key=KEY)
    # Whoever is not known from before is not let in either.
    assert server.stop() == 0
    again = start(*flags(tmp_path), environment=clock.environment())
    for session in sessions:
        there = at(again.endpoint, session)
        refused(there.dynamodb.get_item, "ExpiredTokenException", EXPIRED, TableName=table, Key=KEY)
    at(again.endpoint, other).dynamodb.get_item(TableName=table, Key=KEY)
    forward(61 * MINUTE)
    there = at(again.endpoint, other)
    refused(there.dynamodb.get_item, "ExpiredTokenException", EXPIRED, TableName=table, Key=KEY)
    at(again.endpoint, user).assume(role).dynamodb.get_item(TableName=table, Key=KEY)
