"""The nouns: what follows from their fields."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from runline.model.assistant import graph_assistant_id
from runline.model.event import Event
from runline.model.lifecycle import ACTIVE, RunStatus, is_active
from runline.model.run import Run, RunSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = Run("r", "t", "g", "", RunStatus.PENDING, RunSpec("a"), {}, NOW, NOW, NOW)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("values", "values"),
        ("updates|child:1", "updates"),
        ("updates|child:1|grandchild:2", "updates"),
        ("messages/partial", "messages"),
        ("messages/metadata", "messages"),
        ("messages|child:a/b", "messages"),
        ("error", "error"),
    ],
)
def test_an_event_belongs_to_the_mode_its_name_begins_with(name: str, mode: str) -> None:
    assert Event(1, name, b"{}").mode == mode


def test_pending_and_running_runs_are_active_and_no_others() -> None:
    assert [status for status in RunStatus if is_active(status)] == list(ACTIVE) == ["pending", "running"]


def test_a_run_has_started_once_it_was_claimed() -> None:
    assert not RUN.started
    assert replace(RUN, attempt=1).started


@pytest.mark.parametrize(
    ("temporary", "keep_thread", "traceless"),
    [(False, False, False), (True, False, True), (True, True, False)],
)
def test_a_stateless_run_leaves_no_trace_unless_its_thread_is_to_be_kept(
    temporary: bool, keep_thread: bool, traceless: bool
) -> None:
    assert replace(RUN, spec=RunSpec("a", temporary=temporary, keep_thread=keep_thread)).traceless is traceless


def test_a_run_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        RUN.status = RunStatus.RUNNING  # type: ignore[misc]


@pytest.mark.parametrize(
    ("graph_id", "assistant_id"),
    [("agent", "fe096781-5601-53d2-b2f6-0d3403f7e9ca"), ("echo", "046b5dc7-2108-582c-9c6c-31d556d138f0")],
)
def test_the_assistant_of_a_graph_has_the_official_id(graph_id: str, assistant_id: str) -> None:
    assert graph_assistant_id(graph_id) == assistant_id
