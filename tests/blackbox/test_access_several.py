"""Users of several servers over one database: who is made by one is known to all, and what one changes holds at the others.

The database is the one that STATOR_TEST_DATABASE names (`tests/run postgres`).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from blackbox.accounts import HOME, Account, Party, allow, deny, document
from blackbox.clients import unique_name
from blackbox.expect import s, wait_until
from harness import servers
from harness.credentials import Credentials

DATABASE = os.environ.get("STATOR_TEST_DATABASE")

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif(DATABASE is None, reason="no database was given"),
]

KEY = {"pk": s("a")}
# What other servers change is known after about a second. The machine may be busy.
KNOWN_SECONDS = 5.0


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those of all servers of one store, which is new. No server makes the master key of a store that others may have."""
    monkeypatch.setenv("STATOR_STORE_SCHEMA", unique_name().replace("-", "_"))
    return ["--authentication", "--master-key", f"file:{make_key(tmp_path / 'master.key')}"]


def make_key(path: Path) -> Path:
    subprocess.run([str(servers.binary()), "keys", "make", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture
def fleet(flags: list[str]) -> Iterator[list[servers.Server]]:
    """Two servers, one begun after the other."""
    running: list[servers.Server] = []
    for _ in range(2):
        running.append(servers.start_stator(DATABASE, flags))
    yield running
    for server in running:
        server.close()


def at(server: servers.Server, party: Party) -> Party:
    """The same somebody at this server."""
    return Party(server.endpoint, party.credentials, party.arn)


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def test_who_is_made_by_one_is_known_to_all(fleet: list[servers.Server]) -> None:
    first, second = fleet
    account = Account(first.endpoint, HOME, first.roots()[HOME])
    assert second.roots() == {}, "the account is there already"
    table = account.table()
    user = account.user(allow("dynamodb:*"))
    role = account.role(user.arn, allow("dynamodb:GetItem"))
    sessions = [
        user.assume(role),
        Party(first.endpoint, Credentials.answered(user.sts.get_session_token()["Credentials"]), user.arn),
    ]
    for party in (account.root, user, *sessions):
        at(second, party).dynamodb.get_item(TableName=table, Key=KEY)
    at(second, user).assume(role).dynamodb.get_item(TableName=table, Key=KEY)


def test_what_one_changes_holds_at_the_others(fleet: list[servers.Server]) -> None:
    first, second = fleet
    account = Account(first.endpoint, HOME, first.roots()[HOME])
    iam, table = account.root.iam, account.table()
    user = account.user(allow("dynamodb:*"))
    there = at(second, user).dynamodb

    def set_key(status: str) -> None:
        iam.update_access_key(UserName=user.name, AccessKeyId=user.credentials.key, Status=status)

    def becomes(expected: str) -> None:
        begin = time.monotonic()
        wait_until(lambda: outcome(lambda: there.get_item(TableName=table, Key=KEY)) == expected, KNOWN_SECONDS)
        assert time.monotonic() - begin < KNOWN_SECONDS

    becomes("done")
    set_key("Inactive")
    becomes("UnrecognizedClientException")
    set_key("Active")
    becomes("done")
    user.may(allow("dynamodb:*"), deny("dynamodb:GetItem"))
    becomes("AccessDeniedException")
    user.may(allow("dynamodb:*"))
    becomes("done")
    policy = document({**deny("dynamodb:GetItem", account.arn(table)), "Principal": "*"})
    account.root.dynamodb.put_resource_policy(ResourceArn=account.arn(table), Policy=policy)
    becomes("AccessDeniedException")
    account.root.dynamodb.delete_resource_policy(ResourceArn=account.arn(table))
    becomes("done")


def test_another_master_key_is_told_at_the_start(fleet: list[servers.Server], tmp_path: Path) -> None:
    other = make_key(tmp_path / "other.key")
    more = ["--listen", "127.0.0.1:0", "--authentication", "--master-key", f"file:{other}"]
    assert "wrong master key" in servers.refused_stator(DATABASE, more)


def test_the_first_starts_of_several_at_once(flags: list[str]) -> None:
    """One of them makes the account and shows its credentials, which all of them know."""
    with ThreadPoolExecutor(3) as pool:
        running = list(pool.map(lambda _: servers.start_stator(DATABASE, flags), range(3)))
    try:
        [root] = [root for server in running for root in server.roots().values()]
        for server in running:
            account = Account(server.endpoint, HOME, root)
            account.root.dynamodb.list_tables()
            account.user(allow("*")).iam.list_users()
    finally:
        for server in running:
            server.close()
