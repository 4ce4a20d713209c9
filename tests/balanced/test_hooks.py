"""The React hooks in a browser's document, unmodified, on two nodes behind a balancer.

`make browser` runs all that they do on one gateway, and what befalls nodes; `make test` runs what `SHORT` names.
"""

from __future__ import annotations

import pytest

from balanced.pair import Pair
from browser.browsing import IS_LONG
from clients.project import run_suite

SHORT = "over websocket finishes by itself: kill-worker"
"""The other hooks are in the browser."""


@pytest.mark.timeout(1000)
def test_hooks_finish_by_themselves_whatever_befalls_a_node(ground: Pair) -> None:
    only = "" if IS_LONG else SHORT
    run_suite("faults.test.js", only=only, timeout=900, RUNLINE_URL=ground.url, RUNLINE_ORDERS=ground.orders)


@pytest.mark.timeout(700)
def test_hooks_do_behind_a_balancer_what_they_do_on_one_gateway(ground: Pair) -> None:
    """In short, that a conversation goes on."""
    only = "" if IS_LONG else "a conversation goes on|an optimistic message"
    for suite in ("use-stream.test.js", "use-stream-v2.test.js"):
        run_suite(suite, only=only, timeout=300, RUNLINE_URL=ground.url)
