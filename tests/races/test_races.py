"""The short form of `make races`: each part with a fraction of its count; a violation is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from races.agent_cuts import agent_cuts, node_cuts
from races.creations import creations
from races.cuts import cuts
from races.deletions import deletions
from races.findings import Findings
from races.finishes import finishes
from races.halfway import halfway
from races.phases import KINDS, phases
from races.recovery import AGES, recovery
from races.rollbacks import STAGES, WAYS, rollbacks
from races.stops import stops
from shared import SHARED

SEED = 1


def violations(findings: Findings) -> list[str]:
    """What is wrong; the counts are printed beside it."""
    print(findings.report())
    return findings.wrong


async def test_creations_at_once_are_judged_one_after_the_other(tmp_path: Path) -> None:
    """Of fifty `reject` takes one, `enqueue` all in order; `interrupt` and `rollback` leave the last one."""
    assert violations(await creations(tmp_path / "data", 50, SEED)) == []


async def test_a_cancel_and_the_end_of_a_run_agree(tmp_path: Path) -> None:
    """One terminal status, whichever came first; both kinds of outcome occur."""
    found = await finishes(tmp_path / "data", 50, SEED)

    assert violations(found) == []
    assert {"interrupt -> interrupted", "rollback -> gone", "too late -> success"} <= set(found.counts)


async def test_a_busy_thread_is_deleted_without_a_trace(tmp_path: Path) -> None:
    found = await deletions(tmp_path / "data", 20, SEED)

    assert violations(found) == []
    assert found.counts["creations meanwhile answered 200"]
    assert found.counts["creations meanwhile answered 404"]


async def test_a_victim_is_stopped_in_every_phase_of_its_life(tmp_path: Path) -> None:
    """Pending, running and finishing; interrupted and rolled back; by a newcomer and by a cancel."""
    found = await phases(tmp_path / "data", 1, SEED)

    assert violations(found) == []
    assert found.counts.total() == len(KINDS)


async def test_a_stream_that_is_cut_at_any_byte_is_read_whole(tmp_path: Path) -> None:
    """Live, after the end, and over a SIGTERM and a kill -9 in the midst of the run."""
    found = await cuts(tmp_path / "data", 30, SEED)

    assert violations(found) == []
    assert (found.counts["lost"], found.counts["doubled"]) == (0, 0)
    assert found.counts["attempts, live"] == 1
    assert found.counts["attempts, over SIGTERM and kill -9"] > 1


async def test_a_stream_of_events_that_is_cut_at_any_byte_is_read_whole(tmp_path: Path) -> None:
    """Live, and over a SIGTERM and a kill -9, by clients that say where they were and by those that do not."""
    found = await agent_cuts(tmp_path / "data", 30, SEED)

    assert violations(found) == []
    assert (found.counts["lost"], found.counts["unknown to a replay"]) == (0, 0)
    assert found.counts["events that came again to who said no since"]
    assert all(found.counts[f"cuts, live, over {kind}"] for kind in ("HTTP", "a WebSocket"))


async def test_a_stream_of_events_that_is_cut_on_one_node_goes_on_on_another(tmp_path: Path) -> None:
    """On PostgreSQL and Redis; each connection is to the other one of two nodes."""
    found = await node_cuts(tmp_path / "data", 30, SEED)

    assert violations(found) == []
    assert (found.counts["lost"], found.counts["unknown to a replay"]) == (0, 0)
    title = "cuts, on one node, resumed on the other, over"
    assert all(found.counts[f"{title} {kind}"] for kind in ("HTTP", "a WebSocket"))


async def test_a_rollback_leaves_the_thread_as_it_was(tmp_path: Path) -> None:
    """Running, pending and at their end; by cancel and by newcomers; over every kind of past."""
    found = await rollbacks(tmp_path / "data", 20, SEED)

    assert violations(found) == []
    met = {name.rpartition(", ")[0] for name in found.counts}
    assert {f"{stage}, by {way}" for stage in STAGES for way in WAYS} <= met


@pytest.mark.timeout(400)
async def test_a_rollback_that_was_killed_halfway_is_finished_by_the_next_process(tmp_path: Path) -> None:
    assert violations(await halfway(tmp_path / "data", 3, SEED)) == []


async def test_a_run_is_stopped_from_any_node(tmp_path: Path) -> None:
    found = await stops(tmp_path / "data", 3, SEED)

    assert violations(found) == []
    assert found.counts == {"cancelled elsewhere" if SHARED else "cancelled where they executed": 3}


@pytest.mark.in_files("a process that shares its database waits for leases, which chaos over a fleet times")
async def test_a_run_goes_on_within_two_seconds_of_the_restart(tmp_path: Path) -> None:
    """However old it was when it was killed."""
    found = await recovery(tmp_path / "data", 1, SEED, AGES[:3])

    assert violations(found) == []
    assert sum(name.startswith("from ready") for name in found.seconds) == 3
