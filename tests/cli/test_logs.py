"""Logs go to standard error in one format, whoever writes them."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import logging, sys, structlog
from runline.cli.logs import configure_logs
from runline.config import LogSettings

configure_logs(LogSettings(level=sys.argv[1], format=sys.argv[2]))
structlog.get_logger("runline.runs").info("run ended", run_id="r1", status="success")
logging.getLogger("a_library").warning("it was %s", "slow")
logging.getLogger("httpx").info("an everyday remark")
try:
    secret = "hid" + "den"
    raise ValueError("boom")
except ValueError:
    logging.getLogger("a_library").exception("it failed")
"""


def log(level: str, style: str) -> str:
    """What the program above writes to standard error."""
    command = [sys.executable, "-c", PROGRAM, level, style]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == ""
    return result.stderr


def test_json_logs_are_one_object_a_line_for_structlog_and_libraries_alike() -> None:
    run_ended, slow, failed = (json.loads(line) for line in log("info", "json").splitlines())

    assert run_ended["run_id"] == "r1"
    assert (run_ended["level"], run_ended["logger"]) == ("info", "runline.runs")
    assert (slow["event"], slow["level"], slow["logger"]) == ("it was slow", "warning", "a_library")
    assert "ValueError: boom" in failed["exception"]


def test_the_level_hides_what_is_below_it() -> None:
    output = log("warning", "json")

    assert "run ended" not in output
    assert "it was slow" in output


def test_console_logs_show_tracebacks_without_the_values_of_variables() -> None:
    output = log("info", "console")

    assert "run ended" in output
    assert "ValueError: boom" in output
    assert "everyday" not in output
    assert "hidden" not in output
