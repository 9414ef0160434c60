"""A server that is killed with SIGKILL now and then, under the load of a crowd, and started again on its data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Self

from harness import servers
from harness.crowd import Client, Crowd
from harness.wire import WireError

# How long at most the server has for a volley before it is killed: mostly not enough.
DELAY_SECONDS = 0.003
# The progress at which every client still has something to do.
LAST_MOMENT = 0.9


class KilledServer:
    """Stator on a data directory. It dies for good at the end of the block."""

    def __init__(self, data: Path, extra: Sequence[str] = ()) -> None:
        # Where the server listens; while it is dead, where it did.
        self.endpoint = ""
        self._data = data
        self._extra = extra
        self._server: servers.Server | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    def run(self, clients: Iterable[Client], progress: Callable[[], float], kills: int, random: Random) -> list[str]:
        """Runs the clients to their end, and kills the server at random points of the progress, which goes from 0 to 1.

        Returns the faults: that the server failed without being killed.
        """
        moments = sorted((LAST_MOMENT * random.random() for _ in range(kills)), reverse=True)
        crowd = Crowd(self.endpoint, clients)
        try:
            while crowd.step():
                if moments and moments[-1] <= progress():
                    moments.pop()
                    crowd.volley()
                    time.sleep(random.uniform(0, DELAY_SECONDS))
                    self._kill()
                    self._start()
                    crowd.reconnect(self.endpoint)
        except (WireError, OSError, servers.ServerError) as problem:
            log = self._server.log.read_text(errors="replace")[-2000:] if self._server else ""
            return [f"the server failed: {problem}\n{log}"]
        return [f"only {kills - len(moments)} kills"] if moments else []

    def _start(self) -> None:
        self._server = servers.start_stator(self._data, self._extra)
        self.endpoint = self._server.endpoint

    def _kill(self) -> None:
        if self._server:
            self._server.kill()
            self._server.close()
            self._server = None
