"""Sends generated requests to Stator and to its peers and reports what they answer otherwise.

The report sorts kinds of differences: first those in which peers agree with each other against Stator, then the
others by number, each with one example and all answers to it. known.toml holds the kinds that were looked at, with
the evidence; a kind of agreement against Stator that it does not hold fails the run.

Episodes have a theme, in turn: requests on single items and on tables, transactions, statements.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from differential import fleet as fleets
from differential.episode import THEMES, Episode
from differential.kinds import Group, Kind
from harness import servers

KNOWN = Path(__file__).parent / "known.toml"
EPISODE_REQUESTS = 100
WORKERS = 4
# An episode that ends early is followed by another on new tables, this many times.
PARTS_MAX = 30
# moto answers ten times slower than the others: it sees one episode in this many.
MOTO_EVERY = 5
# It is the second of two peers that have transactions and statements, so it sees more of those.
MOTO_EVERY_THEME = 2
# Peers that have neither.
ITEMS_ONLY = ("dynalite",)
# The peer that passes the AWS-verified suite: where it alone differs is worth a look, too.
TRUSTED = "dynoxide"
SHORT_REQUESTS = 3_000
SHORT_SEED = 7
FULL_REQUESTS = 20_000
SHOWN = 1_500


@dataclass(frozen=True)
class Known:
    """A kind of difference that was looked at. The fields are patterns; `peers` are those that may agree against us."""

    operation: str
    aspect: str
    ours: str
    theirs: str
    reason: str
    peers: str

    def covers(self, kind: Kind) -> bool:
        if self.peers != "*" and not set(kind.agreeing) <= set(self.peers.split("|")):
            return False
        pairs = (
            (self.operation, kind.operation),
            (self.aspect, kind.aspect),
            (self.ours, kind.ours),
            (self.theirs, kind.theirs),
        )
        return all(any(matches(text, pattern) for pattern in alternatives.split("|")) for alternatives, text in pairs)


@dataclass
class Tally:
    """What a run adds up."""

    groups: dict[Kind, Group]
    requests: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def matches(text: str, pattern: str) -> bool:
    # In patterns only * is special: messages are full of brackets.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    print(f"differential test: {options.requests} requests, --seed {options.seed}", flush=True)
    begin = time.monotonic()
    with ExitStack() as stack:
        endpoint = os.environ.get("STATOR_ENDPOINT")
        peers = [name for name in options.peers.split(",") if name != options.subject]
        fleet = fleets.start(options.subject, peers, endpoint, stack)
        tally = run(fleet, options.requests, options.seed, options.themes)
        restarts = dict(fleet.restarts)
    new = report(tally, options)
    seconds = time.monotonic() - begin
    refused = tally.refusals.total()
    share = 100 * refused / max(1, tally.requests)
    print(
        f"{tally.requests} requests in {seconds:.0f} s; {share:.0f} % refused, with {len(tally.refusals)} kinds of refusal"
    )
    print(f"peers restarted: {restarts or 'none'}")
    if tally.dropped:
        print(f"episodes that ended early, by the server that could not go on: {dict(tally.dropped)}")
    print(f"{tally.requests - new} passed, {new} failed")
    return 1 if new or not tally.requests else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/run differential", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT_REQUESTS} requests of a fixed seed")
    parser.add_argument("--requests", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--subject", default="stator", help="a peer to look at in Stator's place")
    parser.add_argument("--peers", default=",".join(servers.PEER_NAMES))
    parser.add_argument("--themes", default=",".join(THEMES), help="what episodes are about, in turn")
    parser.add_argument("--all", action="store_true", help="also show known kinds and those without agreement")
    parser.add_argument("--output", type=Path, help="write every kind with its example to this JSON file")
    options = parser.parse_args(arguments)
    options.themes = [theme for theme in THEMES if theme in options.themes.split(",")]
    if options.subject in ITEMS_ONLY:
        options.themes = ["items"]
    options.requests = options.requests or (SHORT_REQUESTS if options.short else FULL_REQUESTS)
    if options.seed is None:
        options.seed = SHORT_SEED if options.short else secrets.randbits(32)
    return options


def run(fleet: fleets.Fleet, requests: int, seed: int, themes: Sequence[str]) -> Tally:
    episodes = -(-requests // EPISODE_REQUESTS)
    tally = Tally({})

    def parts(number: int) -> list[Episode]:
        theme = themes[number % len(themes)]
        names = [name for name in fleet.running if takes_part(name, theme, number // len(themes))]
        left = min(EPISODE_REQUESTS, requests - number * EPISODE_REQUESTS)
        done: list[Episode] = []
        while left > 0 and len(done) < PARTS_MAX:
            episode = Episode(fleets.Links(fleet, names), fleet.subject, f"{seed}/{number}/{len(done)}", left, theme)
            episode.run()
            left -= episode.sent
            done.append(episode)
        return done

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in pool.map(parts, range(episodes)):
            for episode in done:
                add(tally, episode)
    return tally


def takes_part(name: str, theme: str, number: int) -> bool:
    """Whether a server is asked in an episode, the number-th of its theme."""
    if theme == "items":
        return name != "moto" or number % MOTO_EVERY == 0
    return name not in ITEMS_ONLY and (name != "moto" or number % MOTO_EVERY_THEME == 0)


def add(tally: Tally, episode: Episode) -> None:
    tally.requests += episode.sent
    tally.refusals.update(episode.refusals)
    tally.dropped.update(episode.dropped)
    for difference in episode.found:
        tally.groups.setdefault(difference.kind, Group(difference)).add(difference)


def report(tally: Tally, options: argparse.Namespace) -> int:
    """Prints the kinds. Returns how many kinds of agreement against us are not known."""
    known = read_known()
    ranked = sorted(tally.groups.items(), key=rank)
    new = [(kind, group) for kind, group in ranked if group.agreed and not reason(kind, known)]
    others = [(kind, group) for kind, group in ranked if not group.agreed and not reason(kind, known)]
    explained = [(kind, group) for kind, group in ranked if reason(kind, known)]
    show("peers agree against us", new)
    if options.all:
        show("a peer differs", others)
        show("known", explained, known)
        print(
            "\n== refusals ==", *(f"{count:6} {words[:200]}" for words, count in tally.refusals.most_common()), sep="\n"
        )
    agreed = sum(1 for _, group in explained if group.agreed)
    print(
        f"{len(new)} new kinds of agreement against us; {len(others)} kinds in which single peers differ; "
        f"{len(explained)} known kinds, {agreed} of them with agreement"
    )
    if options.output:
        options.output.write_text(json.dumps([record(kind, group, known) for kind, group in ranked], indent=1))
    return len(new)


def rank(entry: tuple[Kind, Group]) -> tuple[int, bool, int]:
    """Agreement first, then what the peer says that is itself held against AWS."""
    group = entry[1]
    return -group.agreed, TRUSTED not in group.against, -group.count


def show(title: str, kinds: Sequence[tuple[Kind, Group]], known: Sequence[Known] = ()) -> None:
    if not kinds:
        return
    print(f"\n== {title}: {len(kinds)} kinds ==")
    for kind, group in kinds:
        example = group.example
        print(
            f"\n{kind.operation}, {kind.aspect}: {group.count} times ({group.agreed} with agreement of {sorted(group.against)})"
        )
        print(f"  ours:   {kind.ours[:SHOWN]}\n  theirs: {kind.theirs[:SHOWN]}")
        why = reason(kind, known)
        if why:
            print(f"  known:  {why}")
        print(f"  request ({example.request.fault}): {shortened(example.request.body)}")
        for name, answer in example.answers.items():
            print(f"    {name + ':':10} {shortened(answer)}")


def shortened(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)})"


def record(kind: Kind, group: Group, known: Sequence[Known]) -> dict[str, Any]:
    example = group.example
    body = example.request.body
    return {
        "operation": kind.operation,
        "aspect": kind.aspect,
        "ours": kind.ours,
        "theirs": kind.theirs,
        "count": group.count,
        "agreed": group.agreed,
        "against": sorted(group.against),
        "known": reason(kind, known),
        "fault": example.request.fault,
        "request": body.decode(errors="replace") if isinstance(body, bytes) else body,
        "answers": example.answers,
        "table": str(example.request.table),
    }


def reason(kind: Kind, known: Sequence[Known]) -> str | None:
    return next((entry.reason for entry in known if entry.covers(kind)), None)


def read_known() -> list[Known]:
    entries = tomllib.loads(KNOWN.read_text()).get("known", [])
    return [
        Known(**{key: entry.get(key, "*") for key in ("operation", "aspect", "ours", "theirs", "reason", "peers")})
        for entry in entries
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
