"""The command line as it is used: real processes, in a working directory of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway import SETTINGS

AGENT = """
from langgraph.graph import START, MessagesState, StateGraph

def answer(state):
    return {"messages": [{"role": "ai", "content": "Hello back"}]}

graph = StateGraph(MessagesState).add_node("answer", answer).add_edge(START, "answer").compile()
"""

READY = "is ready"
"""What `runline serve` prints when it serves."""


@dataclass(frozen=True)
class Project:
    """A folder with a langgraph.json, in which commands are run."""

    folder: Path

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command(*arguments),
            cwd=self.folder,
            env=environment(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command that goes on; its output and errors are one stream. It is stopped at the end."""
        with subprocess.Popen(
            command(*arguments),
            cwd=self.folder,
            env=environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.communicate(timeout=30)

    def write(self, name: str, content: str | Mapping[str, object]) -> None:
        """Write a file of the project; a mapping is written as JSON, which is YAML too."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "runline", *arguments]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**kept, **more}


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Read a process's output up to and with the line that holds the text; pytest's timeout is the limit."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"The process ended without {text!r}:\n{seen}")
