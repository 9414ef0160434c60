"""Runs Stator's commands for what they say: refusals, and `stator keys`."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from harness import servers

COMMAND_SECONDS = 60.0


def stator(*arguments: str | Path, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    command = [str(servers.binary()), *map(str, arguments)]
    environment = {**os.environ, **(variables or {})}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False, env=environment
    )


def succeed(*arguments: str | Path, variables: Mapping[str, str] | None = None) -> list[str]:
    """Runs a command that must work. Returns what it complained of."""
    result = stator(*arguments, variables=variables)
    return [] if result.returncode == 0 else [f"stator {' '.join(map(str, arguments))}: {result.stderr[-500:]}"]


def refused(data: Path, words: str, *extra: str, variables: Mapping[str, str] | None = None) -> list[str]:
    """Starts a server that must refuse with these words and change nothing. Returns what is wrong with that."""
    before = digest(data)
    arguments = ["serve", "--listen", f"127.0.0.1:{servers.free_port()}", "--data", str(data), *extra]
    try:
        result = stator(*arguments, variables=variables)
    except subprocess.TimeoutExpired:
        return [f"a server started where it should have said {words!r}"]
    said = result.stdout + result.stderr
    faults = [] if words in said and result.returncode == 1 else [f"instead of {words!r} it said: {said[-500:]}"]
    return faults + ([] if digest(data) == before else [f"it changed the directory before it said {words!r}"])


def digest(folder: Path) -> str:
    """What the files of a directory hold. Locks come and go."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "stator.lock":
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()
