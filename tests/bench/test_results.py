"""What is made of the measurements: medians, paired ratios, verdicts, and what a failure leaves."""

from __future__ import annotations

import time

from bench.alone import Alone
from bench.asked import counting, streamed_run_of
from bench.case import Case, Form
from bench.goals import Check
from bench.names import ALONE, GATEWAY, MINIMAL, Figures
from bench.report import notes
from bench.results import Results
from bench.rounds import Field, measure_case
from bench.servers import Server
from bench.tables import as_markdown, as_text


def _results() -> Results:
    results = Results()
    for number, (ours, theirs) in enumerate([(2, 1), (30, 10), (4, 1)]):
        results.add("case", GATEWAY, number, {"ms": ours})
        results.add("case", MINIMAL, number, {"ms": theirs})
    return results


def test_ratios_are_taken_round_by_round() -> None:
    """The second round was slow for both: 4 / 1 by medians, 3 by pairs."""
    assert _results().ratio("case", "ms", GATEWAY, MINIMAL) == 3


def test_a_round_that_one_contender_missed_is_no_pair() -> None:
    results = _results()
    del results.rounds["case", MINIMAL][0]
    assert results.ratio("case", "ms", GATEWAY, MINIMAL) == 3.5


def test_a_check_says_whether_its_bound_was_reached() -> None:
    def verdict(check: Check) -> str:
        return check.row(_results())[-1]

    assert verdict(Check("", lambda results: results.median("case", GATEWAY, "ms"), at_most=4)) == "yes"
    assert verdict(Check("", lambda results: results.median("case", GATEWAY, "ms"), at_most=3.9)) == "no"
    assert verdict(Check("", lambda results: results.median("case", GATEWAY, "ms"), at_least=4.1)) == "no"
    assert verdict(Check("", lambda results: results.median("other", GATEWAY, "ms"), at_least=1)) == "not measured"


async def test_a_contender_that_fails_is_named_and_the_others_go_on() -> None:
    turns: list[Form] = []

    async def fails(_server: Server, _form: Form) -> Figures:
        raise ValueError("no reply")

    async def works(_local: Alone, form: Form) -> Figures:
        turns.append(form)
        return {"turns": len(turns)}

    results = Results()
    case = Case("case", "A case", fails, works, servers=(MINIMAL,), pairs=3, warm_up=False)
    async with Field(official=False) as field:
        await measure_case(case, field, Form(), None, results)

    assert results.values("case", ALONE, "turns") == {0: 1, 1: 2, 2: 3}
    assert results.failures == [("case", MINIMAL, "ValueError: no reply")]
    assert notes(case, results) == ["minimal: ValueError: no reply"]


async def test_a_turn_that_takes_too_long_is_ended() -> None:
    async def hangs(server: Server, _form: Form) -> Figures:
        async with server.client() as client:
            await client.post("/runs/stream", streamed_run_of("paced", counting(time.monotonic() + 1000, 1, 1)))
        return {}

    results = Results()
    case = Case("case", "A case", hangs, servers=(MINIMAL,), seconds=1, warm_up=False)
    async with Field(official=False) as field:
        await measure_case(case, field, Form(), None, results)

    assert results.failures == [("case", MINIMAL, "not done within 1 s")]


def test_tables_have_one_line_for_each_row() -> None:
    rows = [["", "gateway"], ["ms", "1.5"]]
    assert as_text(rows) == "    gateway\nms      1.5"
    assert as_markdown(rows) == "|  | gateway |\n|---|---:|\n| ms | 1.5 |"
