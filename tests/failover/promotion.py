"""The primary dies with all of its processes, and its synchronous standby takes over, under load by two servers.

Every acknowledged write is on the standby; the servers, which know the addresses of both, go on without a restart.
"""

from __future__ import annotations

import time

from failover.load import Load, create_table
from harness import postgres, servers

SERVERS = 2
WRITERS = 16
LOAD_SECONDS = 2.0
RECOVERY_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 20.0


def run(rounds: int, dead_seconds: float) -> list[str]:
    """So many failovers in a row, each so long after the death of the primary. Returns the faults."""
    with postgres.clusters(rounds + 1) as clusters:
        clusters[0].make()
        clusters[0].start()
        postgres.follow(clusters[0], clusters[1])
        url = postgres.url(*clusters)
        running = [servers.start_stator(url) for _ in range(SERVERS)]
        try:
            return _run(clusters, [server.endpoint for server in running], dead_seconds) + _end(running, url)
        finally:
            for server in running:
                server.close()


def _run(clusters: list[postgres.Cluster], endpoints: list[str], dead_seconds: float) -> list[str]:
    create_table(endpoints[0])
    load = Load(endpoints, WRITERS)
    faults: list[str] = []
    load.start()
    began = time.monotonic()
    try:
        for number in range(1, len(clusters)):
            if number > 1:
                postgres.follow(clusters[number - 1], clusters[number])
            time.sleep(LOAD_SECONDS)
            faults += _fail_over(load, clusters[number - 1], clusters[number], dead_seconds)
            time.sleep(LOAD_SECONDS)
    finally:
        seconds = time.monotonic() - began
        faults += load.stop()
    count = sum(one.is_success for one in load.tries())
    print(f"  {count} writes in {seconds:.1f} s; answers: {load.statuses()}; longest wait {load.longest():.1f} s")
    if load.longest() > ANSWER_SECONDS_MAX:
        faults.append(f"an answer took {load.longest():.1f} s, more than {ANSWER_SECONDS_MAX} s")
    return faults + [fault for endpoint in endpoints for fault in load.compare(endpoint)]


def _fail_over(load: Load, primary: postgres.Cluster, standby: postgres.Cluster, dead_seconds: float) -> list[str]:
    primary.kill()
    killed = time.monotonic()
    time.sleep(dead_seconds)
    promoting = time.monotonic()
    standby.promote()
    promoted = time.monotonic()
    deadline = promoted + RECOVERY_SECONDS_MAX
    while time.monotonic() < deadline and max(load.recovery(promoted).values()) == float("inf"):
        time.sleep(0.1)
    recovery = load.recovery(promoted)
    shown = ", ".join(f"{seconds:.2f} s" for seconds in recovery.values())
    print(f"  promoted {promoted - killed:.2f} s after the kill; the servers went on after {shown}")
    faults = [
        f"{endpoint} did not go on within {RECOVERY_SECONDS_MAX} s of the promotion"
        for endpoint, seconds in recovery.items()
        if seconds > RECOVERY_SECONDS_MAX
    ]
    lies = [one for one in load.tries() if one.is_success and killed < one.sent and one.answered < promoting]
    return faults + ([f"{len(lies)} writes were acknowledged while there was no database"] if lies else [])


def _end(running: list[servers.Server], url: str) -> list[str]:
    """The servers end well, and what they leave is consistent."""
    codes = [server.stop() for server in running]
    return [f"a server ended with {code}" for code in codes if code] + servers.check_offline(url)
