"""The JS SDK in two versions, unmodified: its methods, and its React hook in a browser's document, in `js`."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.project import run_suite
from gateway import Gateway, serving

pytestmark = pytest.mark.timeout(330)

TALKING = Path(__file__).parents[1] / "graphs_under_test" / "talking.json"
SAMPLES = Path(__file__).parents[2] / "examples" / "agents" / "langgraph.json"


def test_every_method_of_the_javascript_sdk_does_what_it_says(gateway: Gateway) -> None:
    run_suite("methods.test.js", RUNLINE_URL=gateway.url)


def test_the_react_hook_streams_resumes_stops_forks_and_comes_back(tmp_path: Path) -> None:
    """The sample agents speak slowly enough here to be interrupted."""
    with serving(tmp_path / "data", {"SAMPLE_TOKEN_DELAY": "0.03"}, SAMPLES) as samples:
        run_suite("use-stream.test.js", RUNLINE_URL=samples.url)


def test_the_react_hook_of_the_agent_streaming_protocol_does_so_too(tmp_path: Path) -> None:
    """By both transports; for WebSockets, browsers leave it to the gateway which pages may open them."""
    settings = {"SAMPLE_TOKEN_DELAY": "0.03", "RUNLINE_SERVER__CORS_ORIGINS": '["http://page.test"]'}
    with serving(tmp_path / "data", settings, TALKING) as talking:
        run_suite("use-stream-v2.test.js", RUNLINE_URL=talking.url)
