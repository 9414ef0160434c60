"""Hands arbitrary bytes to what reads bytes of others: signatures, policies, requests, expressions, statements, records.

The programs are in `fuzz/targets`, one per target, and are built with coverage counters by the stable compiler. Each
runs for the given time. Inputs that covered something new are kept in the cache, so that the next run goes on where
this one stopped; `fuzz/corpus/NAME` has what every run begins with. An input that makes a target panic is kept beside
them: once the fault is mended, it belongs into `fuzz/corpus/NAME` (or better, into a test of its own).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from harness import caches

PROJECT = caches.TESTS.parent / "fuzz"
HOME = caches.CACHE / "fuzz"
SHORT_SECONDS = 5
# A single input must not take longer, or something is worse than linear.
INPUT_SECONDS_MAX = 10
SHOWN_LINES = 30
# What `cargo fuzz` passes too, without the sanitizer, which would need a nightly compiler: unsafe code is denied here.
COVERAGE = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
]
EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
COVERED = re.compile(r"cov: (\d+)")


def targets() -> list[str]:
    """The names of all targets."""
    return sorted(path.stem for path in (PROJECT / "targets").glob("*.rs"))


def build(names: list[str]) -> Path:
    """Builds the targets. The folder of their programs."""
    about = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = about.partition("host: ")[2].split()[0]
    # The flags hold for a named target only: build scripts are not instrumented.
    command = ["cargo", "build", "--release", "--quiet", "--locked", "--target", host]
    command += [argument for name in names for argument in ("--bin", name)]
    environment = {"CARGO_TARGET_DIR": str(HOME / "target"), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(COVERAGE)}
    result = subprocess.run(command, cwd=PROJECT, env={**os.environ, **environment}, stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise caches.SetupError("the targets do not compile")
    return HOME / "target" / host / "release"


def run(program: Path, seconds: int) -> bool:
    """Runs one target. Whether it found nothing."""
    name = program.name
    kept = HOME / "corpus" / name
    findings = HOME / "findings"
    for folder in (kept, findings):
        folder.mkdir(parents=True, exist_ok=True)
    command = [str(program), str(kept)]
    command += [str(folder) for folder in [PROJECT / "corpus" / name] if folder.is_dir()]
    command += [f"-dict={words}" for words in [PROJECT / "dictionaries" / f"{name}.dict"] if words.is_file()]
    command += [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS_MAX}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={findings}/{name}-"]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    lines = result.stderr.splitlines()
    executions = EXECUTIONS.search(result.stderr)
    covered = COVERED.findall(result.stderr)
    print(
        f"  {name}: {executions.group(1) if executions else 'no'} inputs, {covered[-1] if covered else 0} places covered",
        flush=True,
    )
    if result.returncode == 0:
        return True
    start = next((at for at, line in enumerate(lines) if "panicked at" in line or "ERROR: libFuzzer" in line), 0)
    told = lines[start : start + SHOWN_LINES]
    told += [line for line in lines[start + SHOWN_LINES :] if "Test unit written" in line]
    print("\n".join(f"    {line}" for line in told), flush=True)
    return False


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run fuzz", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT_SECONDS} seconds for each target")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--targets", default=",".join(targets()), help="names, with commas between them")
    options = parser.parse_args(arguments)
    seconds = SHORT_SECONDS if options.short else options.seconds
    names = options.targets.split(",")
    unknown = set(names) - set(targets())
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    print(f"fuzz: {', '.join(names)}, {seconds} s each", flush=True)
    folder = build(names)
    passed = sum(run(folder / name, seconds) for name in names)
    print(f"{passed} passed, {len(names) - passed} failed")
    return int(passed < len(names))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except caches.SetupError as error:
        print(f"cannot set up the tests: {error}", file=sys.stderr)
        sys.exit(1)
