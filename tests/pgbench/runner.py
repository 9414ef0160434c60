"""How much of what the database can do reaches the clients: a server over PostgreSQL against pgbench with the same statements.

The statements are taken from the database's log while the server answers a GetItem and a PutItem, so pgbench sends what the
server sends, prepared, with random keys in the place of the item's. Server and pgbench run in turn on one cluster, each with
several numbers of clients; the best of each counts, and the median over the rounds. What must hold: the server reaches at
least half of pgbench.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness import postgres, servers
from harness.wire import Connection

RATIO_MIN = 0.5
ITEMS = 20_000
SECONDS = 4
ROUNDS = 5
SERVER_CLIENTS = (64, 128)
BENCH_CLIENTS = (4, 16, 64)
PROGRAM_SECONDS = 120.0
# Lanes that no server has, so that pgbench takes none away from one.
FIRST_LANE = 2000
BEGIN = "log of the statements begins"
TABLE = "load"
KEY = {"pk": {"S": "partition-1"}, "sk": {"N": "1"}}
ITEM = {**KEY, "text": {"S": "x" * 400}, "count": {"N": "11"}, "tags": {"SS": ["one", "two"]}}
REQUESTS = {
    "get": ("GetItem", {"TableName": TABLE, "Key": KEY}),
    "put": ("PutItem", {"TableName": TABLE, "Item": ITEM}),
}
# A row of pgbench's own, in the place of the item that the server reads and writes.
ROW = "decode('7f' || lpad(to_hex(CAST(:id AS bigint)), 88, '0'), 'hex')"
LANE = f"({FIRST_LANE} + CAST(:client_id AS integer))"
NOW = "(CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) - 1577836800000000) * 4096 + " + LANE
ITEM_SPACE = r"\\x10"


def logged(cluster: postgres.Cluster) -> str:
    return cluster.log.read_text(errors="replace")


def captured(cluster: postgres.Cluster, connection: Connection, kind: str) -> list[tuple[str, list[str]]]:
    """The statements of one request, each with its parameters, as the database logs them."""
    operation, request = REQUESTS[kind]
    # What is new to the server, and what is not yet known to be checked often, is not what it sends under load.
    for _ in range(200):
        assert connection.call(operation, request).status == 200
    cluster.ask("ALTER SYSTEM SET log_statement = 'all'")
    cluster.ask("SELECT pg_reload_conf()")
    # Connections take notice of the setting with their next statement, and the server has several.
    for _ in range(64):
        assert connection.call(operation, request).status == 200
    cluster.ask(f"SELECT '{BEGIN}'")
    assert connection.call(operation, request).status == 200
    cluster.ask("ALTER SYSTEM RESET log_statement")
    cluster.ask("SELECT pg_reload_conf()")
    time.sleep(0.5)
    tail = logged(cluster).rsplit(f"'{BEGIN}'", 1)[1].split("ALTER SYSTEM RESET", 1)[0]
    return statements(tail)


def statements(log: str) -> list[tuple[str, list[str]]]:
    """The statements in a log, without those of health and of the lanes' rest."""
    found: list[tuple[str, list[str]]] = []
    next_entry = r"(?=\n\d{4}-\d\d-\d\d |\Z)"
    details = r"(?:\n[^\n]*DETAIL: +parameters: ([^\n]*))?"
    entry = re.compile(rf"LOG: +(?:execute \w+|statement): (.*?){next_entry}{details}", re.S)
    for text, parameters in entry.findall(log):
        values = re.findall(r"\$\d+ = ('(?:[^']|'')*'|NULL)", parameters)
        found.append((" ".join(text.split()), values))
    return [(text, values) for text, values in found if text not in ("SELECT 1", "")]


def script(kind: str, sent: list[tuple[str, list[str]]]) -> str:
    """A script of pgbench that sends what was captured, for a row of its own."""
    lines = [f"\\set id random(1, {ITEMS})"]
    for text, values in sent:
        lines.append(replaced(text, [substitute(text, place, value) for place, value in enumerate(values, 1)]) + ";")
    if len(sent) < {"get": 1, "put": 5}[kind]:
        raise servers.ServerError(f"the log shows too little of a {kind}: {sent}")
    return "\n".join(lines) + "\n"


def replaced(text: str, values: list[str]) -> str:
    return re.sub(r"\$(\d+)", lambda match: values[int(match.group(1)) - 1], text)


def substitute(text: str, place: int, value: str) -> str:
    """What stands in the place of a parameter."""
    is_array = value.startswith("'{")
    kind = parameter_kind(text, place)
    if kind == "version":
        return NOW
    if kind == "lane":
        return LANE
    if kind == "epoch":
        return "1"
    if kind == "expected":
        # The row is at whatever version the last one gave it.
        return f"CAST('{{{','.join('-1' for _ in value.split(','))}}}' AS bigint[])"
    if kind == "awaited":
        return "0"
    if is_array and re.search(ITEM_SPACE, value):
        others = [part for part in re.findall(r'"(\\\\x[0-9a-f]*)"', value) if not part.startswith("\\\\x10")]
        rest = "".join(f", decode('{part[3:]}', 'hex')" for part in others)
        return f"ARRAY[{ROW}{rest}]"
    if re.search(ITEM_SPACE, value):
        return ROW
    return value if not is_array else f"CAST({value} AS {array_type(text, place)})"


def array_type(text: str, place: int) -> str:
    match = re.search(rf"\${place}::(\w+\[\])", text)
    return match.group(1) if match else "bytea[]"


def parameter_kind(text: str, place: int) -> str | None:
    """What a parameter of a commit is that must differ between the server and pgbench."""
    rows: list[tuple[str, dict[int, str]]] = [
        ("FOR UPDATE) mine", {1: "lane", 2: "epoch"}),
        ("WITH locked AS", {2: "expected", 4: "awaited"}),
        ("WITH gone AS (DELETE", {2: "version", 6: "lane"}),
        ("WITH numbered AS", {1: "lane", 2: "epoch", 3: "version"}),
    ]
    return next((places.get(place) for part, places in rows if part in text), None)


def prepare(cluster: postgres.Cluster) -> None:
    """Rows and lanes of pgbench's own."""
    cluster.ask(
        f"""INSERT INTO stator.kv (key, value, version, mark)
            SELECT {ROW.replace(":id", "n")}, decode(repeat('61', 480), 'hex'), 1, 0 FROM generate_series(1, {ITEMS}) n"""
    )
    cluster.ask(
        f"""INSERT INTO stator.lanes (lane, owner, epoch, version, seen)
            SELECT {FIRST_LANE} + n, -1, 1, 0, now() + interval '1 day' FROM generate_series(0, 99) n"""
    )
    cluster.ask("VACUUM ANALYZE stator.kv")


def bench(cluster: postgres.Cluster, file: Path, clients: int) -> float:
    """Transactions a second of pgbench."""
    address = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", postgres.USER]
    run = ["-n", "-M", "prepared", "-f", str(file), "-c", str(clients), "-j", "2", "-T", str(SECONDS), "postgres"]
    command = [str(pgbench()), *address, *run]
    result = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    figure = re.search(r"tps = ([\d.]+)", result.stdout)
    if result.returncode != 0 or not figure:
        raise servers.ServerError(f"pgbench ended with {result.returncode}: {result.stderr[:1500]}")
    return float(figure.group(1))


def pgbench() -> Path:
    """The program, which distributions put beside the server or into the path."""
    candidates = [postgres.programs() / "pgbench", Path("/usr/bin/pgbench"), *postgres.DEBIAN.glob("*/bin/pgbench")]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise servers.ServerError("pgbench is not installed; Debian's package postgresql-contrib or postgresql has it")
    return found


def load(server: servers.Server, operation: str, clients: int) -> float:
    """Operations a second of the server."""
    program = servers.binary().parent / "examples" / "load"
    command = [str(program), f"127.0.0.1:{server.port}", operation, f"connections={clients}", f"seconds={SECONDS}"]
    result = subprocess.run(
        [*command, f"items={ITEMS}"], capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False
    )
    figure = re.search(r"(\d+) a second", result.stdout)
    if result.returncode != 0 or (operation != "setup" and not figure):
        raise servers.ServerError(f"load {operation} ended with {result.returncode}: {result.stderr[:1500]}")
    return float(figure.group(1)) if figure else 0.0


def best(measure: Callable[[int], float], clients: tuple[int, ...]) -> float:
    return max(measure(count) for count in clients)


def compare(rounds: int, folder: Path) -> list[bool]:
    with postgres.cluster(folder) as cluster:
        server = servers.start_stator(cluster.url, ())
        try:
            load(server, "setup", 16)
            prepare(cluster)
            connection = Connection(server.endpoint)
            files = {}
            for kind in REQUESTS:
                files[kind] = folder / f"{kind}.sql"
                files[kind].write_text(script(kind, captured(cluster, connection, kind)))
            connection.close()
            return [ratio_holds(kind, rounds, (server, cluster, files[kind])) for kind in REQUESTS]
        finally:
            server.close()


def ratio_holds(kind: str, rounds: int, place: tuple[servers.Server, postgres.Cluster, Path]) -> bool:
    """Measures in turn, prints, and tells whether the server reaches its share."""
    server, cluster, file = place
    ratios = []
    for _ in range(rounds):
        reached = best(lambda clients: load(server, kind, clients), SERVER_CLIENTS)
        possible = best(lambda clients: bench(cluster, file, clients), BENCH_CLIENTS)
        ratios.append(reached / possible)
        print(f"  {kind}: server {reached:.0f} a second, pgbench {possible:.0f}, ratio {ratios[-1]:.2f}", flush=True)
    median = statistics.median(ratios)
    print(f"{kind}: median ratio {median:.2f} (at least {RATIO_MIN})", flush=True)
    return median >= RATIO_MIN


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run pgbench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="stator-pgbench-") as folder:
        Path(folder).chmod(0o755)
        results = compare(options.rounds, Path(folder))
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
