"""Paths into threads, such as `values.messages[-1].content`, and what is found at their ends.

Divergence 48: a path that cannot be read is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ROOTS = ("config", "interrupts", "metadata", "values")
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[\s*(?P<place>-?[0-9]{1,9})\s*\]")


@dataclass(frozen=True, slots=True)
class Path:
    """A field of a thread, then keys of objects and places in lists; -1 is the last place."""

    root: str
    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """Read a path. Raises ValueError with a sentence."""
        root = re.split(r"[.\[]", text, maxsplit=1)[0]
        if root not in _ROOTS:
            raise ValueError(f"Extract path '{text}' must start with one of: {', '.join(_ROOTS)}")
        return cls(root, _steps(text, len(root)))

    def find(self, document: Mapping[str, Any]) -> Any:
        """What a thread has there; None if it has nothing."""
        found: Any = document[self.root]
        for step in self.steps:
            found = _taken(found, step)
        return found


def _steps(text: str, position: int) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    while position < len(text):
        if (step := _STEP.match(text, position)) is None:
            raise ValueError(
                f"Extract path '{text}' cannot be read: write keys after dots and places in brackets, "
                "as in values.messages[-1].content"
            )
        steps.append(step["key"] if step["key"] is not None else int(step["place"]))
        position = step.end()
    return tuple(steps)


def _taken(found: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return found.get(step) if isinstance(found, dict) else None
    if isinstance(found, list) and -len(found) <= step < len(found):
        return found[step]
    return None
