"""What the replay of one probe has found, and how that is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.accepted import Accepted, Judged, judge
from conformance.answers import Document
from conformance.compare import Difference, Pairing, answers_differ, differences, part, shown
from conformance.probe import Probe, Step
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
                lines.append(f"  {number}. {step}")
            lines += [f"     {_difference(difference)}" for difference in judged.open]
            lines += [f"     no longer so: divergence {gone.divergence} at {gone.place}" for gone in judged.gone]
        return "\n".join(lines)


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
