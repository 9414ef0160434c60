"""File systems of a few megabytes that a test may fill and break. They need the right to mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILLER = "filler"


class MountError(Exception):
    """This machine does not let the test mount, or lacks what it needs."""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise MountError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise MountError(f"{' '.join(command)}: {error.stderr.strip()}") from error


@contextmanager
def memory(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system in memory. What is full can be emptied again."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "stator-test", str(folder))
    try:
        yield folder
    finally:
        _run("umount", str(folder))


class Disk:
    """An ext4 on a block device that fails: its blocks are in a file system in memory, and when that is full, what is written to a new
    block is an I/O error. What the device has taken it keeps."""

    def __init__(self, folder: Path, device: Path, megabytes: int, has_journal: bool) -> None:
        self.folder = folder
        # Without a journal the kernel has no reason to make the file system read-only.
        self._on_error = "remount-ro" if has_journal else "continue"
        self._device = device
        self._file = device / "blocks"
        folder.mkdir()
        with self._file.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        _run("mkfs.ext4", "-q", *([] if has_journal else ["-O", "^has_journal"]), str(self._file))

    def mount(self) -> None:
        _run("mount", "-o", f"loop,errors={self._on_error}", str(self._file), str(self.folder))

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def fail(self) -> None:
        fill(self._device, 0)

    def mend(self) -> None:
        empty(self._device)

    def repair(self) -> None:
        """What its owner would do, with no server on it."""
        self.unmount()
        # It ends with 1 when it has mended something.
        subprocess.run(["e2fsck", "-fy", str(self._file)], check=False, capture_output=True, timeout=60)
        self.mount()


def fill(folder: Path, left_bytes: int) -> None:
    """Takes all of the file system but so much."""
    statistics = os.statvfs(folder)
    free = statistics.f_bavail * statistics.f_frsize
    chunk = b"\0" * 65536
    # The server writes meanwhile, so the disk may be full earlier.
    with suppress(OSError), (folder / FILLER).open("ab", buffering=0) as file:
        for _ in range(max(0, free - left_bytes) // len(chunk)):
            file.write(chunk)


def empty(folder: Path) -> None:
    """Gives back what `fill` took."""
    (folder / FILLER).unlink(missing_ok=True)
