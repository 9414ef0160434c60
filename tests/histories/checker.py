"""Says whether a history is strictly serializable: as if its operations had been carried out one after another, each
at some moment between its invocation and its completion.

The method is that of Elle for lists that are appended to (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies
from Experimental Observations", VLDB 2020): reads show the order of the writes of each item, from which follows which
operation must stand before which; a cycle cannot be explained. Anomalies have the names of that paper and of Adya's
thesis: G0, G1a, G1b, G1c, G-single, G2, with `-realtime` where it takes the clock to see them. An operation of unknown
outcome counts as carried out when something of it was seen.

Beside it, and by other code, every item by itself is checked to be linearizable. That is easy where the order of the
writes is known (Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput. 1997): see `_check_item`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from histories.graph import Graph, Kind, Step
from histories.history import Operation
from histories.versions import Anomaly, Item, Versions

# Cycles beyond these tell nothing new, and each costs a search.
CYCLES_SHOWN_MAX = 10
WRITES = frozenset({Kind.WW})
READS = frozenset({Kind.WW, Kind.WR})
ANTI = frozenset({Kind.WW, Kind.WR, Kind.RW})
TIME = frozenset({Kind.REALTIME})


def check(history: Sequence[Operation]) -> list[Anomaly]:
    """All anomalies that were found."""
    versions = Versions(history)
    anomalies = list(versions.anomalies)
    for item in versions.items.values():
        anomalies += _check_item(item, versions, history)
    return anomalies + _check_cycles(versions, history)


def _check_cycles(versions: Versions, history: Sequence[Operation]) -> list[Anomaly]:
    graph = Graph(len(history))
    for item in versions.items.values():
        _add_versions(graph, item, versions)
    _add_times(graph, [at for at, happened in enumerate(versions.happened) if happened], history)
    anomalies = []
    for component in graph.components()[:CYCLES_SHOWN_MAX]:
        name, cycle = _classify(graph, component)
        anomalies.append(Anomaly(name, _describe(cycle, history)))
    return anomalies


def _add_versions(graph: Graph, item: Item, versions: Versions) -> None:
    """Each version's writer stands before the next one's, and every reader between the two."""
    steps = [
        (versions.writer(item, position - 1), versions.writer(item, position), Kind.WW)
        for position in range(1, len(item.order))
    ]
    for at, length in item.readers:
        if versions.happened[at]:
            steps.append((versions.writer(item, length - 1), at, Kind.WR))
            steps.append((at, versions.writer(item, length), Kind.RW))
    for source, target, kind in steps:
        if source is not None and target is not None and source != target:
            graph.add(source, target, kind)


def _add_times(graph: Graph, happened: Sequence[int], history: Sequence[Operation]) -> None:
    """Whoever was completed before another was invoked stands before it.

    Not one edge for each such pair, which would be a square, but a chain of all completions in their order: an
    operation leads to its completion, and the last completion before an invocation leads to that operation.
    """
    completed = sorted((history[at].completed, at) for at in happened)
    moments = [graph.add_node() for _ in completed]
    for moment, (_, at) in zip(moments, completed, strict=True):
        graph.add(at, moment, Kind.REALTIME)
    for earlier, later in pairwise(moments):
        graph.add(earlier, later, Kind.REALTIME)
    times = [time for time, _ in completed]
    for at in happened:
        before = bisect_left(times, history[at].invoked)
        if before:
            graph.add(moments[before - 1], at, Kind.REALTIME)


def _classify(graph: Graph, component: list[int]) -> tuple[str, list[Step]]:
    """The worst anomaly in a component, and a cycle that shows it."""
    for more, suffix in ((frozenset[Kind](), ""), (TIME, "-realtime")):
        for name, kinds in (("G0", WRITES), ("G1c", READS)):
            cycle = graph.cycle(component, kinds | more)
            if cycle:
                return name + suffix, cycle
        cycle = graph.cycle_with_one(component, Kind.RW, READS | more)
        if cycle:
            return "G-single" + suffix, cycle
        cycle = graph.cycle(component, ANTI | more)
        if cycle:
            return "G2" + suffix, cycle
    raise AssertionError("a component without a cycle")


def _describe(cycle: list[Step], history: Sequence[Operation]) -> str:
    """The operations of a cycle, each with how it follows from the one before; moments of the clock are left out."""
    steps = [(node, kind) for node, kind in cycle if node < len(history)]
    lines = [f"  {kind.name.lower()} -> {history[node].describe()}" for node, kind in steps]
    return "\n".join(["a cycle, whose last operation stands before its first:", *lines])


def _check_item(item: Item, versions: Versions, history: Sequence[Operation]) -> list[Anomaly]:
    """Whether the operations of one item have an order that fits the clock.

    The states of the item are known, so there is nothing to search for: an operation that saw k elements and wrote none
    has rank 2k, one that appended at position k has rank 2k + 1. The item allows no other order than by rank. Operations
    of the same rank are reads, whose order is free. So the order fits the clock unless some operation was completed
    before one of lower rank was invoked.
    """
    ranks = {at: 2 * length for at, length in item.readers if versions.happened[at]}
    ranks.update({at: 2 * length + 1 for at, length in item.appenders})
    by_completion = sorted(ranks, key=lambda at: history[at].completed, reverse=True)
    highest: int | None = None
    for at in sorted(ranks, key=lambda at: history[at].invoked):
        while by_completion and history[by_completion[-1]].completed < history[at].invoked:
            done = by_completion.pop()
            if highest is None or ranks[done] > ranks[highest]:
                highest = done
        if highest is not None and ranks[at] < ranks[highest]:
            text = f"{item.name}: {history[highest].describe()}\n  was completed before {history[at].describe()}"
            return [Anomaly("not-linearizable", text)]
    return []
