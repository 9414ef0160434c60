"""A clock that a test puts forward for a server, to see what is over. Nobody waits a quarter of an hour for a session.

The server is loaded together with a few lines of C (`clock.c`), which the machine's compiler makes once. The store
needs a compiler anyway.
"""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from pathlib import Path

from harness import caches

SOURCE = Path(__file__).with_suffix(".c")


class Clock:
    """The time of day of the servers that are started with its `environment`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._write(0)

    def environment(self) -> dict[str, str]:
        """What a server needs to follow this clock."""
        return {"LD_PRELOAD": str(_library()), "STATOR_TEST_CLOCK": str(self._file)}

    def set_ahead(self, seconds: int) -> None:
        """From now on it is so many seconds later than it is."""
        self._write(seconds)

    def _write(self, seconds: int) -> None:
        # In its place, as the servers have the file in their memory. Eight bytes that are aligned are never half written.
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "wb") as file:
            file.write(struct.pack("=q", seconds))


def _library() -> Path:
    """The compiled lines; made again when they change."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = caches.CACHE / "clock" / f"{digest}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        fresh = library.with_suffix(f".{os.getpid()}")
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(SOURCE), "-o", str(fresh), "-ldl"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise caches.SetupError(f"{SOURCE.name} does not compile: {result.stderr[-1000:]}")
        fresh.rename(library)
    return library
