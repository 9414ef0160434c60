"""Servers to measure: as they come, with encryption at rest, and with authentication too; each on one core.

Authentication over a data directory wants a master key, so there is none without encryption.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3

from bench import machine
from bench.load import Target
from harness import servers

REGION = "us-east-1"
USER = "bench"
# Ten statements, of which one allows what is measured: an application's policy that has grown over years.
POLICY = Path(__file__).with_name("policy.json")
# What a server says once of the root user that it made.
ROOT = re.compile(r"^export AWS_ACCESS_KEY_ID=(\S+)\nexport AWS_SECRET_ACCESS_KEY=(\S+)$", re.MULTILINE)
SAID_SECONDS = 10.0

PLAIN, ENCRYPTED, AUTHENTICATED = "plain", "encrypted", "authenticated"
VARIANTS = (PLAIN, ENCRYPTED, AUTHENTICATED)


@contextmanager
def stator(on: Sequence[int], flags: Sequence[str] = (), data: Path | None = None) -> Iterator[servers.Server]:
    """Stator on these cores, over data that goes with it where none is given."""
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stator-bench-"))) / "data"
        server = start(folder, on, flags)
        stack.callback(server.close)
        yield server


def start(data: Path, on: Sequence[int], flags: Sequence[str] = ()) -> servers.Server:
    """Stator on these cores, ready."""
    port = servers.free_port()
    command = [str(servers.binary()), "serve", "--listen", f"127.0.0.1:{port}", "--data", str(data), *flags]
    return servers.start("stator", machine.pinned(command, on), port)


@contextmanager
def variant(name: str, on: Sequence[int]) -> Iterator[Target]:
    """One of VARIANTS."""
    with ExitStack() as stack:
        flags: list[str] = []
        if name != PLAIN:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="stator-bench-key-"))
            flags += ["--master-key", f"file:{folder}/key", "--make-master-key"]
        if name == AUTHENTICATED:
            flags.append("--authentication")
        server = stack.enter_context(stator(on, flags))
        yield _user(server) if name == AUTHENTICATED else Target(server)


def _user(server: servers.Server) -> Target:
    """Requests of a user whose policy has ten statements."""
    key, secret = _root(server)
    iam = boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="application", PolicyDocument=POLICY.read_text())
    made = iam.create_access_key(UserName=USER)["AccessKey"]
    return Target(server, made["AccessKeyId"], made["SecretAccessKey"])


def _root(server: servers.Server) -> tuple[str, str]:
    deadline = time.monotonic() + SAID_SECONDS
    while time.monotonic() < deadline:
        found = ROOT.search(server.log.read_text(errors="replace"))
        if found:
            return found[1], found[2]
        time.sleep(0.02)
    raise servers.ServerError("the server did not show the credentials of its root user")
