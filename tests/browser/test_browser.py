"""The console in a real browser, in `js`, against the gateway that serves it.

`make browser` runs all of it and keeps pictures in tests/browser/shots; `make test` runs what `SHORT` names.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.browsing import AGENTS, PROJECT, browse
from gateway import serving

SETTINGS = {"SAMPLE_TOKEN_DELAY": "0.03"}
SHORT = (
    "a message makes a thread|step by step|any form|leaves no trace|said otherwise|loaded again while"
    "|dark scheme|380 pixels"
)
"""What `make test` runs, for each hook."""


@pytest.mark.timeout(600)
def test_the_console_does_in_a_browser_what_it_promises(tmp_path: Path) -> None:
    """The sample agents speak slowly enough to be interrupted."""
    with serving(tmp_path / "data", SETTINGS, AGENTS) as gateway:
        browse(sorted(PROJECT.glob("*.test.js")), SHORT, RUNLINE_URL=gateway.url)
