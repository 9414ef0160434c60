"""Dependencies between operations, and the cycles in them.

Nothing here is recursive and the search for cycles is linear, so that a history of 100,000 operations takes seconds:
strongly connected components by Tarjan's algorithm ("Depth-First Search and Linear Graph Algorithms", SIAM J. Comput.
1972), and only inside a component with more than one node is a cycle looked for and classified.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import IntEnum

# How many edges of one component are tried as the single one of a cycle. Where that is not enough, the cycle that is
# found is called G2.
SINGLES_TRIED_MAX = 500
LEFT = 1 << 62


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
        return _Search(lambda node: [edge >> 2 for edge in self._edges[node]]).run(range(len(self._edges)))

    def cycle(self, nodes: Collection[int], kinds: frozenset[Kind]) -> list[Step]:
        """A cycle over edges of these kinds between these nodes: each step with the kind of the edge that leads to it."""
        inside = set(nodes)

        def targets(node: int) -> list[int]:
            return [target for target, _ in self.steps(node, kinds) if target in inside]

        for component in _Search(targets).run(nodes):
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


class _Search:
    """Tarjan's search for strongly connected components, with the way to the present node in a list."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        # When a node was entered; LEFT once its component is known.
        self._index: dict[int, int] = {}
        # The earliest entered node that is known to be reachable from a node.
        self._low: dict[int, int] = {}
        self._undecided: list[int] = []
        # From the root to here: each node and what is left of its targets.
        self._way: list[tuple[int, Iterator[int]]] = []
        self._found: list[list[int]] = []

    def run(self, nodes: Iterable[int]) -> list[list[int]]:
        """All components of more than one node."""
        for root in nodes:
            if root not in self._index:
                self._enter(root)
                while self._way:
                    self._go_on()
        return self._found

    def _enter(self, node: int) -> None:
        self._index[node] = self._low[node] = len(self._index)
        self._undecided.append(node)
        self._way.append((node, iter(self._targets(node))))

    def _go_on(self) -> None:
        node, rest = self._way[-1]
        for target in rest:
            if target not in self._index:
                self._enter(target)
                return
            self._low[node] = min(self._low[node], self._index[target])
        self._leave(node)

    def _leave(self, node: int) -> None:
        self._way.pop()
        if self._way:
            parent = self._way[-1][0]
            self._low[parent] = min(self._low[parent], self._low[node])
        if self._low[node] == self._index[node]:
            component: list[int] = []
            while not component or component[-1] != node:
                component.append(self._undecided.pop())
                self._index[component[-1]] = LEFT
            if len(component) > 1:
                self._found.append(component)
