"""Starts and ends the servers that the tests talk to: Stator's release binary, and the peers.

Every server listens on a free loopback port and belongs to the test run that started it: only processes started
here are ended, by their own handle. A server that does not get ready in time is an error that shows its log.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness import caches
from harness.credentials import Credentials, made

READY_SECONDS = 20.0
STOP_SECONDS = 15.0
CHECK_SECONDS = 60.0
PEER_NAMES = ("dynoxide", "dynalite", "moto")

# Where a server's data is: in a directory that is its own, in the database of this URL, which several may share, or in
# memory, where there is None.
Data = Path | str | None


class ServerError(Exception):
    """A server did not start, or did not end."""


@dataclass
class Server:
    """One running server process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    folders: list[Path] = field(default_factory=list)
    scheme: str = "http"

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def said(self) -> str:
        """All that the server wrote until now, to its output and to its log."""
        return self.log.read_text(errors="replace")

    def roots(self) -> dict[str, Credentials]:
        """The root credentials that the server made at this start, by account; none where it knew its accounts."""
        _wait_until_said(self, "stator listens on ")
        return made(self.said())

    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power failure would: nothing is flushed, nobody says goodbye."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM") from None

    def close(self) -> None:
        """Ends the process however it is, and removes what was made for it."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def binary() -> Path:
    """Stator's release binary: STATOR_BINARY, or where the Makefile builds it."""
    named = os.environ.get("STATOR_BINARY")
    target = os.environ.get("CARGO_TARGET_DIR")
    candidates = [
        Path(named) if named else None,
        Path(target) / "release" / "stator" if target else None,
        caches.CACHE / "target" / "release" / "stator",
        caches.TESTS.parent / "target" / "release" / "stator",
    ]
    for candidate in candidates:
        if candidate and candidate.is_file():
            return candidate
    raise ServerError("no stator binary: build it, or name it in STATOR_BINARY")


def start_stator(
    data: Data, extra: Sequence[str] = (), port: int | None = None, environment: Mapping[str, str] | None = None
) -> Server:
    """Starts Stator on its data and waits until it is ready. What `environment` names is added to the process's own."""
    chosen = port or free_port()
    command = [str(binary()), "serve", "--listen", f"127.0.0.1:{chosen}", *place(data), *extra]
    server = start("stator", command, chosen, environment)
    if any(flag in ("--tls-certificate", "--tls-self-signed") for flag in extra):
        server.scheme = "https"
    return server


def refused_stator(data: Data, extra: Sequence[str]) -> str:
    """What Stator says when it refuses to start with these flags."""
    command = [str(binary()), "serve", *place(data), *extra]
    result = subprocess.run(command, capture_output=True, text=True, timeout=READY_SECONDS, check=False)
    if result.returncode == 0:
        raise ServerError(f"stator started with {' '.join(extra)}")
    return result.stderr


def start_peer(name: str) -> Server:
    """Starts one of PEER_NAMES, in memory."""
    port = free_port()
    return start(name, peer_command(name, port), port)


def start(name: str, command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Server:
    """Starts a server that was told to listen on this port, and waits until it is ready."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-log-"))
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    server = Server(name, port, process, log, [folder])
    try:
        _wait_ready(server)
    except ServerError:
        server.close()
        raise
    return server


def place(data: Data) -> list[str]:
    """The flag that says where the data is."""
    if data is None:
        return ["--in-memory"]
    return ["--store", data] if isinstance(data, str) else ["--data", str(data)]


def check_offline(data: Data, extra: Sequence[str] = ()) -> list[str]:
    """Runs `stator check` on the data of servers that have ended. Returns the faults."""
    command = [str(binary()), "check", *place(data), *extra]
    result = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False)
    if result.returncode == 0:
        return []
    return [f"stator check ended with {result.returncode}: {(result.stdout + result.stderr)[-1500:]}"]


@contextmanager
def stator(extra: Sequence[str] = ()) -> Iterator[Server]:
    """Stator on an empty data directory, ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stator-test-"))
    server: Server | None = None
    try:
        server = start_stator(folder / "data", extra)
        yield server
    finally:
        if server:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def peer(name: str) -> Iterator[Server]:
    """A peer, ended afterwards."""
    server = start_peer(name)
    try:
        yield server
    finally:
        server.close()


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def peer_command(name: str, port: int) -> list[str]:
    """How one of PEER_NAMES is started."""
    if name == "dynoxide":
        return [str(caches.dynoxide()), "--host", "127.0.0.1", "--port", str(port)]
    if name == "dynalite":
        script = caches.node_modules() / "dynalite" / "cli.js"
        delays = [f"--{verb}TableMs=0" for verb in ("create", "delete", "update")]
        return [str(caches.node()), str(script), "--host", "127.0.0.1", "--port", str(port), *delays]
    if name == "moto":
        return [str(caches.moto_server()), "-H", "127.0.0.1", "-p", str(port)]
    raise ServerError(f"no peer is called {name}; there are {', '.join(PEER_NAMES)}")


def _wait_ready(server: Server) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if not server.alive():
            break
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise ServerError(f"{server.name} was not ready within {READY_SECONDS} s:\n{server.said()[-2000:]}")


def _wait_until_said(server: Server, words: str) -> None:
    """Waits for words that come about when the server is ready, but not before it answers."""
    deadline = time.monotonic() + READY_SECONDS
    while words not in server.said():
        if time.monotonic() > deadline:
            raise ServerError(f"{server.name} did not say {words!r}:\n{server.said()[-2000:]}")
        time.sleep(0.01)
