"""The console in a real browser, on two nodes behind a balancer that sends each request to the next.

`make browser` runs all that it promises of one gateway, and what befalls nodes; `make test` runs what `SHORT` names.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from balanced.pair import GRAPHS, Pair
from browser.browsing import AGENTS, PROJECT, browse

SHORT = "a message makes a thread|executes the run is killed"
"""What `make test` runs, for each hook."""


@pytest.mark.timeout(1500)
def test_the_console_does_behind_a_balancer_what_it_promises(ground: Pair) -> None:
    suites = [*PROJECT.glob("*.test.js"), *PROJECT.glob("balanced/*.test.js")]
    browse(sorted(suites), SHORT, RUNLINE_URL=ground.url, RUNLINE_ORDERS=ground.orders)


def test_the_pair_serves_all_agents_that_the_suites_talk_to() -> None:
    """The playground would talk to another one instead."""
    assert _graphs(AGENTS) <= _graphs(GRAPHS)


def _graphs(project: Path) -> set[str]:
    return set(json.loads(project.read_text())["graphs"])
