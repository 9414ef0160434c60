"""The tests of a single server, against one whose data is in a PostgreSQL: its clients must not notice.

The black-box tests, those of restarts among them, and a short differential run, all on one cluster that is made for
them; at the end `stator check` finds nothing. What is skipped is listed with its reason.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from harness import caches, postgres, servers

# Nobody wants to wait ten seconds to see what has expired.
FLAGS = ("--ttl-pause-seconds", "1")
REQUESTS = 20_000
SHORT_REQUESTS = 1_500
RUN_SECONDS = 900.0


def run_module(name: str, arguments: list[str], environment: Mapping[str, str]) -> bool:
    """One of the other commands, with this environment."""
    begin = time.monotonic()
    command = [sys.executable, "-m", name, *arguments]
    result = subprocess.run(command, env={**os.environ, **environment}, timeout=RUN_SECONDS, check=False)
    print(f"{name} over PostgreSQL: ended with {result.returncode} after {time.monotonic() - begin:.0f} s", flush=True)
    return result.returncode == 0


def check(url: str) -> bool:
    faults = servers.check_offline(url)
    print(*(faults or ["stator check: clean"]), sep="\n", flush=True)
    return not faults


def run(requests: int) -> list[bool]:
    """All of it on one cluster."""
    tests = ["--", "-rs", str(caches.TESTS / "blackbox")]
    with postgres.cluster() as cluster:
        results = against(cluster.url, FLAGS, "blackbox.runner", tests)
        # Peers delete what has expired when they like, so nothing may expire while they are compared.
        results += against(cluster.url, (), "differential.runner", ["--short", "--requests", str(requests)])
        results.append(check(cluster.url))
    return results


def against(url: str, flags: Sequence[str], name: str, arguments: list[str]) -> list[bool]:
    """One of the other commands against a server with these flags, which ends well after it."""
    server = servers.start_stator(url, flags)
    try:
        environment = {
            "STATOR_ENDPOINT": server.endpoint,
            "STATOR_ENDPOINT_IS_STATOR": "1",
            "STATOR_TEST_DATABASE": url,
        }
        return [run_module(name, arguments, environment), server.stop() == 0]
    finally:
        server.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run postgres", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"a differential run of {SHORT_REQUESTS} requests")
    options = parser.parse_args(arguments)
    results = run(SHORT_REQUESTS if options.short else REQUESTS)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
