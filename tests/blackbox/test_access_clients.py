"""Access control through the AWS CLI, with roles in its profiles, and through the SDK for JavaScript; and as its page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import boto3
import pytest

from blackbox.accounts import ABROAD, HOME, Account, allow, document, reads
from blackbox.clients import unique_name
from blackbox.expect import s
from blackbox.runner import JS_TESTS
from blackbox.served import ACCESS as PAGE
from blackbox.test_cli import AWS, Cli
from harness import caches, servers
from harness.credentials import Credentials

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]

KEY = {"pk": s("a")}
SIGNED = sorted((caches.TESTS / "blackbox" / "js" / "signed").glob("*.test.mjs"))


def test_a_user_from_nothing_to_its_end(home: Account, tmp_path: Path) -> None:
    """Made, given a policy, used, refused and removed, all as people type it."""
    root = Cli(home.endpoint, tmp_path, credentials=home.root.credentials)
    iam, table, user = root.of("iam"), home.table(), unique_name()
    assert root.of("sts").text("get-caller-identity", "--query", "Arn") == [f"arn:aws:iam::{HOME}:root"]
    iam.ok("create-user", "--user-name", user)
    key = iam.ok("create-access-key", "--user-name", user)["AccessKey"]
    policy = tmp_path / "policy.json"
    policy.write_text(document(allow(["dynamodb:PutItem", "dynamodb:GetItem"], home.arn(table))))
    named = ("--user-name", user, "--policy-name", "orders")
    iam.ok("put-user-policy", *named, "--policy-document", f"file://{policy}")
    assert iam.ok("get-user-policy", *named)["PolicyDocument"] == json.loads(policy.read_text())
    ann = Cli(home.endpoint, tmp_path, credentials=Credentials.answered(key))
    ann.ok("put-item", "--table-name", table, "--item", json.dumps(KEY))
    assert ann.ok("get-item", "--table-name", table, "--key", json.dumps(KEY)) == {"Item": KEY}
    result = ann.run("scan", "--table-name", table)
    assert result.returncode != 0
    assert "(AccessDeniedException) when calling the Scan operation" in result.stderr
    assert "because no identity-based policy allows the dynamodb:Scan action" in result.stderr
    assert "AccessDenied" in ann.of("iam").run("list-users").stderr
    iam.ok("delete-access-key", "--user-name", user, "--access-key-id", key["AccessKeyId"])
    assert "UnrecognizedClientException" in ann.run("list-tables").stderr
    iam.ok("delete-user-policy", *named)
    iam.ok("delete-user", "--user-name", user)
    assert "NoSuchEntity" in iam.run("get-user", "--user-name", user).stderr


@pytest.fixture
def profiles(home: Account, tmp_path: Path) -> tuple[str, str]:
    """A home directory with a user, and a profile of a role that the user assumes. The role's name and a table of its."""
    user, table = home.user(), home.table()
    home.root.dynamodb.put_item(TableName=table, Item=KEY)
    role = home.role(user.arn, reads(home, table))
    folder = tmp_path / ".aws"
    folder.mkdir()
    key = user.credentials
    (folder / "credentials").write_text(
        f"[user]\naws_access_key_id = {key.key}\naws_secret_access_key = {key.secret}\n"
    )
    (folder / "config").write_text(
        f"[profile user]\nregion = us-east-1\n"
        f"[profile work]\nregion = us-east-1\nrole_arn = {role}\nsource_profile = user\nrole_session_name = at-work\n"
    )
    return role.rsplit("/", 1)[1], table


def test_a_role_in_a_profile_of_the_cli(home: Account, tmp_path: Path, profiles: tuple[str, str]) -> None:
    role, table = profiles
    cli = Cli(home.endpoint, tmp_path, credentials=None)
    work = ("--profile", "work")
    arn = f"arn:aws:sts::{HOME}:assumed-role/{role}/at-work"
    assert cli.of("sts").text("get-caller-identity", *work, "--query", "Arn") == [arn]
    read = ("get-item", "--table-name", table, "--key", json.dumps(KEY))
    assert cli.ok(*read, *work) == {"Item": KEY}
    assert "AccessDeniedException" in cli.run(*read, "--profile", "user").stderr
    refusal = cli.run("scan", "--table-name", table, *work).stderr
    assert f"User: {arn} is not authorized to perform: dynamodb:Scan" in refusal


def test_a_role_in_a_profile_of_boto3(
    home: Account, tmp_path: Path, profiles: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    role, table = profiles
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / ".aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / ".aws" / "credentials"))
    # The session asks STS itself.
    monkeypatch.setenv("AWS_ENDPOINT_URL", home.endpoint)
    session = boto3.Session(profile_name="work")
    assert session.client("sts").get_caller_identity()["Arn"].endswith(f"assumed-role/{role}/at-work")
    assert session.client("dynamodb").get_item(TableName=table, Key=KEY)["Item"] == KEY


def test_the_page_on_access_control(tmp_path: Path) -> None:
    """Its blocks of commands are carried out as they stand there, one after the other."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    server = servers.start_stator(None, ["--authentication", "--account", HOME, "--account", ABROAD])
    environment = {
        "PATH": f"{AWS.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_MAX_ATTEMPTS": "1",
        **server.roots()[HOME].environment(),
    }
    command = ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks)]
    try:
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
        )
    finally:
        server.close()
    assert result.returncode == 0, result.stderr
    said = result.stdout
    assert (said.count("denied, as it should be\n"), said.count("the old key is refused\n")) == (2, 1), said
    assert result.stderr.count("(AccessDeniedException)") == 2
    assert result.stderr.count("(UnrecognizedClientException)") == 1
    # What stands there as an answer is one. Of two lines that the page breaks one is made.
    for answer in re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        assert answer in said or answer.replace("\n", " ").strip() in result.stderr.replace("\n", " "), answer


@pytest.mark.parametrize("script", [*SIGNED, *JS_TESTS], ids=lambda script: script.stem.split(".")[0])
def test_the_sdk_for_javascript(guarded: servers.Server, home: Account, script: Path) -> None:
    """Its own tests of access, and all that it does against an open server, signed by the root user."""
    root = home.root.credentials
    environment = {
        **os.environ,
        "STATOR_ENDPOINT": guarded.endpoint,
        "STATOR_ACCESS_KEY_ID": root.key,
        "STATOR_SECRET_ACCESS_KEY": root.secret,
        "STATOR_NODE_MODULES": str(caches.node_modules()),
    }
    command = [str(caches.node()), "--test", str(script)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout[-6000:]
