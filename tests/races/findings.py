"""What a part of the races counted, measured and found wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

_SHOWN = 5


@dataclass
class Findings:
    """Counts and times by name, and one sentence for each violation."""

    title: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, name: str, times: int = 1) -> None:
        """Add to a count."""
        self.counts[name] += times

    def took(self, name: str, *seconds: float) -> None:
        """Note how long something took."""
        self.seconds.setdefault(name, []).extend(seconds)

    def expect(self, holds: object, sentence: str) -> None:
        """Note a violation unless it holds."""
        if not holds:
            self.wrong.append(sentence)

    def equal(self, what: str, seen: object, wanted: object) -> None:
        """Note a violation unless both are the same."""
        self.expect(seen == wanted, f"{what}: {seen!r}, not {wanted!r}")

    def report(self) -> str:
        """All of it in a few lines."""
        counts = ", ".join(f"{name} {number}" for name, number in sorted(self.counts.items()))
        lines = [f"{self.title}: {len(self.wrong)} violations", f"  {counts}"]
        lines += [f"  {name}: {_times(times)}" for name, times in sorted(self.seconds.items())]
        return "\n".join([*lines, *(f"  WRONG {sentence[:2000]}" for sentence in self.wrong[:_SHOWN])])


def _times(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    return f"p50 {median(ordered) * 1000:.1f} ms, max {ordered[-1] * 1000:.1f} ms, of {len(ordered)}"
