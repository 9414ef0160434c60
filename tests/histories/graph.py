"""Dependencies between operations, and the cycles in them.

Nothing here is recursive and the search for cycles is linear, so that a history of 100,000 operations takes seconds:
strongly connected components by Tarjan's algorithm ("Depth-First Search and Linear Graph Algorithms", SIAM J. Comput.
1972), and only inside a component with more than one node is a cycle looked for and classified.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import IntEnum

# Most dependencies of the kind rw in one component that are tried as the only one of a cycle.
SINGLES_TRIED_MAX = 500


class Kind(IntEnum):
    """Why one operation stands before another."""

    # It wrote what the other wrote over.
    WW = 0
    # It wrote what the other read.
    WR = 1
    # It read what the other wrote over.
    RW = 2
    # It was completed before the other was invoked.
    REALTIME = 3


EVERY_KIND = frozenset(Kind)
Step = tuple[int, Kind]
Targets = Callable[[int], list[int]]


class Graph:
    """Nodes are numbers from 0. An edge is kept as one number, its target and kind."""

    def __init__(self, nodes: int) -> None:
        self._edges: list[list[int]] = [[] for _ in range(nodes)]

    def add(self, source: int, target: int, kind: Kind) -> None:
        self._edges[source].append(target << 2 | kind)

    def add_node(self) -> int:
        self._edges.append([])
        return len(self._edges) - 1

    def steps(self, source: int, kinds: frozenset[Kind]) -> Iterator[Step]:
        """The edges from a node."""
        for edge in self._edges[source]:
            if edge & 3 in kinds:
                yield edge >> 2, Kind(edge & 3)

    def components(self) -> list[list[int]]:
        """The strongly connected components of more than one node."""
        return self._components(range(len(self._edges)), lambda node: [edge >> 2 for edge in self._edges[node]])

    def cycle(self, nodes: Collection[int], kinds: frozenset[Kind]) -> list[Step]:
        """A cycle over edges of these kinds between these nodes: each step with the kind of the edge that leads to it."""
        inside = set(nodes)

        def targets(node: int) -> list[int]:
            return [target for target, _ in self.steps(node, kinds) if target in inside]

        for component in self._components(nodes, targets):
            found = self.path(component[0], component[0], set(component), kinds)
            if found:
                return found
        return []

    def cycle_with_one(self, nodes: Collection[int], single: Kind, kinds: frozenset[Kind]) -> list[Step]:
        """A cycle with one edge of the kind `single`, all others of `kinds`."""
        inside = set(nodes)
        tried = 0
        for source in nodes:
            for target, _ in self.steps(source, frozenset({single})):
                if target not in inside:
                    continue
                tried += 1
                way = self.path(target, source, inside, kinds) if tried <= SINGLES_TRIED_MAX else []
                if way:
                    return [(target, single), *way]
        return []

    def path(self, start: int, end: int, inside: set[int], kinds: frozenset[Kind]) -> list[Step]:
        """A shortest way of at least one step."""
        came_from: dict[int, tuple[int, Kind]] = {}
        waiting = deque([start])
        while waiting and end not in came_from:
            node = waiting.popleft()
            for target, kind in self.steps(node, kinds):
                if target in inside and target not in came_from:
                    came_from[target] = (node, kind)
                    waiting.append(target)
        if end not in came_from:
            return []
        way: list[Step] = []
        node = end
        while not way or node != start:
            before, kind = came_from[node]
            way.append((node, kind))
            node = before
        return way[::-1]

    @staticmethod
    def _components(nodes: Iterable[int], targets: Targets) -> list[list[int]]:
        index: dict[int, int] = {}
        low: dict[int, int] = {}
        undecided: list[int] = []
        # Nodes whose component is known: their index counts no more.
        done = 1 << 62
        found: list[list[int]] = []
        for root in nodes:
            if root in index:
                continue
            # The way from the root to here: each node and what is left of its targets.
            way: list[tuple[int, Iterator[int]]] = []
            enter: int | None = root
            while way or enter is not None:
                if enter is not None:
                    index[enter] = low[enter] = len(index)
                    undecided.append(enter)
                    way.append((enter, iter(targets(enter))))
                node, rest = way[-1]
                enter = None
                for target in rest:
                    if target not in index:
                        enter = target
                        break
                    if index[target] < low[node]:
                        low[node] = index[target]
                if enter is not None:
                    continue
                way.pop()
                if way and low[node] < low[way[-1][0]]:
                    low[way[-1][0]] = low[node]
                if low[node] == index[node]:
                    component = []
                    while not component or component[-1] != node:
                        component.append(undecided.pop())
                        index[component[-1]] = done
                    if len(component) > 1:
                        found.append(component)
        return found
