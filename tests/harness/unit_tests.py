"""Runs the tests of a test: a checker against histories that were written by hand."""

from __future__ import annotations

import subprocess
import sys

from harness import caches


def run(folder: str) -> bool:
    """Runs those of a folder of the tests. Whether all passed."""
    command = [sys.executable, "-m", "pytest", "-c", str(caches.TESTS / "pyproject.toml"), str(caches.TESTS / folder)]
    return subprocess.run(command, cwd=caches.TESTS, check=False).returncode == 0
