"""Signs and verifies the requests of botocore's copy of AWS's signing test suite with the crate `sigv4`.

The crate's own tests have AWS's newer edition, which a crate ships (`crates/sigv4/tests/suite.rs`). The older one has some
requests that the newer lacks, and ships with nothing but botocore's source: it is fetched into the cache, with its licence,
and named to the test, which is left out where nobody names it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys

from harness import caches

HOME = caches.CACHE / "vectors"


def main(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="tests/run vectors", description=__doc__).parse_args(arguments)
    environment = {
        **os.environ,
        "STATOR_OLDER_SUITE": str(caches.older_signing_suite()),
        # Apart from the build directory of the workspace, whose choice of features is another.
        "CARGO_TARGET_DIR": str(HOME / "target"),
    }
    command = [
        "cargo",
        "test",
        "--locked",
        "--quiet",
        "--package",
        "sigv4",
        "--test",
        "suite",
        "--",
        "--include-ignored",
    ]
    result = subprocess.run(
        command, cwd=caches.TESTS.parent, env=environment, capture_output=True, text=True, check=False
    )
    told = re.search(r"(\d+) passed; (\d+) failed", result.stdout)
    if told is None or result.returncode != 0:
        print(result.stdout + result.stderr, file=sys.stderr)
    passed, failed = told.groups() if told else ("0", "1")
    print(f"{passed} passed, {failed} failed")
    return 1 if told is None or result.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
