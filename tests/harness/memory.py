"""How much memory a server's process takes while a block runs."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

EVERY_SECONDS = 0.05
MEBIBYTE = 1 << 20


class Watched:
    """The most memory that a process took, sampled until the end of the block."""

    def __init__(self, pid: int) -> None:
        self.most_bytes = 0
        self._status = Path(f"/proc/{pid}/status")
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.most_bytes = max(self.most_bytes, resident_bytes(self._status))
            if self._is_over.wait(EVERY_SECONDS):
                return


def resident_bytes(status: Path) -> int:
    """What a process has in memory, by its file in /proc; 0 if it has ended."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)
