"""The sample clients of `examples/clients` take their walk through a gateway that serves the sample agents."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import Gateway, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = EXAMPLES / "clients"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the sample agents, whose model speaks fast."""
    data_dir = tmp_path_factory.mktemp("samples") / "data"
    with serving(data_dir, {"SAMPLE_TOKEN_DELAY": "0.005"}, EXAMPLES / "agents" / "langgraph.json") as own:
        yield own


COMMANDS = [[sys.executable, "chat.py"], ["node", "chat.mjs"], ["bash", "chat.sh"]]


@pytest.mark.parametrize("command", COMMANDS, ids=[command[-1] for command in COMMANDS])
def test_a_client_streams_resumes_forks_cancels_and_rolls_back(samples: Gateway, command: list[str]) -> None:
    """Each client checks what it gets, and ends with 0 only if every check held."""
    if command[0] == "node":
        assert (CLIENTS / "node_modules").is_dir(), "Run `npm ci` in examples/clients first; `make test` does."
    walk = subprocess.run([*command, samples.url], cwd=CLIENTS, capture_output=True, text=True, timeout=60, check=False)

    assert walk.returncode == 0, f"{walk.stdout}\n{walk.stderr}"
    assert walk.stdout.endswith("All checks held.\n")
