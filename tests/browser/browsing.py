"""The project of browser tests in `js`, run against a gateway."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from runline.doors.console import BUILT

HERE = Path(__file__).parent
PROJECT = HERE / "js"
AGENTS = HERE / "agents" / "langgraph.json"
IS_LONG = os.environ.get("RUNLINE_TEST_BROWSER") == "long"
_TIMEOUT_SECONDS = 1200


def browse(suites: Iterable[Path], short: str, **environment: str) -> None:
    """Run suites, of which `short` names what `make test` runs, and fail with what they say.

    `environment`: RUNLINE_URL, and what else they ask for.
    """
    assert (PROJECT / "node_modules").is_dir(), "Run `npm ci` in tests/browser/js first; `make test` does."
    assert (BUILT / "index.html").is_file(), "Run `make console` first; `make test` does."
    told = subprocess.run(
        [*_COMMAND, *([] if IS_LONG else [f"--test-name-pattern={short}"]), *map(str, suites)],
        cwd=PROJECT,
        env={**os.environ, **_surroundings(), **environment},
        timeout=_TIMEOUT_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    passed = re.search(r"^# pass (\d+)$", told.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > len(short.split("|")), "The names of tests have changed"
    print(passed[0])


_COMMAND = ("node", "--test", "--test-reporter=tap", "--test-concurrency=1")


def _surroundings() -> Mapping[str, str]:
    chromium = shutil.which("chromium")
    assert chromium, "Install chromium first; `make test` does."
    return {"CHROMIUM": chromium, **({"RUNLINE_SHOTS": str(HERE / "shots")} if IS_LONG else {})}
