"""The JS SDK in two versions, unmodified: its methods, and its React hook in a browser's document, in `js`."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

from gateway import Gateway, serving

PROJECT = Path(__file__).with_name("js")
TALKING = Path(__file__).parents[1] / "graphs_under_test" / "talking.json"
SAMPLES = Path(__file__).parents[2] / "examples" / "agents" / "langgraph.json"


def test_every_method_of_the_javascript_sdk_does_what_it_says(gateway: Gateway) -> None:
    run("methods.test.js", gateway)


def test_the_react_hook_streams_resumes_stops_forks_and_comes_back(tmp_path: Path) -> None:
    """The sample agents speak slowly enough here to be interrupted."""
    with serving(tmp_path / "data", {"SAMPLE_TOKEN_DELAY": "0.03"}, SAMPLES) as samples:
        run("use-stream.test.js", samples)


def test_the_react_hook_of_the_agent_streaming_protocol_does_so_too(tmp_path: Path) -> None:
    """By both transports; for WebSockets, browsers leave it to the gateway which pages may open them."""
    settings = {"SAMPLE_TOKEN_DELAY": "0.03", "RUNLINE_SERVER__CORS_ORIGINS": '["http://page.test"]'}
    with serving(tmp_path / "data", settings, TALKING) as talking:
        run("use-stream-v2.test.js", talking)


def run(suite: str, gateway: Gateway) -> None:
    """Run a suite of the project against a gateway, and fail with what it says."""
    assert (PROJECT / "node_modules").is_dir(), "Run `npm ci` in tests/clients/js first; `make test` does."
    node = partial(subprocess.run, cwd=PROJECT, env={**os.environ, "RUNLINE_URL": gateway.url}, timeout=90)
    told = node(["node", "--test", "--test-reporter=tap", suite], capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
