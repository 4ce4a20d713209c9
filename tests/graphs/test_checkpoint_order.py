"""The newest checkpoint is the one whose id sorts last, whatever clocks the ids are made by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from langgraph.checkpoint.base import id as made

from runline.graphs.checkpoint_ids import come_behind, place_of_checkpoint, told_by
from runline.graphs.checkpoints import RunlineSaver
from runline.model.place import place_of
from runs.lineage import Lineage


class Wrong:
    """A clock that is wrong by so much."""

    def __init__(self, skew: timedelta) -> None:
        self._skew = skew

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skew


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What langgraph knows of ids that were made, as in a process that begins; and no test after this one suffers."""
    monkeypatch.setattr(made, "_last_v6_timestamp", None)


async def test_a_process_whose_clock_is_behind_writes_behind_what_it_has_read(
    saver: RunlineSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one of later, after a clock was set back."""
    lineage = Lineage(saver)
    with told_by(Wrong(timedelta(hours=1))):
        await lineage.run({"log": ["zero"]})
        newest = (await lineage.graph.aget_state(lineage.config())).config["configurable"]["checkpoint_id"]
    monkeypatch.setattr(made, "_last_v6_timestamp", None)
    await lineage.graph.aupdate_state(lineage.config(), {"log": ["by hand"]}, as_node="first")
    state = await lineage.graph.aget_state(lineage.config())
    assert state.values["log"][-1] == "by hand"
    assert state.config["configurable"]["checkpoint_id"] > newest


@pytest.mark.parametrize("hours", [-1, 1])
def test_ids_tell_the_time_that_they_are_told(hours: int) -> None:
    clock = Wrong(timedelta(hours=hours))
    before = place_of(clock.now())
    with told_by(clock):
        told = place_of_checkpoint(str(made.uuid6()))
    assert before <= told <= place_of(clock.now())


def test_an_id_that_langgraph_did_not_make_moves_nothing() -> None:
    come_behind("01a1f885-0830-772e-8d96-040c354ac1f6")
    assert made._last_v6_timestamp is None
