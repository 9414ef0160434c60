"""Three servers over one database are replaced one after the other, under load by boto3 with its default retries.

A client knows all addresses and goes to the next one when boto3 gives up at one. No request fails for good, every
server ends well, and what was put is there.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from failover.load import TABLE, create_table, scan
from harness import postgres, servers

SERVERS = 3
CLIENTS = 12
LOAD_SECONDS = 1.0
PAUSE_SECONDS = 0.02
JOIN_SECONDS = 120.0
CREDENTIALS: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


class Clients:
    """Threads that put items of their own and read them back, each at one server first."""

    def __init__(self, endpoints: list[str]) -> None:
        # The default retries are the point; only the pool must hold all threads.
        config = Config(max_pool_connections=CLIENTS)
        self._boto = [
            boto3.client("dynamodb", endpoint_url=endpoint, config=config, **CREDENTIALS) for endpoint in endpoints
        ]
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.put: set[str] = set()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self.faults += ["a client does not end" for thread in self._threads if thread.is_alive()]

    def _run(self, number: int) -> None:
        count = 0
        while not self._stopped.is_set() and not self.faults:
            count += 1
            item = {"pk": {"S": f"item-{number}-{count}"}}
            if self._ask(number, "put_item", Item=item) is None:
                return
            with self._lock:
                self.put.add(item["pk"]["S"])
            answer = self._ask(number, "get_item", Key=item, ConsistentRead=True)
            if answer is not None and answer.get("Item") != item:
                self.faults.append(f"{item} was put, and then read as {answer.get('Item')}")
            time.sleep(PAUSE_SECONDS)

    def _ask(self, number: int, operation: str, **parameters: Any) -> Any:
        """One request, at one server after the other. None when it failed at all of them."""
        problems = []
        for turn in range(len(self._boto)):
            client = self._boto[(number + turn) % len(self._boto)]
            try:
                answer = getattr(client, operation)(TableName=TABLE, **parameters)
            except (BotoCoreError, ClientError) as problem:
                problems.append(f"{type(problem).__name__}: {problem}")
                with self._lock:
                    self.counts[f"given up by boto3: {type(problem).__name__}"] += 1
                continue
            with self._lock:
                self.counts["requests"] += 1
                self.counts["retries by boto3"] += answer["ResponseMetadata"]["RetryAttempts"]
            return answer
        self.faults.append(f"{operation} failed for good: {problems}")
        return None


def run(rounds: int) -> list[str]:
    """So many restarts of every server. Returns the faults."""
    with postgres.cluster() as cluster:
        running = [servers.start_stator(cluster.url) for _ in range(SERVERS)]
        try:
            faults = _run(cluster.url, running, rounds)
            faults += [f"a server ended with {code}" for code in [server.stop() for server in running] if code]
            return faults + servers.check_offline(cluster.url)
        finally:
            for server in running:
                server.close()


def _run(url: str, running: list[servers.Server], rounds: int) -> list[str]:
    create_table(running[0].endpoint)
    clients = Clients([server.endpoint for server in running])
    faults: list[str] = []
    stops: list[float] = []
    away: list[float] = []
    clients.start()
    try:
        for at in list(range(SERVERS)) * rounds:
            time.sleep(LOAD_SECONDS)
            begin = time.monotonic()
            code = running[at].stop()
            stops.append(time.monotonic() - begin)
            running[at].close()
            running[at] = servers.start_stator(url, port=running[at].port)
            away.append(time.monotonic() - begin)
            faults += [f"a server ended with {code}"] if code else []
        time.sleep(LOAD_SECONDS)
    finally:
        clients.stop()
    print(f"  {len(stops)} restarts: ended within {max(stops):.2f} s, there again within {max(away):.2f} s")
    print("  " + ", ".join(f"{times} {name}" for name, times in sorted(clients.counts.items())))
    lost = clients.put - scan(running[0].endpoint).keys()
    faults += clients.faults + [f"{name} was put and is lost" for name in sorted(lost)[:5]]
    if not any(times for name, times in clients.counts.items() if name != "requests"):
        faults.append("no client noticed the restarts: they prove nothing")
    return faults
