"""admission.decide: pure, so a table says it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.exploring import exploration
from runline.errors import ThreadBusy
from runline.model.admission import Admission, decide
from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason
from runline.model.run import Run, RunSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PENDING = Run("r", "t", "g", "", RunStatus.PENDING, RunSpec("a"), {}, NOW, NOW, NOW)
RUNNING = replace(PENDING, status=RunStatus.RUNNING, attempt=1)
GIVEN_BACK = replace(PENDING, attempt=1)
DELAYED = replace(PENDING, due_at=NOW + timedelta(minutes=1))

ENQUEUE, REJECT = MultitaskStrategy.ENQUEUE, MultitaskStrategy.REJECT
INTERRUPT, ROLLBACK = MultitaskStrategy.INTERRUPT, MultitaskStrategy.ROLLBACK


def new(strategy: MultitaskStrategy) -> Run:
    """One more run, which is due in a second."""
    return replace(PENDING, due_at=NOW + timedelta(seconds=1), spec=RunSpec("a", multitask_strategy=strategy))


@pytest.mark.parametrize("strategy", MultitaskStrategy)
def test_nothing_stands_before_a_run_on_a_free_thread(strategy: MultitaskStrategy) -> None:
    assert decide(new(strategy), []) == Admission(ready=True)


@pytest.mark.parametrize("active", [[PENDING], [DELAYED], [RUNNING], [GIVEN_BACK], [RUNNING, PENDING]])
def test_reject_refuses_company_of_any_kind(active: list[Run]) -> None:
    with pytest.raises(ThreadBusy):
        decide(new(REJECT), active)


@pytest.mark.parametrize("active", [[PENDING], [RUNNING], [GIVEN_BACK], [RUNNING, PENDING], [PENDING, DELAYED]])
def test_enqueue_waits_and_evicts_nobody(active: list[Run]) -> None:
    assert decide(new(ENQUEUE), active) == Admission(ready=False)


def test_only_what_is_due_later_is_overtaken() -> None:
    assert decide(new(ENQUEUE), [DELAYED, DELAYED]) == Admission(ready=True)
    assert decide(replace(DELAYED, due_at=DELAYED.due_at + timedelta(seconds=1)), [DELAYED]) == Admission(ready=False)


@pytest.mark.parametrize(
    ("active", "ready"),
    [
        ([PENDING], True),
        ([DELAYED], True),
        ([PENDING, PENDING], True),
        ([RUNNING], False),
        ([GIVEN_BACK], False),
        ([RUNNING, PENDING], False),
    ],
)
@pytest.mark.parametrize(("strategy", "reason"), [(INTERRUPT, StopReason.INTERRUPT), (ROLLBACK, StopReason.ROLLBACK)])
def test_interrupt_and_rollback_evict_all_and_wait_only_for_what_has_started(
    active: list[Run], ready: bool, strategy: MultitaskStrategy, reason: StopReason
) -> None:
    assert decide(new(strategy), active) == Admission(ready, tuple(active), reason)


@pytest.mark.parametrize("strategy", [ENQUEUE, INTERRUPT, ROLLBACK])
@pytest.mark.parametrize("active", [[], [PENDING], [DELAYED]])
def test_a_state_update_that_holds_the_thread_is_waited_for(strategy: MultitaskStrategy, active: list[Run]) -> None:
    assert not decide(new(strategy), active, held=True).ready


def test_reject_refuses_a_held_thread() -> None:
    with pytest.raises(ThreadBusy):
        decide(new(REJECT), [], held=True)


RUNS = st.builds(
    lambda attempt, runs, delayed: replace(
        DELAYED if delayed else PENDING,
        attempt=attempt,
        status=RunStatus.RUNNING if attempt and runs else PENDING.status,
    ),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
ACTIVE = st.lists(RUNS, max_size=6)
STRATEGIES = st.sampled_from(MultitaskStrategy)


def admitted(strategy: MultitaskStrategy, active: list[Run], held: bool) -> Admission | None:
    """None for a refusal."""
    try:
        return decide(new(strategy), active, held=held)
    except ThreadBusy:
        return None


@exploration(100)
@given(strategy=STRATEGIES, active=ACTIVE, held=st.booleans())
def test_only_reject_refuses_and_only_in_company(strategy: MultitaskStrategy, active: list[Run], held: bool) -> None:
    refused = admitted(strategy, active, held) is None
    assert refused == (strategy is REJECT and (held or bool(active)))


@exploration(100)
@given(strategy=STRATEGIES, active=ACTIVE, held=st.booleans())
def test_whoever_may_start_has_nobody_before_it(strategy: MultitaskStrategy, active: list[Run], held: bool) -> None:
    if admission := admitted(strategy, active, held):
        stays = [run for run in active if run.started or (run not in admission.evicted and run.due_at == NOW)]
        assert admission.ready == (not held and not stays)


@exploration(100)
@given(strategy=STRATEGIES, active=ACTIVE, held=st.booleans())
def test_all_are_evicted_or_nobody_and_never_without_a_reason(
    strategy: MultitaskStrategy, active: list[Run], held: bool
) -> None:
    if admission := admitted(strategy, active, held):
        assert admission.evicted in ((), tuple(active))
        assert bool(admission.evicted) == (strategy in (INTERRUPT, ROLLBACK) and bool(active))
        assert not admission.evicted or admission.reason == strategy.value
