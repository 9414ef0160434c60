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
from collections.abc import Mapping

from harness import caches, postgres, servers

# Nobody wants to wait ten seconds to see what has expired.
FLAGS = ("--ttl-pause-seconds", "1")
REQUESTS = 20_000
SHORT_REQUESTS = 2_000
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
    with postgres.cluster() as cluster:
        server = servers.start_stator(cluster.url, FLAGS)
        try:
            environment = {
                "STATOR_ENDPOINT": server.endpoint,
                "STATOR_ENDPOINT_IS_STATOR": "1",
                "STATOR_TEST_DATABASE": cluster.url,
            }
            results = [run_module("blackbox.runner", ["--", "-rs", str(caches.TESTS / "blackbox")], environment)]
            results.append(run_module("differential.runner", ["--short", "--requests", str(requests)], environment))
            results.append(server.stop() == 0)
        finally:
            server.close()
        results.append(check(cluster.url))
    return results


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run postgres", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"a differential run of {SHORT_REQUESTS} requests")
    options = parser.parse_args(arguments)
    results = run(SHORT_REQUESTS if options.short else REQUESTS)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
