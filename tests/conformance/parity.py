"""What the replay of all probes has found, by area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.found import Found
from conformance.standing import STANDING


@dataclass(frozen=True)
class Parity:
    """All that was found."""

    found: Sequence[Found]

    def faults(self, *, whole: bool = True) -> list[str]:
        """Everything that must not be, a text each. Of the whole set of probes, each standing difference meets some."""
        wrong = [found.told() for found in self.found if not found.agrees]
        used = {accepted for found in self.found for accepted in found.used}
        gone = [each for each in STANDING if whole and each not in used]
        return wrong + [f"standing: divergence {each.divergence} at {each.place} was not met" for each in gone]

    def table(self) -> str:
        """Parity by area and in total."""
        rows = [self._row(area) for area in dict.fromkeys(found.area for found in self.found)]
        total = ("total", *(sum(int(row[column]) for row in rows) for column in range(1, 5)), "")
        heads = ("area", "probes", "alike", "alike but for listed", "different", "")
        return "\n".join(
            f"{row[0]:<12}{row[1]:>8}{row[2]:>8}{row[3]:>22}{row[4]:>11}  {row[5]}" for row in (heads, *rows, total)
        )

    def _row(self, area: str) -> tuple[Any, ...]:
        found = [each for each in self.found if each.area == area]
        alike = sum(each.agrees and not each.used for each in found)
        listed = sum(each.agrees and bool(each.used) for each in found)
        return area, len(found), alike, listed, len(found) - alike - listed, _numbers(found)


def _numbers(found: Sequence[Found]) -> str:
    """The divergences that were met, each with the number of probes that met it."""
    numbers = Counter(number for each in found for number in {accepted.divergence for accepted in each.used})
    return ", ".join(f"{number} ({probes})" for number, probes in sorted(numbers.items()))
