"""What runs where, and what the kernel knows of a process."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# With fewer, the server on two of them shares them with what asks it.
CORES_FOR_TWO = 4


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def server_core() -> int:
    """Where a server runs that has one core to itself."""
    return cores()[0]


def load_core() -> int:
    """Where the load comes from."""
    return cores()[-1]


def pinned(command: Sequence[str], on: Sequence[int]) -> list[str]:
    """The command, kept on these cores."""
    return ["taskset", "-c", ",".join(str(core) for core in on), *command]


def resident_bytes(process: int, name: str = "VmRSS") -> int:
    """The memory that a process has in use; as `VmHWM` the most that it ever had, as `RssFile` its program and other files."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/{process}/status has no {name}")


def busy_share(seconds: float = 1.0) -> float:
    """How much of the machine others use, as a share."""
    before = _ticks()
    time.sleep(seconds)
    spent = [late - early for early, late in zip(before, _ticks(), strict=True)]
    return 1 - (spent[3] + spent[4]) / max(sum(spent), 1)


def wait_until_idle(process: int, busy_max: float = 0.02, seconds_max: float = 300) -> None:
    """Waits until a process that nobody asks anything has finished what it does by itself, or for so long."""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        before = _processor_ticks(process)
        time.sleep(2)
        if _processor_ticks(process) - before <= busy_max * 2 * os.sysconf("SC_CLK_TCK"):
            return


def _processor_ticks(process: int) -> int:
    """Of all its threads, in user and system mode."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def _ticks() -> list[int]:
    first = Path("/proc/stat").read_text().partition("\n")[0]
    return [int(column) for column in first.split()[1:9]]


def described() -> str:
    """The machine and the time, for those who read the figures later."""
    text = Path("/proc/cpuinfo").read_text()
    names = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    name = names[0] if names else platform.machine()
    return f"{now}, {name}, {len(cores())} cores, {memory:.0f} GiB, Linux {platform.release()}"
