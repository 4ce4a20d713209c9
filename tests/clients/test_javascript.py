"""The JS SDK in both versions that people use: its methods, and its React hook, in `js`, against a real gateway."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

import pytest

from gateway import Gateway

PROJECT = Path(__file__).with_name("js")


@pytest.mark.parametrize("suite", sorted(path.name for path in PROJECT.glob("*.test.js")))
def test_the_javascript_suite_passes(gateway: Gateway, suite: str) -> None:
    assert (PROJECT / "node_modules").is_dir(), "Run `npm ci` in tests/clients/js first; `make test` does."
    command = ["node", "--test", "--test-reporter=tap", suite]
    environment = {**os.environ, "RUNLINE_URL": gateway.url}
    told = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
