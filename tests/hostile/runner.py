"""Each kind of slow or hostile client, dozens of them at once, beside one that behaves and must not notice.

The one that behaves puts and gets an item in turn, in a process of its own. It sends again what is refused with an
error that SDKs retry, as they do, and waits before that, as they do; what is measured is from the first time to the
answer. What must hold: in every company it is answered in the end, 99 of 100 times within a second, and the server's
memory stays within bounds.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import socket
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import Any
from urllib.parse import urlsplit

from harness import servers
from harness.memory import MEBIBYTE, Watched
from harness.wire import Connection
from hostile.clients import ATTACKS, TABLE, Attack

LINKS = 48
WAIT_SECONDS_MAX = 1.0
SHARE = 0.99
ATTEMPTS = 4
BACKOFF_SECONDS = 0.05
# What the server holds for clients at most, twice for small bodies, and what it needs for itself.
MEMORY_BYTES_MAX = 1280 * MEBIBYTE
LINK_SECONDS = 5.0
ITEMS = 300
ITEM_BYTES = 10_000
DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


def behave(endpoint: str, seconds: float) -> tuple[list[float], int, list[str]]:
    """The client that behaves: how long each request took, how many were refused first, and what went wrong."""
    connection = Connection(endpoint, timeout_seconds=30)
    waits: list[float] = []
    faults: list[str] = []
    retries = 0
    end = time.monotonic() + seconds
    for number in range(1_000_000):
        began = time.monotonic()
        if began >= end:
            break
        key = {"pk": {"S": f"mine-{number % 10}"}}
        request: tuple[str, dict[str, Any]] = ("GetItem", {"TableName": TABLE, "Key": key})
        if number % 2:
            request = ("PutItem", {"TableName": TABLE, "Item": {**key, "value": {"N": str(number)}}})
        for attempt in range(ATTEMPTS):
            answer = connection.call(*request)
            if answer.error_type() != "ThrottlingException":
                break
            retries += 1
            time.sleep(BACKOFF_SECONDS * 2**attempt)
        if answer.status != 200:
            faults.append(f"{request[0]} was answered {answer.status} {answer.body[:200]!r}")
        waits.append(time.monotonic() - began)
        time.sleep(0.002)
    connection.close()
    return waits, retries, faults


def assault(endpoint: str, attack: Attack, stop: threading.Event, random: Random) -> None:
    """One hostile client after the other, in one thread."""
    address = (urlsplit(endpoint).hostname, urlsplit(endpoint).port)
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(address, LINK_SECONDS) as link:
            attack(link, stop, random)
        stop.wait(0.01)


def company(endpoint: str, name: str, options: argparse.Namespace, pool: ProcessPoolExecutor) -> list[str]:
    """One kind of hostile clients. Returns what does not hold."""
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=assault, args=(endpoint, ATTACKS[name], stop, Random(f"{name}/{number}")), name=name, daemon=True
        )
        for number in range(options.links)
    ]
    for thread in threads:
        thread.start()
    waits, retries, faults = pool.submit(behave, endpoint, options.seconds).result()
    stop.set()
    for thread in threads:
        thread.join(2 * LINK_SECONDS)
    waits.sort()
    # Of few requests, one may be slower.
    late = waits[min(int(len(waits) * SHARE), max(len(waits) - 2, 0))]
    print(
        f"  {name}: {len(waits)} requests, waited {waits[len(waits) // 2] * 1000:.1f} ms (median), "
        f"{waits[int(len(waits) * 0.99)] * 1000:.1f} ms (99 %), {waits[-1] * 1000:.0f} ms (longest); {retries} sent again",
        flush=True,
    )
    if late > WAIT_SECONDS_MAX:
        faults.append(f"one request in {round(1 / (1 - SHARE))} took {late:.2f} s or more")
    return faults


def create(endpoint: str) -> None:
    connection = Connection(endpoint)
    assert connection.call("CreateTable", DEFINITION).status == 200
    for number in range(ITEMS):
        item = {"pk": {"S": f"item-{number}"}, "body": {"S": "x" * ITEM_BYTES}}
        assert connection.call("PutItem", {"TableName": TABLE, "Item": item}).status == 200
    connection.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="for each kind")
    parser.add_argument("--links", type=int, default=LINKS, help="how many of a kind")
    parser.add_argument("--kinds", default=",".join(ATTACKS), help="names, with commas between them")
    parser.add_argument("--short", action="store_true", help="3 seconds for each kind")
    options = parser.parse_args(arguments)
    options.seconds = 3.0 if options.short else options.seconds
    print(f"hostile: {options.links} clients of each kind, {options.seconds} s", flush=True)
    failed = 0
    names = options.kinds.split(",")
    # Another process, because threads of one would take turns.
    processes = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with servers.stator() as server, processes as pool:
        create(server.endpoint)
        for name in names:
            with Watched(server.process.pid) as memory:
                faults = company(server.endpoint, name, options, pool)
            if memory.most_bytes > MEMORY_BYTES_MAX:
                faults.append(f"the server took {memory.most_bytes // MEBIBYTE} MiB of memory")
            if not server.alive():
                faults.append(f"the server died: {server.log.read_text(errors='replace')[-2000:]}")
            print(f"    at most {memory.most_bytes // MEBIBYTE} MiB of memory", flush=True)
            for fault in faults[:5]:
                print(f"    {fault}", flush=True)
            failed += bool(faults)
    print(f"{len(names) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
