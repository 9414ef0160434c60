"""Servers that are killed with SIGKILL now and then, under the load of a crowd, and started again on their data.

One server has a directory, or a database. When it is killed, the clients wait until it is there again. Several share a
database: while one is dead, its clients go on with another, and what they were not answered they may send again there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Self

from harness import postgres, servers
from harness.crowd import Client, Crowd
from harness.wire import WireError

# How long at most the server has for a volley before it is killed: mostly not enough.
DELAY_SECONDS = 0.003
# The same over a database, where a commit takes longer.
SHARED_DELAY_SECONDS = 0.008
# The progress at which every client still has something to do.
LAST_MOMENT = 0.9


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `data`."""
    parser.add_argument("--store", choices=("local", "postgres"), default="local", help="where the data is")
    parser.add_argument("--servers", type=int, default=1, help="how many servers serve it; several need postgres")


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """The options. Several servers over one directory are refused."""
    options = parser.parse_args(arguments)
    if options.servers < 1 or (options.servers > 1 and options.store == "local"):
        parser.error("--servers: at least one, and several only with --store postgres")
    return options


def described(options: argparse.Namespace) -> str:
    """For the first line of a run."""
    return f"servers: {options.servers} {options.store}"


@contextmanager
def data(options: argparse.Namespace, folder: Path) -> Iterator[servers.Data]:
    """The place for the data: in this folder, also when it is a database, which runs until the end of the block."""
    if options.store == "local":
        yield folder / "data"
        return
    with postgres.cluster(folder) as cluster:
        yield cluster.url


class KilledServers:
    """Stator on its data, once or several times. All die for good at the end of the block."""

    def __init__(self, data: servers.Data, extra: Sequence[str] = (), many: int = 1) -> None:
        self._data = data
        self._extra = extra
        # By their endpoints. A server that is dead is on its way back.
        self._servers: dict[str, servers.Server | None] = {}
        self._starting: dict[str, Future[servers.Server]] = {}
        self._starter = ThreadPoolExecutor(1)
        self._many = many
        self._turns = count()

    def __enter__(self) -> Self:
        for _ in range(self._many):
            server = servers.start_stator(self._data, self._extra)
            self._servers[server.endpoint] = server
        return self

    def __exit__(self, *_: object) -> None:
        self._starter.shutdown(wait=True)
        for future in self._starting.values():
            if not future.exception():
                self._bury(future.result())
        for server in self._servers.values():
            if server:
                self._bury(server)

    @property
    def endpoint(self) -> str:
        """Where a server listens, each time another one. While the only one is dead, where it will."""
        alive = [endpoint for endpoint, server in self._servers.items() if server] or list(self._servers)
        return alive[next(self._turns) % len(alive)]

    def run(self, clients: Iterable[Client], progress: Callable[[], float], kills: int, random: Random) -> list[str]:
        """Runs the clients to their end, and kills servers at random points of the progress, which goes from 0 to 1.

        Returns the faults: that a server failed without being killed.
        """
        moments = sorted((LAST_MOMENT * random.random() for _ in range(kills)), reverse=True)
        crowd = Crowd(list(self._servers), clients)
        try:
            while crowd.step():
                self._welcome(crowd)
                if moments and moments[-1] <= progress():
                    moments.pop()
                    crowd.volley()
                    time.sleep(random.uniform(0, SHARED_DELAY_SECONDS if self._many > 1 else DELAY_SECONDS))
                    self._strike(crowd, random)
            for future in self._starting.values():
                future.result()
        except (WireError, OSError, servers.ServerError) as problem:
            return [f"a server failed: {problem}\n{self._logs()}"]
        return [f"only {kills - len(moments)} kills"] if moments else []

    def _strike(self, crowd: Crowd, random: Random) -> None:
        """Kills one server. The only one is there again afterwards; of several there is always one alive."""
        alive = [endpoint for endpoint, server in self._servers.items() if server]
        if len(alive) == 1 and self._starting:
            self._welcome(crowd, wait=True)
            alive = list(self._servers)
        victim = random.choice(alive)
        server = self._servers[victim]
        assert server is not None
        self._servers[victim] = None
        self._bury(server)
        self._starting[victim] = self._starter.submit(servers.start_stator, self._data, self._extra, server.port)
        if self._many == 1:
            self._welcome(crowd, wait=True)
        crowd.move(victim, self.endpoint)

    def _welcome(self, crowd: Crowd, *, wait: bool = False) -> None:
        """Servers that have started again."""
        for endpoint, future in list(self._starting.items()):
            if wait or future.done():
                self._servers[endpoint] = future.result()
                del self._starting[endpoint]
                crowd.come_back(endpoint)

    def _bury(self, server: servers.Server) -> None:
        server.kill()
        server.close()

    def _logs(self) -> str:
        logs = [server.log for server in self._servers.values() if server]
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs)
