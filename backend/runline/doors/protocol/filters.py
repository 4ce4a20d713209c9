"""Which events a subscription is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runline.runs.agent_tree import ASKED

CHANNELS = (
    "values",
    "updates",
    "messages",
    "tools",
    "lifecycle",
    "input",
    "checkpoints",
    "tasks",
    "custom",
)
NAMED = "custom:"

_MOST_REMEMBERED = 4096

Namespace = Sequence[str]


@dataclass(frozen=True, slots=True)
class Filter:
    """Events of these channels, in or below these namespaces, at most `depth` below; () and None mean any."""

    channels: frozenset[str]
    namespaces: tuple[tuple[str, ...], ...] = ()
    depth: int | None = None
    # names come again and again, and are judged for every reader
    _known: dict[str, bool] = field(default_factory=dict, compare=False)

    def shows(self, name: str) -> bool:
        """Tell whether events of this name (`method|segment|segment`) are among them."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[name] = self._judge(*name.split("|"))
        return known

    def _judge(self, kind: str, *namespace: str) -> bool:
        return self._has(kind) and (not self.namespaces or any(self._reaches(it, namespace) for it in self.namespaces))

    def _has(self, kind: str) -> bool:
        if kind.startswith(NAMED):
            return kind in self.channels or "custom" in self.channels
        return ("input" if kind == ASKED else kind) in self.channels

    def _reaches(self, prefix: Namespace, namespace: Namespace) -> bool:
        below = len(namespace) - len(prefix)
        if below < 0 or (self.depth is not None and below > self.depth):
            return False
        return all(map(_same, prefix, namespace))


def _same(wanted: str, segment: str) -> bool:
    """A wanted segment without a task is that of all its tasks."""
    return wanted == segment or (":" not in wanted and segment.partition(":")[0] == wanted)
