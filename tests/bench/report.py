"""The figures as rows of one Markdown table: what was measured, what it should be, and whether it is."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bound:
    """What a figure must not be above, or not be below."""

    limit: float
    at_least: bool = False

    def text(self, show: Callable[[float], str]) -> str:
        return f"at {'least' if self.at_least else 'most'} {show(self.limit)}"

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One figure."""

    what: str
    measured: str
    spread: str = ""
    target: str = ""
    # None where nothing is demanded.
    met: bool | None = None

    def cells(self) -> list[str]:
        verdict = {None: "", True: "yes", False: "**no**"}[self.met]
        return [self.what, self.measured, self.spread, self.target, verdict]


@dataclass
class Report:
    """All figures, shown one by one while they come in."""

    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        what: str,
        values: Sequence[float],
        bound: Bound | None = None,
        show: Callable[[float], str] = "{:.2f}".format,
        note: str = "",
    ) -> None:
        """The median of what was measured, with its range, and a note on it."""
        median = statistics.median(values)
        measured = show(median) + (f" ({note})" if note else "")
        spread = f"{show(min(values))} to {show(max(values))}" if len(values) > 1 else ""
        if bound:
            self._take(Row(what, measured, spread, bound.text(show), bound.holds(median)))
        else:
            self._take(Row(what, measured, spread))

    def absent(self, what: str, why: str) -> None:
        """A figure that could not be taken, which is no fault."""
        self._take(Row(what, f"not measured: {why}"))

    def broken(self, what: str, why: str) -> None:
        """A part that failed."""
        self._take(Row(what, f"failed: {why}", met=False))

    def _take(self, row: Row) -> None:
        self.rows.append(row)
        print(f"  {' | '.join(cell for cell in row.cells() if cell)}", flush=True)

    def markdown(self) -> str:
        lines = ["| what | measured | range | target | met |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(row.cells())} |" for row in self.rows]
        return "\n".join(lines)

    def missed(self) -> int:
        return sum(row.met is False for row in self.rows)

    def met(self) -> int:
        return sum(row.met is True for row in self.rows)
