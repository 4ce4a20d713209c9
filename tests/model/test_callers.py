"""Who called a model, by the tags around the call."""

from __future__ import annotations

import pytest

from runline.model.callers import LEAD, CallerPath
from runline.model.usage import Caller


def path(*levels: list[str] | None) -> tuple[str, str | None]:
    """Who calls within runnables that carry these tags, the outermost first."""
    found: CallerPath = LEAD
    for tags in levels:
        found = found.within(tags)
    return found.caller, found.name


@pytest.mark.parametrize(
    ("levels", "caller"),
    [
        ([], ("lead_agent", None)),
        ([None, [], ["graph:step:1", "seq:step:2", "leader", "subagents"]], ("lead_agent", None)),
        ([["subagent:scout"]], ("subagent", "scout")),
        ([["subagent:"]], ("subagent", None)),
        ([["subagent:a:b"]], ("subagent", "a:b")),
        # handed down to all inside
        ([["subagent:a"], ["subagent:a", "graph:step:1"], ["subagent:a"]], ("subagent", "a")),
        # not handed down: a tag of the runnable itself
        ([["subagent:a"], ["graph:step:1"], []], ("subagent", "a")),
        # the innermost, in whatever order LangChain names them
        ([["subagent:a"], ["subagent:a", "middleware:b"]], ("middleware", "b")),
        ([["subagent:b"], ["middleware:a", "subagent:b"]], ("middleware", "a")),
        ([["middleware:b"], ["lead_agent", "middleware:b"]], ("lead_agent", None)),
        ([["middleware:b"], ["lead_agent", "middleware:b"], ["middleware:b"]], ("lead_agent", None)),
    ],
)
def test_the_innermost_tag_names_the_caller(levels: list[list[str] | None], caller: tuple[str, str | None]) -> None:
    assert path(*levels) == caller


def test_a_name_that_no_database_takes_is_made_sound() -> None:
    found = LEAD.within(["subagent:\ud800\0" + "x" * 1000])
    assert found.caller is Caller.SUBAGENT
    assert found.name
    assert found.name.encode()
    assert "\0" not in found.name
    assert len(found.name) <= 256
