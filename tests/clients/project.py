"""The project of JavaScript clients in `js`, run against a gateway."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).with_name("js")


def run_suite(suite: str, *, only: str = "", timeout: float = 300, **environment: str) -> None:
    """Run a suite, or those of its tests whose names match `only`, and fail with what it says.

    `timeout`: seconds. `environment`: RUNLINE_URL, and what else the suite asks for.
    """
    assert (PROJECT / "node_modules").is_dir(), "Run `npm ci` in tests/clients/js first; `make test` does."
    chosen = [f"--test-name-pattern={only}"] if only else []
    told = subprocess.run(
        ["node", "--test", "--test-reporter=tap", *chosen, suite],
        cwd=PROJECT,
        env={**os.environ, **environment},
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    passed = re.search(r"^# pass ([1-9]\d*)$", told.stdout, re.MULTILINE)
    assert passed, "The names of tests have changed"
    print(suite, passed[0])
