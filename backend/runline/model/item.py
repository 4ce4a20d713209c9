"""Items, the entries of long-term memory: the rules of their names and sizes.

An item stands in a namespace, a path of labels, under a key. Its value is a JSON object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runline.errors import BadRequest, Invalid
from runline.kit.json import dumps

RESERVED_ROOT = "langgraph"


@dataclass(frozen=True, slots=True)
class ItemLimits:
    """The largest item: bytes of its namespace and key together, and of its value as JSON."""

    max_name_bytes: int
    max_value_bytes: int

    def check_name(self, namespace: Sequence[str], key: str = "") -> None:
        """Raise Invalid for a name that is too long, holds NUL, or has a label that cannot be told from others."""
        if len(dumps([*namespace, key])) > self.max_name_bytes:
            raise Invalid(f"namespace and key: must not be larger than {self.max_name_bytes} bytes of JSON")
        if "\0" in key or any("\0" in label for label in namespace):
            raise Invalid("namespace and key: must not contain NUL")
        for label in namespace:
            if not label or "." in label:
                raise Invalid(f"Namespace label '{label}' must be a non-empty string without periods")

    def check_item(self, namespace: Sequence[str], key: str, value: dict[str, Any]) -> None:
        """Raise BadRequest for a namespace in which nothing is kept, Invalid as `check_name` and for large values."""
        self.check_name(namespace, key)
        if not namespace:
            raise BadRequest("Namespace cannot be empty.")
        if namespace[0] == RESERVED_ROOT:
            raise BadRequest(f'Root label for namespace cannot be "{RESERVED_ROOT}". Got: {tuple(namespace)}')
        if len(dumps(value)) > self.max_value_bytes:
            raise Invalid(f"value: must not be larger than {self.max_value_bytes} bytes of JSON")


def fits(labels: Sequence[str], pattern: Sequence[str], *, at_the_end: bool) -> bool:
    """Tell whether a namespace begins, or ends, with a pattern in which "*" stands for any one label."""
    part = labels[-len(pattern) :] if at_the_end else labels[: len(pattern)]
    return len(part) == len(pattern) and all(
        wanted in ("*", label) for wanted, label in zip(pattern, part, strict=True)
    )
