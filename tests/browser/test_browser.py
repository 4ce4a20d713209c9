"""The console in a real browser, in `js`, against the gateway that serves it.

`make browser` runs all of it and keeps pictures in tests/browser/shots; `make test` runs what `SHORT` names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway import serving
from runline.doors.console import BUILT

HERE = Path(__file__).parent
PROJECT = HERE / "js"
SETTINGS = {"SAMPLE_TOKEN_DELAY": "0.03"}
IS_LONG = os.environ.get("RUNLINE_TEST_BROWSER") == "long"
SHORT = (
    "a message makes a thread|step by step|any form|leaves no trace|said otherwise|loaded again while"
    "|dark scheme|380 pixels"
)
"""What `make test` runs, for each hook."""


@pytest.mark.timeout(600)
def test_the_console_does_in_a_browser_what_it_promises(tmp_path: Path) -> None:
    """The sample agents speak slowly enough to be interrupted."""
    assert (PROJECT / "node_modules").is_dir(), "Run `npm ci` in tests/browser/js first; `make test` does."
    assert (BUILT / "index.html").is_file(), "Run `make console` first; `make test` does."
    chromium = shutil.which("chromium")
    assert chromium, "Install chromium first; `make test` does."
    with serving(tmp_path / "data", SETTINGS, HERE / "agents" / "langgraph.json") as gateway:
        pictures = {"RUNLINE_SHOTS": str(HERE / "shots")} if IS_LONG else {}
        environment = {**os.environ, "RUNLINE_URL": gateway.url, "CHROMIUM": chromium, **pictures}
        chosen = [] if IS_LONG else [f"--test-name-pattern={SHORT}"]
        command = ["node", "--test", "--test-reporter=tap", "--test-concurrency=1", *chosen]
        told = subprocess.run(
            command, cwd=PROJECT, env=environment, timeout=500, capture_output=True, text=True, check=False
        )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    passed = re.search(r"^# pass (\d+)$", told.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > len(SHORT.split("|")), "The names of tests have changed"
