"""What servers over a PostgreSQL make of what happens to it and to them.

`promotion`: the primary dies and its synchronous standby takes over. `rolling`: servers are replaced one after the
other. `outage`: the database is away for a while. `frozen`: it stands still. `cut`: the network to it does not deliver.
Each is a part that can be chosen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from failover import outage, promotion, rolling
from harness import servers

SHOWN_FAULTS = 10


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run failover", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one failover, one round of restarts, a short outage")
    parser.add_argument("--parts", default="promotion,rolling,outage,frozen,cut", help="which of the parts")
    options = parser.parse_args(arguments)
    is_short = options.short
    parts: dict[str, Callable[[], list[str]]] = {
        # In the long run the servers give up waiting for the database before the standby takes over.
        "promotion": lambda: promotion.run(1, 1.0) if is_short else promotion.run(4, 8.0),
        "rolling": lambda: rolling.run(1 if is_short else 5),
        "outage": lambda: outage.run("stopped", 10.0 if is_short else 60.0),
        "frozen": lambda: outage.run("frozen", 8.0 if is_short else 60.0),
        "cut": lambda: outage.run("cut", 8.0 if is_short else 60.0),
    }
    chosen = options.parts.split(",")
    if not set(chosen) <= parts.keys():
        parser.error(f"the parts are {', '.join(parts)}")
    results = [carry_out(name, parts[name]) for name in chosen]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


def carry_out(name: str, run: Callable[[], list[str]]) -> bool:
    print(f"{name}:", flush=True)
    try:
        faults = run()
    except (servers.ServerError, AssertionError, OSError) as problem:
        faults = [f"{type(problem).__name__}: {problem}"]
    for fault in faults[:SHOWN_FAULTS]:
        print(f"  {fault}", flush=True)
    return not faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
