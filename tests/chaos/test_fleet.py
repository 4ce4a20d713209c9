"""The short form of the storm over several gateways: PostgreSQL, Redis, and all faults that they are to bear."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chaos.checker import PROMISES
from chaos.fleet import ALL_FAULTS, NODES, fleet_chaos, plan_for_fleet
from chaos.poison import ATTEMPTS, WORKERS, poison_workers
from chaos.report import report_of
from chaos.scenario import Outcome
from fleet import fleet
from kit.postgres import Server

pytestmark = pytest.mark.timeout(400)
"""Of the storm; idle machines take a tenth of it."""

FAULTS = dict.fromkeys(ALL_FAULTS, 1) | {"kill": 3, "pause": 2}


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    faults = [fault for fault, times in FAULTS.items() for _ in range(times)]
    outcome = asyncio.run(fleet_chaos(tmp_path_factory.mktemp("fleet"), plan_for_fleet(seed=1, runs=120), faults))
    print(report_of("three gateways", outcome))
    return outcome


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_kept_by_several_gateways(storm: Outcome, promise: str) -> None:
    assert storm.findings[promise] == []


def test_the_logs_of_all_show_no_trouble(storm: Outcome) -> None:
    assert storm.complaints == []


def test_the_storm_hit_several_gateways(storm: Outcome) -> None:
    """Runs were cut off and went on, readers were cut off and came back, on whichever node."""
    assert len(storm.final.lives) == len(NODES) + FAULTS["kill"] + FAULTS["stop"]
    assert len({mark.pid for mark in storm.final.marks}) > len(NODES)
    assert storm.takeover
    assert any(reading.connections > 1 for reading in storm.history.readings)


async def test_a_run_that_kills_whichever_worker_has_it_is_given_up(
    postgres: Server, redis_uri: str, tmp_path: Path
) -> None:
    with fleet(tmp_path, postgres, redis_uri) as made:
        outcome = await poison_workers(made, others=2)

    assert (outcome.status, outcome.error["error"]) == ("error", "WorkerDied")
    assert (outcome.attempts, outcome.lives) == (ATTEMPTS, ATTEMPTS + WORKERS)
    assert outcome.others == ["success"] * 2 * (ATTEMPTS + 1)
