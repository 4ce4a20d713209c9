"""Which part of an agent called a model, by the tags of the call and of what it runs in.

The tags are `lead_agent`, `subagent:<name>` and `middleware:<name>`; of several the innermost counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.kit.text import sound_text
from runline.model.usage import Caller

_NAMED = (f"{Caller.SUBAGENT}:", f"{Caller.MIDDLEWARE}:")
_UNNAMED = Caller.LEAD_AGENT.value


@dataclass(frozen=True, slots=True)
class CallerPath:
    """Where a runnable stands: the caller it belongs to, and all caller tags that were given on the way to it."""

    caller: Caller = Caller.LEAD_AGENT
    name: str | None = None
    tags: frozenset[str] = frozenset()

    def within(self, tags: Sequence[str] | None) -> CallerPath:
        """The path of a runnable inside this one, which carries these tags: its own, and most of those around it.

        LangChain does not keep their order, so that the innermost is the one that was not there further out.
        """
        given = [tag for tag in tags if tag == _UNNAMED or tag.startswith(_NAMED)] if tags else []
        new = [tag for tag in given if tag not in self.tags]
        if not new:
            return self
        kind, _, name = new[-1].partition(":")
        return CallerPath(Caller(kind), sound_text(name) or None, self.tags.union(new))


LEAD = CallerPath()
