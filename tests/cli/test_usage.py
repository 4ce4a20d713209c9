"""`runline usage` against a gateway whose agents have called models: their tokens, and what they cost."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.project import command, environment
from gateway import Gateway, serving

AGENTS = Path(__file__).parents[2] / "examples" / "agents" / "langgraph.json"
PRICES = {"sample-large": {"input": 1_000_000, "output": 2_000_000}}
QUESTION = {"messages": [{"role": "user", "content": "what is 2+3?"}]}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = {"SAMPLE_TOKEN_DELAY": "0", "RUNLINE_INSIGHT__PRICES": json.dumps(PRICES)}
    with serving(tmp_path_factory.mktemp("gateway") / "data", settings, AGENTS) as own:
        yield own


@pytest.fixture(scope="module")
def thread_id(gateway: Gateway) -> str:
    """A thread on which two agents have called models of two sizes."""
    thread = str(httpx.post(f"{gateway.url}/threads", json={}, timeout=30).json()["thread_id"])
    for agent in ("tools", "research"):
        body = {"assistant_id": agent, "input": QUESTION}
        httpx.post(f"{gateway.url}/threads/{thread}/runs/wait", json=body, timeout=30).raise_for_status()
    return thread


def table(gateway: Gateway, *arguments: str) -> dict[str, list[str]]:
    """The printed rows, by their first cell."""
    result = runline(gateway, *arguments)
    assert result.returncode == 0, result.stderr
    rows = (re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()[1:])
    return {name: cells for name, *cells in rows}


def runline(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    arguments = (*arguments, "--url", gateway.url)
    return subprocess.run(
        command(*arguments), env=environment({}), capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.usefixtures("thread_id")
@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("model", {"sample-large", "sample-small"}),
        ("caller", {"lead_agent", "subagent", "middleware"}),
        ("assistant", {"tools", "research"}),
    ],
)
def test_usage_is_split_and_adds_up(gateway: Gateway, by: str, names: set[str]) -> None:
    assert split(gateway, by) == names


def test_usage_is_split_by_the_days_on_which_it_was_used(gateway: Gateway, thread_id: str) -> None:
    """One day, or two if midnight fell into it."""
    runs = httpx.get(f"{gateway.url}/threads/{thread_id}/runs?select=run_started_at,run_ended_at", timeout=30).json()
    days = {str(moment)[:10] for run in runs for moment in run.values()}

    assert set() != split(gateway, "day") <= days


def split(gateway: Gateway, by: str) -> set[str]:
    """What the usage is split into; the parts add up."""
    rows = table(gateway, "usage", "--by", by)
    total = rows.pop("total")
    for column in range(3):
        assert sum(int(row[column]) for row in rows.values()) == int(total[column]) > 0
    assert int(total[0]) == int(total[1]) + int(total[2])
    return set(rows)


def test_models_without_a_price_cost_nothing_that_is_known(gateway: Gateway, thread_id: str) -> None:
    everywhere = table(gateway, "usage")
    tokens, given, made, _, cost = everywhere["sample-large"]

    assert cost == f"{int(given) + 2 * int(made)} USD"
    assert len(everywhere["sample-small"]) == 4
    assert table(gateway, "usage", "--thread", thread_id)["sample-large"] == [tokens, cost]


def test_the_usage_of_a_thread_is_that_of_its_runs(gateway: Gateway, thread_id: str) -> None:
    by_caller = table(gateway, "usage", "--thread", thread_id, "--by", "caller")
    runs = runline(gateway, "runs", "list", "--thread", thread_id).stdout.splitlines()[1:]

    total = int(by_caller.pop("total")[0])
    assert sum(int(row[0]) for row in by_caller.values()) == total
    assert sum(int(line.split()[-2]) for line in runs) == total


def test_a_run_is_shown_with_what_it_spent(gateway: Gateway, thread_id: str) -> None:
    run = httpx.get(f"{gateway.url}/threads/{thread_id}/runs?limit=1", timeout=30).json()[0]
    shown = table(gateway, "runs", "show", run["run_id"])

    usage = run["usage"]
    assert shown["tokens"] == [f"{usage['total_tokens']} ({usage['input_tokens']} in, {usage['output_tokens']} out)"]
    assert shown["models"] == ["sample-large, sample-small"]


@pytest.mark.usefixtures("thread_id")
def test_the_metrics_count_what_the_ledger_does(gateway: Gateway) -> None:
    rows = table(gateway, "usage")
    counted = re.findall(
        r'runline_tokens_total\{.*,model="(.*)"\} (\d+)\.0', httpx.get(f"{gateway.url}/metrics", timeout=30).text
    )

    for model in ("sample-large", "sample-small"):
        assert sum(int(tokens) for name, tokens in counted if name == model) == int(rows[model][0])


def test_a_thread_is_not_split_by_day(gateway: Gateway, thread_id: str) -> None:
    result = runline(gateway, "usage", "--thread", thread_id, "--by", "day")

    assert result.returncode == 1
    assert result.stderr == "Error: The usage of a thread is split by model or by caller, not by day.\n"
