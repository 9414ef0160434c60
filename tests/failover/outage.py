"""The database of a server is away for a while: it has ended, or it stands still, or the network is cut.

/healthz says so within seconds, and says when it is back; requests get an answer that tells a client to try again, in
bounded time; the server goes on without a restart, and what was acknowledged is there.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from failover.load import Load, create_table
from harness import postgres, proxy, servers

WRITERS = 8
LOAD_SECONDS = 1.0
NOTICE_SECONDS_MAX = 10.0
RECOVERY_SECONDS_MAX = 10.0
# What docs/databases.md promises is 5 s; the machine may be busy.
ANSWER_SECONDS_MAX = 8.0
# The page says what is known, it does not ask the database.
PAGE_SECONDS_MAX = 2.0
ON_THE_WAY_SECONDS = 0.5
RETRYABLE = (500, 503)


class Health:
    """Asks /healthz again and again."""

    def __init__(self, port: int) -> None:
        self.changes: list[tuple[float, int | None]] = []
        self.longest = 0.0
        self._port = port
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(2 * ANSWER_SECONDS_MAX)

    def status(self) -> int | None:
        """The newest."""
        return self.changes[-1][1] if self.changes else None

    def _run(self) -> None:
        while not self._stopped.is_set():
            begin = time.monotonic()
            status = self._ask()
            now = time.monotonic()
            self.longest = max(self.longest, now - begin)
            if not self.changes or self.changes[-1][1] != status:
                self.changes.append((now, status))
            time.sleep(0.05)

    def _ask(self) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS_MAX)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


@dataclass(frozen=True)
class Outage:
    """How the database goes away and comes back."""

    begin: Callable[[], None]
    end: Callable[[], None]
    seconds: float


def run(kind: str, away_seconds: float) -> list[str]:
    """One outage of at least this length: the database is `stopped` or `frozen`, or the network `cut`. Returns the faults."""
    with postgres.cluster() as cluster, proxy.between(cluster.port) as way:
        begin, end = {
            "stopped": (cluster.stop, cluster.start),
            "frozen": (cluster.freeze, cluster.thaw),
            "cut": (way.cut, way.mend),
        }[kind]
        server = servers.start_stator(cluster.url.replace(f":{cluster.port}/", f":{way.port}/"))
        health = Health(server.port)
        try:
            health.start()
            return _run(cluster, server, health, Outage(begin, end, away_seconds))
        finally:
            health.stop()
            server.close()


def _run(cluster: postgres.Cluster, server: servers.Server, health: Health, outage: Outage) -> list[str]:
    create_table(server.endpoint)
    load = Load([server.endpoint], WRITERS)
    load.start()
    time.sleep(LOAD_SECONDS)
    faults: list[str] = [] if health.status() == 200 else [f"/healthz said {health.status()} before the outage"]
    outage.begin()
    stopped = time.monotonic()
    noticed = wait(lambda: health.status() == 503, NOTICE_SECONDS_MAX)
    time.sleep(max(0.0, stopped + outage.seconds - time.monotonic()))
    returning = time.monotonic()
    outage.end()
    back = time.monotonic()
    recovered = wait(lambda: health.status() == 200, RECOVERY_SECONDS_MAX)
    wait(lambda: max(load.recovery(back).values()) < float("inf"), RECOVERY_SECONDS_MAX)
    writing = max(load.recovery(back).values())
    time.sleep(LOAD_SECONDS)
    faults += load.stop()
    print(f"  /healthz: unhealthy after {shown(noticed)}, healthy again after {shown(recovered)}")
    print(f"  writes again after {writing:.2f} s; answers: {load.statuses()}; longest wait {load.longest():.1f} s")
    if noticed is None:
        faults.append(f"/healthz did not say within {NOTICE_SECONDS_MAX} s that the database is away")
    if recovered is None or writing > RECOVERY_SECONDS_MAX:
        faults.append(f"the server did not go on within {RECOVERY_SECONDS_MAX} s of the database's return")
    if health.longest > PAGE_SECONDS_MAX:
        faults.append(f"/healthz took {health.longest:.1f} s")
    return faults + _look_at_answers(load, stopped, returning) + load.compare(server.endpoint) + _end(cluster, server)


def _look_at_answers(load: Load, stopped: float, returning: float) -> list[str]:
    # Answers that were on their way when the database ended are not meant.
    meanwhile = [one for one in load.tries() if stopped + ON_THE_WAY_SECONDS < one.answered < returning]
    wrong = sorted({str(one.status) for one in meanwhile if one.status not in RETRYABLE})
    faults = [f"while the database was away there were answers of {wrong}"] if wrong else []
    if not meanwhile:
        faults.append("nobody was answered while the database was away")
    if load.longest() > ANSWER_SECONDS_MAX:
        faults.append(f"an answer took {load.longest():.1f} s, more than {ANSWER_SECONDS_MAX} s")
    return faults


def _end(cluster: postgres.Cluster, server: servers.Server) -> list[str]:
    if not server.alive():
        return ["the server has ended"]
    code = server.stop()
    return ([f"the server ended with {code}"] if code else []) + servers.check_offline(cluster.url)


def wait(is_so: Callable[[], bool], seconds: float) -> float | None:
    """How long it took until it was so; None if it never was."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if is_so():
            return time.monotonic() - begin
        time.sleep(0.05)
    return None


def shown(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"
