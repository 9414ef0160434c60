"""Counts the instructions of the parts of a request, and compares them with the numbers in `instructions/counts.json`.

Valgrind counts them, so the numbers are the same on a busy machine. Another compiler makes other instructions: where the
numbers were recorded with another one, differences are told and are no failure. A part that became cheaper fails too,
so that what was gained is kept: `--record` writes the numbers that are found.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from typing import Any

from harness import caches

PROJECT = caches.TESTS.parent / "instructions"
COUNTS = PROJECT / "counts.json"
TOLERANCE = 0.03
# Addresses differ from build to build, and with them what copying and hashing of unaligned bytes takes: a few dozen instructions.
ALIGNMENT = 100


def measured() -> dict[str, int]:
    """The instructions of each part."""
    if not shutil.which("valgrind"):
        raise caches.SetupError("there is no valgrind; scripts/setup test installs it")
    environment = {
        **os.environ,
        "GUNGRAUN_RUNNER": str(caches.gungraun_runner()),
        "CARGO_TARGET_DIR": str(caches.CACHE / "instructions"),
    }
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "parts", "--", "--output-format=json"]
    result = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        raise caches.SetupError(f"the parts could not be measured: {result.stdout[-2000:]}")
    summaries = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return dict(sorted(_count(summary) for summary in summaries))


def _count(summary: dict[str, Any]) -> tuple[str, int]:
    metrics = summary["profiles"][0]["data"]["total"]["metrics"]
    return summary["function_name"], int(metrics["Ir"]["values"]["new"])


def tools() -> dict[str, str]:
    """What the numbers depend on besides the code."""
    commands = {"rustc": ["rustc", "--version"], "valgrind": ["valgrind", "--version"]}
    versions = {
        name: subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        for name, command in commands.items()
    }
    return {"machine": platform.machine(), "libc": " ".join(platform.libc_ver()), **versions}


def compare(kept: dict[str, int], found: dict[str, int]) -> list[str]:
    """Prints both, and returns the parts that differ."""
    different = []
    for name in sorted(kept.keys() | found.keys()):
        before, now = kept.get(name), found.get(name)
        if before is None or now is None:
            print(f"  {name}: {before or 'not kept'}, now {now or 'not measured'}")
            different.append(name)
            continue
        change = now / before - 1
        print(f"  {name}: {now:,} instructions, {change:+.1%}")
        if abs(now - before) > max(TOLERANCE * before, ALIGNMENT):
            different.append(name)
    return different


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run instructions", description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep the numbers that are found")
    options = parser.parse_args(arguments)
    found, with_tools = measured(), tools()
    if options.record:
        COUNTS.write_text(json.dumps({"tools": with_tools, "counts": found}, indent=2) + "\n")
    kept = json.loads(COUNTS.read_text())
    different = compare(kept["counts"], found)
    failed = len(different)
    if different and kept["tools"] != with_tools:
        print(f"recorded with {kept['tools']}, this is {with_tools}: differences are no failure")
        failed = 0
    elif different:
        print(
            f"changed by more than {TOLERANCE:.0%}: {', '.join(different)}; if that is meant, record it with --record"
        )
    print(f"{len(found) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except caches.SetupError as error:
        print(f"cannot set up the tests: {error}", file=sys.stderr)
        sys.exit(1)
