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
    """Where a runnable stands: the caller it belongs to, and all caller tags that it carries, outermost first."""

    caller: Caller = Caller.LEAD_AGENT
    name: str | None = None
    tags: tuple[str, ...] = ()

    def within(self, tags: Sequence[str] | None) -> CallerPath:
        """The path of a runnable inside this one, which carries these tags.

        LangChain hands most tags down, and some not; a tag that was not handed down counts where it was given.
        """
        given = tuple([tag for tag in tags if tag == _UNNAMED or tag.startswith(_NAMED)]) if tags else ()
        if not given or _is_within(given, self.tags):
            return self
        kind, _, name = given[-1].partition(":")
        return CallerPath(Caller(kind), sound_text(name) or None, given)


def _is_within(tags: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether the tags are among the others, in the same order."""
    rest = iter(others)
    return all(tag in rest for tag in tags)


LEAD = CallerPath()
