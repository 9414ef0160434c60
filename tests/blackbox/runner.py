"""Runs the black-box tests: pytest for boto3, the AWS CLI and raw HTTP, then node's runner for the JavaScript SDK."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from harness import caches, servers

JS_TESTS = sorted((caches.TESTS / "blackbox" / "js").glob("*.test.mjs"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run blackbox", description=__doc__)
    parser.add_argument("--peer", choices=servers.PEER_NAMES, help="run against a peer instead of Stator")
    parser.add_argument("--only", choices=("python", "js"), help="one of the two halves")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args(arguments)
    with endpoint(options.peer) as environment:
        failed = False
        if options.only != "js":
            failed = run_pytest(options.pytest, environment) != 0
        if options.only != "python":
            failed = run_node(environment) != 0 or failed
    return 1 if failed else 0


@contextlib.contextmanager
def endpoint(peer: str | None) -> Iterator[dict[str, str]]:
    """The environment that tells the tests where to go. Nothing for pytest alone: it starts its own server."""
    if peer is None:
        yield {}
        return
    with servers.peer(peer) as server:
        yield {"STATOR_ENDPOINT": server.endpoint, "STATOR_NO_HTTP2": "1"}


def run_pytest(arguments: list[str], environment: dict[str, str]) -> int:
    tests = str(caches.TESTS / "blackbox")
    command = [sys.executable, "-m", "pytest", "-c", str(caches.TESTS / "pyproject.toml"), *(arguments or [tests])]
    return subprocess.run(command, cwd=caches.TESTS, env={**os.environ, **environment}, check=False).returncode


def run_node(environment: dict[str, str]) -> int:
    if "STATOR_ENDPOINT" in {**os.environ, **environment}:
        return node_tests(environment)
    with servers.stator() as server:
        return node_tests({"STATOR_ENDPOINT": server.endpoint})


def node_tests(environment: dict[str, str]) -> int:
    modules = {"STATOR_NODE_MODULES": str(caches.node_modules())}
    command = [str(caches.node()), "--test", "--test-reporter=spec", *map(str, JS_TESTS)]
    return subprocess.run(command, env={**os.environ, **environment, **modules}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
