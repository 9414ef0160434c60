"""Runs the engine over a simulated store, clock and scheduler, by seed: `crates/simulation` says what happens and is checked.

Needs no server. The first seed differs from run to run unless it is given, so that every run tries others; each failure
says how to run it again, exactly.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

from harness import caches

PROJECT = caches.TESTS.parent
SHORT_SECONDS = 20


def build() -> Path:
    """Builds the simulation as the rest of the workspace is built. Its program."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or caches.CACHE / "target")
    command = ["cargo", "build", "--release", "--workspace", "--quiet", "--bin", "simulate"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    result = subprocess.run(command, cwd=PROJECT, env=environment, stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise caches.SetupError("the simulation does not compile")
    return target / "release" / "simulate"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run simulate", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"as many seeds as {SHORT_SECONDS} seconds allow")
    parser.add_argument("--seconds", type=int, help="as many seeds as there is time for")
    parser.add_argument("--seeds", type=int, help="so many seeds")
    parser.add_argument("--first", type=int, help="the first seed")
    parser.add_argument("--seed", type=int, help="this seed alone, told in more detail")
    parser.add_argument("--break", dest="broken", help="a promise that the store breaks, to see that it is noticed")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        chosen = ["--first", str(options.seed), "--seeds", "1"]
    else:
        first = secrets.randbelow(2**32) if options.first is None else options.first
        seconds = SHORT_SECONDS if options.short else options.seconds
        chosen = ["--first", str(first)]
        chosen += ["--seconds", str(seconds)] if seconds else []
        chosen += ["--seeds", str(options.seeds)] if options.seeds else []
        chosen += [] if seconds or options.seeds else ["--seeds", "1000"]
        print(f"simulate: seeds from {first} on", flush=True)
    if options.broken:
        chosen += ["--break", options.broken]
    return subprocess.run([str(build()), *chosen], check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except caches.SetupError as error:
        print(f"cannot set up the tests: {error}", file=sys.stderr)
        sys.exit(1)
