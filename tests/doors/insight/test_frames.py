"""The live log as bytes: whatever a project calls its middleware, an entry is one event."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from runline.doors.insight.events import _frames
from runline.doors.live import AnswerCut
from runline.errors import Unavailable
from runline.model.run_event import EventCategory, RunEvent
from runline.runs.log_streams import LogEnded, LogPart
from storage.world import START


def entry(event_type: str, content: object = None) -> RunEvent:
    return RunEvent("thread", "run", event_type, EventCategory.TRACE, START, content, seq=7)


async def parts(*given: LogPart | Exception) -> AsyncIterator[LogPart]:
    for part in given:
        if isinstance(part, Exception):
            raise part
        yield part


@pytest.mark.parametrize("name", ["a\r\nid: 9", "a\nb", "a\u2028b", "a\0b"])
async def test_a_name_with_line_breaks_is_one_line(name: str) -> None:
    event = entry(f"middleware:{name}", {"text": name})

    frames = [frame async for frame in _frames(parts([event], LogEnded()))]

    (frame,) = frames
    lines = re.split("\r\n|\r|\n", frame.decode().removesuffix("\r\n\r\n"))
    assert [line.partition(":")[0] for line in lines] == ["event", "data", "id"]
    assert json.loads(lines[1].removeprefix("data: "))["event_type"] == f"middleware:{name}"
    assert lines[2] == "id: 7"


@pytest.mark.parametrize(
    "cut", [(), (Unavailable("The database cannot serve this now."),)], ids=["shut down", "locked"]
)
async def test_a_log_that_is_cut_short_is_a_broken_answer(cut: tuple[Exception, ...]) -> None:
    """So that the client knows that there is more, and comes back."""
    with pytest.raises(AnswerCut):
        _ = [frame async for frame in _frames(parts([entry("run.start")], *cut))]
