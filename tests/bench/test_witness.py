"""The short form of `python -m bench.witness`: it measures what it says. How much anything cost is not looked at."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_cost_of_a_witness_is_measured() -> None:
    command = [sys.executable, "-m", "bench.witness", "--short"]
    measured = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=110)
    assert re.search(r"a stream of 20 tokens: [\d.]+ ms, a witness adds -?[\d.]+%", measured.stdout)
    assert re.search(r"a short streamed run: [\d.]+ ms, a witness adds -?[\d.]+ ms", measured.stdout)
    assert re.search(r"its entries, written with its end: [\d.]+ ms", measured.stdout)
