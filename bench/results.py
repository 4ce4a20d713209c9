"""What was measured: for each case, contender and figure the value of each round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from bench.names import Figures


@dataclass
class Results:
    """Values by case, contender, figure and round; and what failed, as (case, contender, reason)."""

    rounds: dict[tuple[str, str], dict[int, Figures]] = field(default_factory=dict)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, case: str, contender: str, round_number: int, figures: Figures) -> None:
        """Note one turn."""
        self.rounds.setdefault((case, contender), {})[round_number] = figures

    def names(self, case: str, contenders: Iterable[str]) -> list[str]:
        """The figures of a case, in the order in which they were first seen."""
        turns = (turn for contender in contenders for turn in self.rounds.get((case, contender), {}).values())
        return list(dict.fromkeys(name for turn in turns for name in turn))

    def values(self, case: str, contender: str, figure: str) -> dict[int, float]:
        """By round."""
        turns = self.rounds.get((case, contender), {})
        return {number: turn[figure] for number, turn in turns.items() if figure in turn}

    def median(self, case: str, contender: str, figure: str) -> float | None:
        """The median of all rounds; None if it was not measured."""
        values = self.values(case, contender, figure).values()
        return median(values) if values else None

    def worst(self, case: str, contender: str, figure: str) -> float | None:
        """The highest of all rounds; None if it was not measured."""
        return max(self.values(case, contender, figure).values(), default=None)

    def total(self, case: str, contender: str, figure: str) -> float | None:
        """The sum of all rounds; None if it was not measured."""
        values = self.values(case, contender, figure).values()
        return sum(values) if values else None

    def ratio(self, case: str, figure: str, one: str, other: str) -> float | None:
        """The median of one contender's value by the other's of the same round; None without any."""
        ones, others = self.values(case, one, figure), self.values(case, other, figure)
        pairs = [ones[number] / others[number] for number in ones if others.get(number)]
        return median(pairs) if pairs else None
