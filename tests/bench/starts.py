"""How long a server takes from its start until it can answer."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import servers

READY_SECONDS = 60.0
POLL_SECONDS = 0.001
QUESTION = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def on_nothing() -> float:
    """Milliseconds to ready on an empty directory."""
    with tempfile.TemporaryDirectory(prefix="stator-bench-") as folder, started(Path(folder) / "data") as milliseconds:
        return milliseconds


@contextmanager
def started(data: Path, flags: Sequence[str] = ()) -> Iterator[float]:
    """Milliseconds to ready of a server over this data, which is ended afterwards."""
    port = servers.free_port()
    command = [str(servers.binary()), "serve", "--listen", f"127.0.0.1:{port}", "--data", str(data), *flags]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, begin + READY_SECONDS)
        yield (time.monotonic() - begin) * 1000
    finally:
        process.terminate()
        try:
            process.wait(servers.STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(QUESTION)
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            # Nobody listens yet.
            pass
        time.sleep(POLL_SECONDS)
    raise servers.ServerError(f"the server was not ready within {READY_SECONDS} s")
