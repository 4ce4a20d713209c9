"""The short form of `make chaos`: what was acknowledged survives kill -9, SIGTERM and pauses, exactly once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chaos.checker import PROMISES
from chaos.load import Plan
from chaos.poison import ATTEMPTS, poison
from chaos.report import report_of
from chaos.scenario import Outcome, chaos, queue_and_kill, rolling

KILLS, STOPS, PAUSES = 4, 1, 1


@pytest.fixture(scope="module", params=[1], ids=lambda seed: f"seed {seed}")
def storm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One load under all faults."""
    faults = ["kill"] * KILLS + ["stop"] * STOPS + ["pause"] * PAUSES
    outcome = asyncio.run(chaos(tmp_path_factory.mktemp("storm"), Plan(request.param, runs=100), faults))
    print(report_of("short form", outcome))
    return outcome


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_kept(storm: Outcome, promise: str) -> None:
    """The checker's sentences say what broke."""
    assert storm.findings[promise] == []


def test_the_log_shows_no_trouble(storm: Outcome) -> None:
    assert storm.complaints == []


def test_the_storm_was_one(storm: Outcome) -> None:
    """Every fault happened; it hit runs that executed and readers that read."""
    assert len(storm.final.lives) == 1 + KILLS + STOPS
    assert any(life.by == "stop" for life in storm.final.lives)
    assert len(storm.recovery) >= KILLS
    assert any(reading.connections > 1 for reading in storm.history.readings)


async def test_rolling_restarts_cost_no_run_a_retry(tmp_path: Path) -> None:
    """SIGTERM under load: a run that is given back goes on, although a single crash would end it."""
    outcome = await rolling(tmp_path, Plan(seed=3, runs=50), restarts=3)

    assert outcome.wrong == {}
    assert outcome.complaints == []
    assert len(outcome.final.lives) == 4
    assert any(mark.attempt > 1 for mark in outcome.final.marks)


async def test_runs_that_were_just_queued_all_finish(tmp_path: Path) -> None:
    """Killed one second after they were acknowledged, before most of them had begun."""
    outcome = await queue_and_kill(tmp_path, runs=40, seed=2)

    assert outcome.wrong == {}
    assert outcome.complaints == []
    assert [run.status for run in outcome.final.runs.values()] == ["success"] * 40


async def test_a_run_that_kills_its_worker_each_time_is_given_up(tmp_path: Path) -> None:
    """It ends in error with the reason; the runs beside it and after it succeed."""
    outcome = await poison(tmp_path, others=4)

    assert (outcome.status, outcome.error["error"]) == ("error", "WorkerDied")
    assert (outcome.attempts, outcome.lives) == (ATTEMPTS, ATTEMPTS + 1)
    assert outcome.others == ["success"] * 4 * (ATTEMPTS + 1)
    assert outcome.complaints == []
