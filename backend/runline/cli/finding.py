"""What `runline doctor` finds: one row of its table each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a check ended. Only `failed` makes the exit code 1."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One row of the table."""

    check: str
    grade: Grade
    detail: str


def judge_version(name: str, version: str, floor: str) -> Finding:
    """Whether a version is new enough."""
    if _numbers(version) < _numbers(floor):
        return Finding(name, Grade.FAILED, f"{version} is too old: {floor} or newer is needed")
    return Finding(name, Grade.OK, version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
