"""What a replay has found, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.accepted import Accepted, Judged, judge
from conformance.answers import Document
from conformance.compare import Difference, Pairing, answers_differ, differences, part, shown
from conformance.probe import Await, Call, Probe, Receive, Step
from conformance.standing import STANDING

_SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Found:
    """One probe of an area, and what became of the differences of each of its steps."""

    area: str
    probe: Probe
    steps: tuple[Judged, ...]

    @property
    def agrees(self) -> bool:
        """Whether both sides answered alike, but for what is accepted, and all that is accepted was there."""
        return not any(step.open or step.gone for step in self.steps)

    @property
    def used(self) -> tuple[Accepted, ...]:
        """The accepted differences that were met."""
        return tuple(accepted for step in self.steps for accepted in step.used)

    def told(self) -> str:
        """What is wrong, for people: each step that differs, and where."""
        lines = [f"{self.area}: {self.probe.says}"]
        for number, (step, judged) in enumerate(zip(self.probe.steps, self.steps, strict=True), 1):
            if judged.open or judged.gone:
                lines.append(f"  {number}. {_named(step)}")
            lines += [f"     {_difference(difference)}" for difference in judged.open]
            lines += [f"     no longer so: divergence {gone.divergence} at {gone.place}" for gone in judged.gone]
        return "\n".join(lines)


def _named(step: Step) -> str:
    match step:
        case Call():
            return f"{step.method} {step.path}"
        case Await():
            return f"the answer of '{step.aside}'"
        case Receive():
            return "the webhook"


def _difference(difference: Difference) -> str:
    official, runline = (_cut(shown(value)) for value in (difference.official, difference.runline))
    return f"{difference.place}: officially {official}, here {runline}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def find(area: str, probe: Probe, official: Sequence[Document], runline: Sequence[Document]) -> Found:
    """Compare the answers of both sides to a probe."""
    pairing = Pairing()
    answers = zip(probe.steps, official, runline, strict=True)
    return Found(area, probe, tuple(_judged(step, left, right, pairing) for step, left, right in answers))


def _judged(step: Step, official: Document, runline: Document, pairing: Pairing) -> Judged:
    return judge(list(_differ(step, official, runline, pairing)), step.accepted, STANDING)


def _differ(step: Step, official: Document, runline: Document, pairing: Pairing) -> Iterator[Difference]:
    if not step.only or "failure" in official or "failure" in runline:
        yield from answers_differ(official, runline, pairing)
        return
    for place in step.only:
        yield from differences(part(official, place), part(runline, place), pairing, place)


@dataclass(frozen=True)
class Parity:
    """All that was found, and the areas that are awaited: their probes differ until Runline serves them."""

    found: Sequence[Found]
    awaited: frozenset[str]

    def faults(self, *, whole: bool = True) -> list[str]:
        """Everything that must not be, a text each. Of the whole set of probes, each standing difference meets some."""
        wrong = [found.told() for found in self.found if found.area not in self.awaited and not found.agrees]
        arrived = [
            area for area in sorted(self.awaited) if all(each.agrees for each in self.found if each.area == area)
        ]
        wrong += [f"{area}: is awaited no longer, all its probes agree; take it from AWAITED" for area in arrived]
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
        numbers = Counter(number for each in found for number in {accepted.divergence for accepted in each.used})
        met = (
            "awaited"
            if area in self.awaited
            else ", ".join(f"{number} ({times})" for number, times in sorted(numbers.items()))
        )
        return area, len(found), alike, listed, len(found) - alike - listed, met
