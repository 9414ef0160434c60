"""What a server takes that nobody asks anything: memory, the time until it is ready, memory for each connection."""

from __future__ import annotations

import argparse
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import machine, starts, subjects
from bench.report import Bound, Report
from harness import servers
from harness.wire import request_bytes

RESIDENT_MB_MAX = 25
READY_MS_MAX = 100
CONNECTION_KB_MAX = 20
STARTS = 7
# After which an idle server is idle.
SETTLE_SECONDS = 3.0
# Files that a server opens besides its connections.
SPARE_FILES = 500


def measure(report: Report, options: argparse.Namespace) -> None:
    """All three."""
    milliseconds = [starts.on_nothing() for _ in range(STARTS)]
    report.add("start to ready, empty directory, ms", milliseconds, Bound(READY_MS_MAX), "{:.0f}".format)
    _raise_file_limit()
    with subjects.stator(machine.cores()) as server:
        time.sleep(SETTLE_SECONDS)
        before = machine.resident_bytes(server.process.pid)
        program = machine.resident_bytes(server.process.pid, "RssFile")
        note = f"of which {program / 1e6:.1f} are the program's own pages"
        report.add("idle server, resident MB", [before / 1e6], Bound(RESIDENT_MB_MAX), "{:.1f}".format, note)
        count = min(options.idle_connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)
        with _idle_connections(server, count):
            time.sleep(SETTLE_SECONDS)
            each = (machine.resident_bytes(server.process.pid) - before) / 1e3 / count
    title = f"each of {count:,} idle connections that have asked once, resident kB"
    report.add(title, [each], Bound(CONNECTION_KB_MAX), "{:.1f}".format)


@contextmanager
def _idle_connections(server: servers.Server, count: int) -> Iterator[None]:
    request = request_bytes("ListTables", {})
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            opened.append(connection)
            connection.sendall(request)
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise servers.ServerError("an idle connection was not answered")
        yield
    finally:
        for connection in opened:
            connection.close()


def _raise_file_limit() -> None:
    """For this process and the servers that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
