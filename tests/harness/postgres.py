"""A PostgreSQL of a test's own: a cluster in a temporary directory, on a free loopback port, with fsync on.

The postmaster is a child of the test, so only what was started here is ended. PostgreSQL refuses to run as root: a
test that is root starts it as the user `postgres`, whom the package makes.

A second cluster may be a standby of the first. `Cluster.await_standby` makes the first wait for it from then on, so
that what the first acknowledged is on both.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.servers import STOP_SECONDS, ServerError, free_port

READY_SECONDS = 30.0
PROGRAM_SECONDS = 120.0
USER = "stator"
PROGRAMS = ("initdb", "postgres", "pg_basebackup", "pg_ctl", "psql")
DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    # Three servers with their connections, and those of servers that were just killed.
    "max_connections": "300",
    "shared_buffers": "64MB",
    # A standby that lost its primary looks whether it is to be promoted this often.
    "wal_retrieve_retry_interval": "100ms",
}


class Cluster:
    """One cluster and, while it runs, its postmaster."""

    def __init__(self, folder: Path) -> None:
        """In a folder of its own, which is made; nothing runs yet."""
        self.port = free_port()
        self.log = folder / "log"
        self._data = folder / "data"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")

    @property
    def url(self) -> str:
        """What `stator --store` takes."""
        return url(self)

    def make(self) -> None:
        """Makes the cluster's files."""
        self._run("initdb", "-D", str(self._data), "-U", USER, "--auth=trust", "--no-sync", "--encoding=UTF8")

    def make_standby(self, primary: Cluster) -> None:
        """Makes the cluster's files a copy of one that runs, which this one will follow."""
        address = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", USER)
        self._run("pg_basebackup", "-D", str(self._data), *address, "-R", "-X", "stream", "-c", "fast")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        command = [self._program("postgres"), "-D", str(self._data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                as_user(command), cwd="/", stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
            )
        self._wait(lambda: self.ask("SELECT 1") == "1", "answer")

    def stop(self) -> None:
        """Ends it at once and well: sessions are broken off, files are complete."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"PostgreSQL did not end within {STOP_SECONDS} s of SIGINT") from None
        self._process = None

    def kill(self) -> None:
        """SIGKILL to all of its processes, as a power failure would."""
        if self._process is None:
            return
        # Stopped first, so that it neither reaps nor replaces the children that are being killed.
        self._process.send_signal(signal.SIGSTOP)
        for child in children(self._process.pid):
            os.kill(child, signal.SIGKILL)
        self._process.kill()
        self._process.wait(STOP_SECONDS)
        self._process = None

    def freeze(self) -> None:
        """Stops all of its processes where they are: they keep their connections, and say nothing."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        for child in children(self._process.pid):
            os.kill(child, number)

    def await_standby(self) -> None:
        """From now on no commit is acknowledged before a standby has it. Returns when one keeps up."""
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        is_followed = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"
        self._wait(lambda: self.ask(is_followed) == "1", "be followed by its standby")

    def promote(self) -> None:
        """Makes a standby take writes. Returns when it does."""
        self._run("pg_ctl", "-D", str(self._data), "promote", "-w", "-t", str(int(READY_SECONDS)))
        self._wait(lambda: self.ask("SELECT pg_is_in_recovery()") == "f", "be promoted")

    def ask(self, statement: str) -> str | None:
        """The first value of a statement's answer, None when there is no answer."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres"]
        command = [self._program("psql"), *address, "-X", "-A", "-t", "-c", statement]
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
        return result.stdout.strip() if result.returncode == 0 else None

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            if is_so():
                return
            time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-2000:]
        raise ServerError(f"PostgreSQL did not {what} within {READY_SECONDS} s:\n{tail}")

    def _run(self, program: str, *arguments: str) -> None:
        command = as_user([self._program(program), *arguments])
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
        if result.returncode != 0:
            raise ServerError(f"{program} ended with {result.returncode}: {(result.stdout + result.stderr)[-1500:]}")

    def _program(self, name: str) -> str:
        return str(programs() / name)


def url(*clusters: Cluster) -> str:
    """What `stator --store` takes: the one of these clusters that takes writes."""
    hosts = ",".join(f"127.0.0.1:{cluster.port}" for cluster in clusters)
    return f"postgres://{USER}@{hosts}/postgres?sslmode=disable"


def programs() -> Path:
    """Where the programs are: in the path, or where Debian puts the newest version."""
    in_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in (*in_path, *versions):
        if all((folder / name).is_file() for name in PROGRAMS):
            return folder
    raise ServerError("no PostgreSQL is installed: `scripts/setup test` does that")


def as_user(command: list[str]) -> list[str]:
    """The command as somebody who is not root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]


def children(pid: int) -> list[int]:
    """The processes that this one started and that still are there."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@contextmanager
def clusters(count: int, folder: Path | None = None) -> Iterator[list[Cluster]]:
    """Places for clusters, in a folder whose files the caller removes, or in one that is removed afterwards.

    Nothing is made or started yet; what runs at the end is ended.
    """
    home = folder or Path(tempfile.mkdtemp(prefix="stator-postgres-"))
    # Temporary directories are for their owner, and that is somebody else.
    home.chmod(0o755)
    made = [Cluster(home / f"postgres-{number}") for number in range(count)]
    try:
        yield made
    finally:
        for cluster in made:
            cluster.kill()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def cluster(folder: Path | None = None) -> Iterator[Cluster]:
    """A cluster that runs."""
    with clusters(1, folder) as [single]:
        single.make()
        single.start()
        yield single


def follow(primary: Cluster, standby: Cluster) -> None:
    """Starts a standby, for which the primary waits from then on before it acknowledges anything."""
    standby.make_standby(primary)
    standby.start()
    primary.await_standby()
