"""The disk under a server fails, while clients write.

`full`: again and again the disk is full for a while. Writes are answered with InternalServerError, the log says why,
/healthz answers 503, what was acknowledged is read; and when there is room again the server goes on by itself.
`errors`: writes to the device are I/O errors for a while. The same; where the kernel has made the file system read-only
meanwhile, its owner repairs it and starts the server again.

In the end everything that was acknowledged is there, and `stator check` is clean. Both parts mount file systems; where
that is not permitted they are skipped, and the line says so.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from disk import load, mounts
from harness import servers
from harness.wire import Connection

WRITERS = 4
DISK_MEGABYTES = 160
# What the failing device takes before it fails by itself.
DEVICE_MEGABYTES = 100
ROUNDS = 20
ROUNDS_SHORT = 2
NOTICED_SECONDS = 30.0
FULL_SECONDS = 3.0
RECOVERED_SECONDS = 20.0
MOST_LEFT_BYTES = 3_000_000
SHOWN_FAULTS = 10
# One in so many of the acknowledged items is read while the disk fails; all of them in the end.
SAMPLE = 20


class Run:
    """A server on a disk, its writers, and what they were promised."""

    def __init__(self, data: Path, seed: int) -> None:
        self.server = servers.start_stator(data)
        self.random = Random(seed)
        self.acknowledged: dict[str, str] = {}
        self.faults: list[str] = []
        self._rounds = 0
        connection = Connection(self.server.endpoint)
        assert connection.call("CreateTable", load.DEFINITION).status == 200
        connection.close()

    def write(self) -> list[load.Writer]:
        self._rounds += 1
        seed = self.random.random()
        names = [f"{self._rounds}-{index}" for index in range(WRITERS)]
        writers = [load.Writer(name, self.server.endpoint, f"{seed}/{name}") for name in names]
        for writer in writers:
            writer.start()
        return writers

    def end(self, writers: list[load.Writer]) -> None:
        for writer in writers:
            writer.stop()
            self.acknowledged |= writer.acknowledged
            self.faults += writer.faults

    def expect_health(self, status: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while load.health(self.server.endpoint) != status:
            if time.monotonic() > deadline:
                self.faults.append(f"/healthz does not answer {status} after {seconds:.0f} s")
                return
            time.sleep(0.05)

    def expect_reads(self, writers: list[load.Writer]) -> None:
        """What was acknowledged is read, also that of the writers that still try."""
        known = dict(self.acknowledged)
        for writer in writers:
            known |= dict(writer.acknowledged)
        sample = dict(self.random.sample(sorted(known.items()), len(known) // SAMPLE))
        self.faults += load.missing(self.server.endpoint, sample) + load.unreadable(self.server.endpoint)

    def expect_log(self, words: str) -> None:
        if words not in self.server.log.read_text(errors="replace"):
            self.faults.append(f"the log does not say: {words}")


def check_full(folder: Path, rounds: int, seed: int) -> list[str]:
    with mounts.memory(folder / "disk", DISK_MEGABYTES) as disk:
        run = Run(disk / "data", seed)
        try:
            refused = 0
            for _ in range(rounds):
                writers = run.write()
                time.sleep(run.random.uniform(0.1, 1.0))
                mounts.fill(disk, run.random.randrange(MOST_LEFT_BYTES))
                run.expect_health(503, NOTICED_SECONDS)
                time.sleep(run.random.uniform(0, FULL_SECONDS))
                run.expect_reads(writers)
                mounts.empty(disk)
                run.expect_health(200, RECOVERED_SECONDS)
                time.sleep(0.5)
                run.end(writers)
                refused += sum(writer.refused for writer in writers)
            run.expect_log("No space left on device")
            run.faults += load.missing(run.server.endpoint, run.acknowledged)
            print(f"  {len(run.acknowledged)} writes acknowledged, {refused} refused")
            return run.faults + _restart(run, disk / "data")
        finally:
            run.server.close()


def check_errors(folder: Path, rounds: int, seed: int) -> list[str]:
    random = Random(seed)
    faults = []
    for round_number in range(rounds):
        place = folder / str(round_number)
        place.mkdir()
        with mounts.memory(place / "device", DEVICE_MEGABYTES) as device:
            disk = mounts.Disk(place / "disk", device, DISK_MEGABYTES, has_journal=round_number % 2 == 0)
            disk.mount()
            try:
                faults += _check_device(disk, random.randrange(1_000_000))
            finally:
                disk.unmount()
    return faults


def _check_device(disk: mounts.Disk, seed: int) -> list[str]:
    data = disk.folder / "data"
    run = Run(data, seed)
    try:
        writers = run.write()
        time.sleep(run.random.uniform(0.1, 1.0))
        disk.fail()
        run.expect_health(503, NOTICED_SECONDS)
        time.sleep(run.random.uniform(0, FULL_SECONDS))
        run.expect_reads(writers)
        run.expect_log("writes have stopped")
        disk.mend()
        read_only = os.statvfs(disk.folder).f_flag & os.ST_RDONLY or not _is_writable(disk.folder)
        if not read_only:
            run.expect_health(200, RECOVERED_SECONDS)
        run.end(writers)
        kind = "read-only" if read_only else "writable again"
        print(f"  {len(run.acknowledged)} writes acknowledged, the file system is {kind}", flush=True)
        run.server.kill()
        disk.repair()
        return run.faults + _restart(run, data)
    finally:
        run.server.close()


def _is_writable(folder: Path) -> bool:
    probe = folder / "probe"
    try:
        with probe.open("wb") as file:
            file.write(b"x")
            os.fsync(file.fileno())
        probe.unlink()
    except OSError:
        return False
    return True


def _restart(run: Run, data: Path) -> list[str]:
    """The server is killed, the data checked, and everything acknowledged is there after a new start."""
    run.server.kill()
    faults = servers.check_offline(data)
    server = servers.start_stator(data)
    try:
        return faults + load.missing(server.endpoint, run.acknowledged)
    finally:
        server.close()


PARTS: dict[str, Callable[[Path, int, int], list[str]]] = {"full": check_full, "errors": check_errors}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run disk", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{ROUNDS_SHORT} rounds")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--parts", default=",".join(PARTS))
    options = parser.parse_args(arguments)
    if "STATOR_ENDPOINT" in os.environ:
        parser.error("this test breaks the disk under a server of its own")
    passed, failed = 0, 0
    for name in options.parts.split(","):
        print(f"disk: {name}, seed {options.seed}", flush=True)
        folder = Path(tempfile.mkdtemp(prefix=f"stator-disk-{name}-"))
        try:
            faults = PARTS[name](folder, ROUNDS_SHORT if options.short else options.rounds, options.seed)
        except mounts.MountError as error:
            print(f"  skipped: {error}")
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for fault in faults[:SHOWN_FAULTS]:
            print(f"  {fault}")
        passed, failed = passed + (not faults), failed + bool(faults)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
