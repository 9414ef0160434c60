"""How much of the database's throughput Stator hands on: GetItem and PutItem, beside the same statements by pgbench.

Both run on the same database, machine and cores, in short runs one after the other; the ratio is that of the medians.
pgbench sends what the server sends for one such request, taken from the database's log, prepared, and a transaction
as a whole. Each must reach at least half.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import postgres, servers
from harness.wire import Connection
from pgbench import statements

ITEMS = 10_000
CONNECTIONS = 64
# The clients of pgbench with which it does best are the measure.
CLIENTS = (16, 32, 64)
RATIO_MIN = 0.5
SCHEMA = "bare"
# Above all others, and told from every other number in a statement.
FIRST_LANE = 4001
ITEM = "the-one-item"
# What the server sets its sessions to (crates/storage-postgres/src/link.rs), so that plans are the same.
SESSION = (
    "plan_cache_mode=force_generic_plan",
    "enable_seqscan=off",
    "enable_bitmapscan=off",
    "enable_hashjoin=off",
    "enable_mergejoin=off",
    "jit=off",
)
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
DEFINITION = {
    "TableName": "load",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
KEY = {"TableName": "load", "Key": {"pk": {"S": ITEM}}}
PUT = {"TableName": "load", "Item": {"pk": {"S": ITEM}, "value": {"S": "v" * 400}}}
# More than make a row that is always checked known as one.
PUTS = 30


def ask(cluster: postgres.Cluster, *texts: str) -> str:
    """The answer to the last statement."""
    answer = None
    for text in texts:
        answer = cluster.ask(text)
        if answer is None:
            raise servers.ServerError(f"PostgreSQL did not answer {text}")
    return answer or ""


def capture(cluster: postgres.Cluster, folder: Path) -> dict[str, Path]:
    """Has a server carry out both requests, and makes scripts of what it sent for them."""
    flags = ("--store-schema", SCHEMA, "--store-writers", "1")
    servers.start_stator(cluster.url, flags).close()
    lane = f"INSERT INTO {SCHEMA}.lanes VALUES ({FIRST_LANE - 1}, -1, 1, 0, now())"
    ask(cluster, f"DELETE FROM {SCHEMA}.lanes", lane)
    server = servers.start_stator(cluster.url, flags)
    try:
        connection = Connection(server.endpoint)
        requests = [("CreateTable", DEFINITION), *[("PutItem", PUT)] * PUTS, ("GetItem", KEY)]
        for operation, body in requests:
            assert connection.call(operation, body).status == 200
        key = item_key(cluster)
        version = f"SELECT version FROM {SCHEMA}.kv WHERE key = '{key}'"
        before = ask(cluster, version)
        reads = logged(cluster, connection, "GetItem", KEY)
        writes = logged(cluster, connection, "PutItem", PUT)
        after = ask(cluster, version)
        connection.close()
    finally:
        server.close()
    known = {key: "CAST(:key AS bytea)", before: ":found", after: ":proposed", str(FIRST_LANE): ":lane"}
    get = next(one for one in reads if one.names(key_text(key)))
    read = next(one for one in writes if one.names(key_text(key)))
    commit = statements.transaction(writes, key_text(key))
    ask(cluster, *statements.filler(SCHEMA, key, ITEMS, max(CLIENTS)))
    scripts = {}
    for clients in CLIENTS:
        texts = {
            "get": statements.get_script(get, key, ITEMS, clients),
            "put": statements.put_script(read, commit, known, ITEMS, clients),
        }
        for name, text in texts.items():
            scripts[f"{name}-{clients}"] = folder / f"{name}-{clients}.sql"
            scripts[f"{name}-{clients}"].write_text(text)
    print(f"a GetItem is 1 statement, a PutItem 1 and a transaction of {len(commit)}", flush=True)
    return scripts


def item_key(cluster: postgres.Cluster) -> str:
    wanted = ITEM.encode().hex()
    found = f"SELECT key FROM {SCHEMA}.kv WHERE encode(key, 'hex') LIKE '10%{wanted}%'"
    return ask(cluster, found)


def key_text(key: str) -> str:
    """As the log writes it, alone or in an array."""
    return key.removeprefix("\\x")


def logged(
    cluster: postgres.Cluster, connection: Connection, operation: str, body: object
) -> list[statements.Statement]:
    """What was sent for one request."""
    ask(cluster, "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    time.sleep(0.5)
    begin = cluster.log.stat().st_size
    assert connection.call(operation, body).status == 200
    time.sleep(0.5)
    text = cluster.log.read_bytes()[begin:].decode(errors="replace")
    ask(cluster, "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
    time.sleep(0.5)
    return statements.parse(text)


def run_pgbench(cluster: postgres.Cluster, script: Path, clients: int, seconds: int) -> float:
    """Transactions per second."""
    command = [str(postgres.programs() / "pgbench"), "-h", "127.0.0.1", "-p", str(cluster.port), "-U", postgres.USER]
    command += [
        "-n",
        "-M",
        "prepared",
        "-c",
        str(clients),
        "-j",
        "1",
        "-T",
        str(seconds),
        "-f",
        str(script),
        "postgres",
    ]
    options = " ".join(f"-c {setting}" for setting in SESSION)
    result = subprocess.run(
        command, env={"PGOPTIONS": options}, cwd="/", capture_output=True, text=True, timeout=60 + seconds, check=False
    )
    rate = RATE.search(result.stdout)
    if result.returncode != 0 or not rate:
        raise servers.ServerError(f"pgbench ended with {result.returncode}: {(result.stdout + result.stderr)[-1500:]}")
    return float(rate[1])


def run_load(server: servers.Server, operation: str, seconds: int) -> float:
    """Answered requests per second."""
    program = servers.binary().parent / "examples" / "load"
    settings = {"connections": CONNECTIONS, "seconds": seconds, "items": ITEMS, "partition": 0}
    command = [str(program), f"127.0.0.1:{server.port}", operation, *(f"{name}={it}" for name, it in settings.items())]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120 + seconds, check=False)
    if result.returncode != 0:
        raise servers.ServerError(f"load ended with {result.returncode}: {result.stderr[-1500:]}")
    found = json.loads(result.stdout)
    if found["failed"]:
        raise servers.ServerError(f"{found['failed']} requests failed: {found['first_failure']}")
    rate: float = found["rate"]
    return rate


def compare(cluster: postgres.Cluster, scripts: dict[str, Path], options: argparse.Namespace) -> list[bool]:
    rates: dict[str, list[float]] = {}
    server = servers.start_stator(cluster.url)
    try:
        connection = Connection(server.endpoint)
        assert connection.call("CreateTable", DEFINITION).status == 200
        connection.close()
        run_load(server, "fill", 0)
        ask(cluster, "VACUUM ANALYZE")
        for _ in range(options.rounds):
            for operation in ("get", "put"):
                rates.setdefault(f"{operation} Stator", []).append(run_load(server, operation, options.seconds))
                for clients in CLIENTS:
                    rate = run_pgbench(cluster, scripts[f"{operation}-{clients}"], clients, options.seconds)
                    rates.setdefault(f"{operation} pgbench, {clients} clients", []).append(rate)
    finally:
        server.close()
    return [report(operation, rates) for operation in ("get", "put")]


def report(operation: str, rates: dict[str, list[float]]) -> bool:
    """Prints the medians. Whether Stator reaches enough."""
    medians = {name: statistics.median(found) for name, found in rates.items() if name.startswith(operation)}
    for name, median in medians.items():
        print(f"  {name}: {median:.0f}/s ({', '.join(f'{rate:.0f}' for rate in rates[name])})")
    stator = medians.pop(f"{operation} Stator")
    ratio = stator / max(medians.values())
    print(f"  {operation}: Stator reaches {ratio:.2f} of pgbench", flush=True)
    return ratio >= RATIO_MIN


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run pgbench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run")
    parser.add_argument("--seconds", type=int, default=3, help="for how long each time")
    options = parser.parse_args(arguments)
    with postgres.cluster() as cluster, tempfile.TemporaryDirectory(prefix="stator-pgbench-") as folder:
        results = compare(cluster, capture(cluster, Path(folder)), options)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
