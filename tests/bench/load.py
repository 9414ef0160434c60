"""The load generator and the constant-body server, which are examples of the crate `server`, as functions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine
from harness import servers
from harness.servers import Server

BUILD = "make bench builds it, and so does cargo build --release --workspace --example load --example floor"
# Beyond the time that a run was given: tables are filled, the machine is slow.
PATIENCE_SECONDS = 4 * 3600


@dataclass(frozen=True)
class Target:
    """A server, and whose requests it is sent. Without a secret of its own, one that nobody verifies is signed with."""

    server: Server
    access_key: str = "AKIDEXAMPLEEXAMPLE00"
    secret: str = "unverified"

    @property
    def process(self) -> int:
        return self.server.process.pid


@dataclass(frozen=True)
class Measured:
    """What a run of the load generator found."""

    rate: float
    # Processor microseconds per request, of the server and of the generator.
    server_us: float
    own_us: float
    # How many processors each kept busy.
    server_processors: float
    own_processors: float
    machine_idle: float
    p50_us: float
    p999_us: float
    longest_us: float
    seconds: float
    answered: int


def example(name: str) -> str:
    """The program of an example."""
    target = os.environ.get("CARGO_TARGET_DIR")
    folders = [Path(target) / "release"] if target else []
    for folder in [*folders, servers.binary().parent]:
        program = folder / "examples" / name
        if program.is_file():
            return str(program)
    raise servers.ServerError(f"the example {name} is not built; {BUILD}")


def start_floor() -> Target:
    """The constant-body server, on the core of servers."""
    port = servers.free_port()
    command = [example("floor"), f"127.0.0.1:{port}"]
    return Target(servers.start("floor", machine.pinned(command, [machine.server_core()]), port))


def run(target: Target, operation: str, on: Sequence[int] | None = None, **settings: Any) -> Measured:
    """One run, from the core of the load where no other is named."""
    process = start(target, operation, on, **settings)
    return finish(process, operation)


def start(target: Target, operation: str, on: Sequence[int] | None = None, **settings: Any) -> subprocess.Popen[str]:
    """Begins a run; `finish` has what it finds."""
    command = [example("load"), f"127.0.0.1:{target.server.port}", operation, f"process={target.process}"]
    command += [f"access-key={target.access_key}", f"secret={target.secret}"]
    command += [f"{name}={value}" for name, value in settings.items()]
    cores = on or [machine.load_core()]
    return subprocess.Popen(machine.pinned(command, cores), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], operation: str) -> Measured:
    """What a run found. A request that was refused fails it: its cost would be that of a refusal."""
    try:
        said, problem = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise servers.ServerError(f"{operation}: no end within {PATIENCE_SECONDS} s") from None
    if process.returncode != 0:
        raise servers.ServerError(f"{operation}: {problem.strip()[-400:]}")
    found = json.loads(said)
    if found["failed"]:
        # Behind the head of the answer.
        words = found["first_failure"].rpartition("\r\n\r\n")[2]
        raise servers.ServerError(f"{operation}: {found['failed']} requests failed, first with {words}")
    return Measured(**{name: found[name] for name in Measured.__dataclass_fields__})


def fill(target: Target, items: int, **settings: Any) -> Measured:
    """Makes the table and its items."""
    run(target, "create", connections=1, **settings)
    return run(target, "fill", items=items, **settings)
