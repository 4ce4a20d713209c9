"""Vigil: behind an outage nothing is taken for abandoned until whoever lives could renew."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runline.model.lifecycle import RunStatus
from runline.runs.vigil import Vigil
from runline.storage.queue import Claimant
from runs.house import open_house

LEASE = 15.0
PERIOD = 5.0


class Hand:
    """A steady clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def vigil(hand: Hand) -> Vigil:
    """One that has been kept for long."""
    vigil = Vigil(LEASE, hand)
    looks(vigil, hand, 6)
    return vigil


def looks(vigil: Vigil, hand: Hand, count: int) -> list[bool]:
    """What so many looks tell, at the usual distance."""
    told = []
    for _ in range(count):
        hand.pass_(PERIOD)
        told.append(vigil.looked())
    return told


def test_a_process_reaps_nothing_before_it_has_looked_on_for_a_lease(hand: Hand) -> None:
    assert looks(Vigil(LEASE, hand), hand, 5) == [False, False, True, True, True]


def test_looks_in_time_are_trusted_at_once(vigil: Vigil, hand: Hand) -> None:
    assert looks(vigil, hand, 3) == [True, True, True]


def test_behind_a_gap_whoever_lives_has_a_lease_long_to_renew(vigil: Vigil, hand: Hand) -> None:
    hand.pass_(LEASE * 2 / 3)
    assert not vigil.looked()
    assert looks(vigil, hand, 3) == [False, False, True]


def test_to_reap_for_long_is_no_gap(vigil: Vigil, hand: Hand) -> None:
    assert vigil.looked()
    hand.pass_(10 * LEASE)
    vigil.acted()
    assert looks(vigil, hand, 1) == [True]


async def test_a_run_whose_worker_renews_behind_an_outage_is_not_reaped_and_one_whose_worker_died_is(
    settings: dict[str, Any], tmp_path: Path, hand: Hand
) -> None:
    async with open_house(tmp_path, **settings) as here, open_house(tmp_path, **settings) as there:
        alive, dead = [await here.abandon(await here.thread(), "one") for _ in range(2)]
        reaper = there.reaper(3, vigil=Vigil(LEASE, hand))
        for run in (alive, dead):
            await here.let_lease_end(run)
        hand.pass_(2 * LEASE)
        await reaper.reap_step()
        assert await there.status(dead) is RunStatus.RUNNING

        held = await there.core.leases.renew(Claimant("dead", timedelta(seconds=60)), [(alive.run_id, alive.attempt)])
        assert held == {alive.run_id: None}
        for _ in range(3):
            hand.pass_(PERIOD)
            await reaper.reap_step()

        await there.reach(dead, RunStatus.SUCCESS)
        assert await there.status(alive) is RunStatus.RUNNING
