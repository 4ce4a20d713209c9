"""The samples of `examples`: the clients take their walk through a gateway that serves the agents."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_sync_client

from gateway import Gateway, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = EXAMPLES / "clients"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the sample agents, whose model speaks slowly enough to be stopped half way on a busy machine."""
    data_dir = tmp_path_factory.mktemp("samples") / "data"
    with serving(data_dir, {"SAMPLE_TOKEN_DELAY": "0.05"}, EXAMPLES / "agents" / "langgraph.json") as own:
        yield own


COMMANDS = [[sys.executable, "chat.py"], ["node", "chat.mjs"], ["bash", "chat.sh"]]


@pytest.mark.parametrize("command", COMMANDS, ids=[command[-1] for command in COMMANDS])
def test_a_client_streams_resumes_forks_cancels_and_rolls_back(samples: Gateway, command: list[str]) -> None:
    """Each client checks what it gets, and ends with 0 only if every check held."""
    if command[0] == "node":
        assert (CLIENTS / "node_modules").is_dir(), "Run `npm ci` in examples/clients first; `make test` does."
    walk = subprocess.run(
        [*command, samples.url], cwd=CLIENTS, capture_output=True, text=True, timeout=110, check=False
    )

    assert walk.returncode == 0, f"{walk.stdout}\n{walk.stderr}"
    assert walk.stdout.endswith("All checks held.\n")


def test_the_agent_with_a_memory_knows_on_any_thread_what_the_same_user_has_told_it(samples: Gateway) -> None:
    with get_sync_client(url=samples.url) as client:

        def ask(user: str, text: str) -> str:
            asked: Any = {"messages": [{"role": "user", "content": text}]}
            answer: Any = client.runs.wait(None, "memory", input=asked, context={"user": user})
            return str(answer["messages"][-1]["content"])

        ask("Ada", "Remember that I like tea.")
        ask("Ada", "remember that my cat is called Mio")

        assert ask("Ada", "What do you know?") == "I know that I like tea; my cat is called Mio."
        assert ask("Grace", "What do you know?") == "I know nothing about you yet."
        assert len(client.store.search_items(["facts", "Ada"])["items"]) == 2
