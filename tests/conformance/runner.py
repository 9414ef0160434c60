"""Runs a checkout of the public DynamoDB conformance suite (vitest) and compares its failures with stale.toml.

The suite is not part of this repository: pass the path of a checkout in which `npm install` was run. It runs
against a fresh server. A failure that stale.toml does not name fails the run; so does a named test that passes,
because the list must stay true.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness import caches, servers

STALE = Path(__file__).parent / "stale.toml"
FOLDERS = (
    "tests/tier1",
    "tests/tier3",
    "tests/tier2/transactions",
    "tests/tier2/partiql",
    "tests/tier2/streams",
    "tests/tier2/ttl",
)
# The suite takes a minute or two; a server that hangs must not hold the run.
SUITE_SECONDS = 1_200


@dataclass(frozen=True)
class Result:
    """One test of the suite."""

    file: str
    name: str
    status: str
    message: str

    @property
    def title(self) -> str:
        return f"{self.file} : {self.name}"


@dataclass(frozen=True)
class Stale:
    """One entry of stale.toml: tests that today's DynamoDB, or this version of Stator, answers otherwise."""

    file: str
    tests: tuple[str, ...]
    reason: str

    def names(self, result: Result) -> bool:
        return self.file == result.file and any(fnmatchcase(result.name, test) for test in self.tests)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run conformance", description=__doc__)
    parser.add_argument("suite", type=Path, help="a checkout of the suite, with its packages installed")
    parser.add_argument("--peer", choices=servers.PEER_NAMES, help="run against a peer instead of Stator")
    parser.add_argument("folders", nargs="*", default=FOLDERS, help="folders or files of the suite")
    options = parser.parse_args(arguments)
    if not (options.suite / "node_modules").is_dir():
        parser.error(f"{options.suite} is no checkout with node_modules")
    with servers.peer(options.peer) if options.peer else servers.stator() as server:
        results = run_suite(options.suite.resolve(), server.endpoint, options.folders)
        alive = server.alive()
    return report(results, alive)


def run_suite(suite: Path, endpoint: str, folders: Iterable[str]) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        output = Path(folder) / "results.json"
        command = ["npx", "--no-install", "vitest", "run", "--reporter=json", f"--outputFile={output}", *folders]
        environment = {
            **os.environ,
            "DYNAMODB_ENDPOINT": os.environ.get("STATOR_ENDPOINT", endpoint),
            "PATH": f"{caches.node().parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        subprocess.run(
            command,
            cwd=suite,
            env=environment,
            timeout=SUITE_SECONDS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return read_results(suite, json.loads(output.read_text()))


def read_results(suite: Path, document: dict[str, list[dict[str, object]]]) -> list[Result]:
    results = []
    for file in document["testResults"]:
        path = str(Path(str(file["name"])).relative_to(suite))
        tests = file["assertionResults"]
        assert isinstance(tests, list)
        if not tests:
            results.append(Result(path, "(the file)", "failed", str(file.get("message", ""))))
        for test in tests:
            message = "\n".join(test.get("failureMessages") or []) or str(file.get("message", ""))
            results.append(Result(path, test["fullName"], test["status"], message))
    return results


def report(results: list[Result], alive: bool) -> int:
    stale = read_stale()
    passed = [result for result in results if result.status == "passed"]
    missed = [result for result in results if result.status != "passed"]
    excused = [result for result in missed if any(entry.names(result) for entry in stale)]
    unexpected = [result for result in missed if result not in excused]
    untrue = [result for result in passed if any(entry.names(result) for entry in stale)]
    for result in unexpected:
        print(f"FAILED {result.title} ({result.status})\n    {first_lines(result.message)}")
    for result in untrue:
        print(f"NAMED AS STALE, BUT PASSED {result.title}")
    if not alive:
        print("FAILED the server did not live to the end")
    failed = len(unexpected) + len(untrue) + (0 if alive else 1)
    print(f"{len(passed) - len(untrue)} passed, {failed} failed, {len(excused)} skipped")
    return 1 if failed or not passed else 0


def read_stale() -> list[Stale]:
    entries = tomllib.loads(STALE.read_text())["stale"]
    return [Stale(entry["file"], tuple(entry["tests"]), entry["reason"]) for entry in entries]


def first_lines(message: str) -> str:
    return "\n    ".join(line for line in message.splitlines()[:4] if line.strip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
