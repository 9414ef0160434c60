"""Every figure that has a bound, measured on this machine and printed as one Markdown table.

Servers run on one core, what asks them on another, so it takes two cores that nothing else uses. Parts: `cost` of each
operation as a ratio to a server that answers a constant body, as it comes, encrypted, and with authentication; `cores`,
two over one; `hot`, one item that everybody increments; `idle`, what a server takes that nobody asks; `peers`, the
costs of other servers; `growth`, which takes long and much disk and is measured only when asked for. The exit code
says whether everything that has a bound was within it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench import costs, growth, idle, load, machine, scaling, subjects
from bench.report import Report
from harness import caches, servers

Part = Callable[[Report, argparse.Namespace], None]
PARTS: dict[str, Part] = {
    "cost": costs.measure,
    "cores": scaling.measure_cores,
    "hot": scaling.measure_hot,
    "idle": idle.measure,
    "peers": costs.measure_peers,
    "growth": growth.measure,
}
USUAL = [name for name in PARTS if name != "growth"]
# Above it, figures say less: others use the machine.
BUSY_SHARE_MAX = 0.1


def names_of(known: dict[str, object] | list[str] | tuple[str, ...]) -> Callable[[str], str]:
    """A type of arguments: names with commas between them."""

    def check(text: str) -> str:
        unknown = set(text.split(",")) - set(known)
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return text

    return check


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/run bench", description=__doc__)
    parser.add_argument("--only", type=names_of(list(PARTS)), help=f"parts, of {', '.join(PARTS)}")
    parser.add_argument("--growth", action="store_true", help="the part growth after the others")
    parser.add_argument("--short", action="store_true", help="one short round of few items: does it work at all")
    parser.add_argument("--rounds", type=int, default=5, help="of each figure, of which the median counts")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--operations", type=names_of(list(costs.OPERATIONS)), default=",".join(costs.OPERATIONS))
    parser.add_argument("--variants", type=names_of(subjects.VARIANTS), default=",".join(subjects.VARIANTS))
    parser.add_argument("--peers", type=names_of(servers.PEER_NAMES), default="dynoxide,dynalite")
    parser.add_argument("--idle-connections", type=int, default=10_000)
    parser.add_argument("--growth-items", type=int, default=10_000_000, help="at most 1.2 GB of disk for each million")
    parser.add_argument("--sustained-seconds", type=float, default=600.0, help="of the PutItems of the part growth")
    parser.add_argument("--memory-mb", type=int, default=512, help="of the servers of the part growth")
    parser.add_argument("--directory", help="where the large data goes, if not to the folder of temporary files")
    options = parser.parse_args(arguments)
    if options.short:
        options.rounds, options.seconds, options.items = 1, 0.5, 10_000
        options.growth_items, options.sustained_seconds = 200_000, 5.0
        options.idle_connections = 500
    return options


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    chosen = options.only.split(",") if options.only else USUAL + (["growth"] if options.growth else [])
    # Said before anything is measured.
    for name in ("load", "floor"):
        load.example(name)
    described = machine.described()
    busy = machine.busy_share()
    if busy > BUSY_SHARE_MAX:
        described += f"; others use {busy:.0%} of the machine: not quiet"
    print(f"bench: {', '.join(chosen)}; {described}", flush=True)
    report = Report()
    for name in chosen:
        print(f"{name}:", flush=True)
        try:
            PARTS[name](report, options)
        except (servers.ServerError, caches.SetupError, OSError) as problem:
            report.broken(name, " ".join(f"{problem}".split()))
    print(f"\n{described}\n\n{report.markdown()}\n")
    print(f"{report.met()} passed, {report.missed()} failed")
    return int(report.missed() > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (caches.SetupError, servers.ServerError) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        sys.exit(1)
