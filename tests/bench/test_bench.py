"""The short form of `make bench`: every case runs against a gateway and the minimal server, and counts what it should.

How fast anything was is not looked at.
"""

from __future__ import annotations

import asyncio
from math import isfinite

import pytest
import uvloop

from bench.case import Case, Form
from bench.cases import CASES
from bench.goals import GOALS, goal_rows
from bench.names import AEGRA, ALONE, GATEWAY, MINIMAL, OFFICIAL
from bench.report import case_rows
from bench.results import Results
from bench.rounds import Field, measure_case

# the first test waits for all cases
pytestmark = pytest.mark.timeout(600)

ABSENT = (OFFICIAL, AEGRA)

MUST_BE_ZERO = (
    ("background", "drained: runs without success"),
    ("stream-1", "plain: tokens lost"),
    ("stream-1", "resumable: tokens lost"),
    ("stream-8", "plain: tokens lost"),
    ("stream-8", "resumable: tokens lost"),
    ("redis", "tokens lost"),
    ("workers", "waiting, 1 worker: runs without success"),
    ("workers", "waiting, 2 workers: runs without success"),
    ("paced-50", "streams cut off as too late"),
    ("viewers-100", "viewers that missed something"),
    ("viewers-500", "viewers that missed something"),
    ("subscribers-200", "classic: who missed something"),
    ("subscribers-200", "classic, resumable: who missed something"),
    ("subscribers-200", "protocol: who missed something"),
    ("subscribers-200", "protocol, WebSocket: who missed something"),
    ("threads", "searches that missed something"),
    ("insight", "messages missed or repeated"),
    ("insight", "runs missed"),
    ("replay", "events lost"),
    ("replay-stored", "events lost"),
    ("reconnect", "tokens lost"),
    ("reconnect", "tokens doubled"),
)


@pytest.fixture(scope="module")
def short() -> Results:
    """What all cases measure in their short form, without servers that have to be installed."""
    results = Results()

    async def measure() -> None:
        async with Field(official=False) as field:
            for case in CASES:
                await measure_case(case, field, Form(short=True), None, results)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure())
    return results


def test_no_contender_fails(short: Results) -> None:
    assert short.failures == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_every_contender_of_a_case_has_figures(short: Results, case: Case) -> None:
    contenders = [name for name in case.contenders(0) if name not in ABSENT]
    assert contenders[0] == GATEWAY
    for name in contenders:
        figures = short.rounds[case.name, name][0]
        assert figures
        assert [figure for figure, value in figures.items() if not isfinite(value)] == []


@pytest.mark.parametrize(("case", "figure"), MUST_BE_ZERO)
def test_nothing_is_lost(short: Results, case: str, figure: str) -> None:
    assert short.values(case, GATEWAY, figure) == {0: 0}


def test_the_counts_are_those_that_were_asked_for(short: Results) -> None:
    """So that "nothing lost" is said of something."""
    assert short.values("reconnect", GATEWAY, "cuts")[0] >= 2
    assert short.values("viewers-100", GATEWAY, "viewers") == {0: 10}
    assert short.values("viewers-500", GATEWAY, "viewers") == {0: 50}


@pytest.mark.parametrize("contender", [GATEWAY, MINIMAL, ALONE])
def test_paced_tokens_arrive(short: Results, contender: str) -> None:
    """That all come late would mean that the agent's clock and the client's are not the same."""
    assert short.values("paced-50", contender, "share of tokens on time")[0] > 0


def test_every_goal_is_measured(short: Results) -> None:
    """But for what is compared with servers that did not take part."""
    verdicts = [(check.text, check.row(short)[-1]) for goal in GOALS.values() for check in goal.checks]
    missing = [text for text, verdict in verdicts if verdict == "not measured"]
    assert [text for text in missing if not any(name in text for name in ABSENT)] == []
    assert list(GOALS) == list(range(1, 12))


def test_tables_hold_each_figure_of_each_contender(short: Results) -> None:
    for case in CASES:
        head, *rows = case_rows(case, short)
        assert rows
        assert {len(row) for row in rows} == {len(head)}
    assert {len(row) for row in goal_rows(short)} == {4}
