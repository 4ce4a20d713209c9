"""`runline runs` against a gateway that serves: what a terminal shows of runs, and how it stops them."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cli.project import command, environment, read_until
from fundamentals.gate import Gate
from gateway import Gateway, serving


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("gateway") / "data") as own:
        yield own


def runline(gateway: Gateway, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, "--url", gateway.url),
        env=environment(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def new_thread(gateway: Gateway) -> str:
    return str(httpx.post(f"{gateway.url}/threads", json={}, timeout=30).json()["thread_id"])


def start(gateway: Gateway, thread_id: str | None = None, graph: str = "steps", **asked: Any) -> dict[str, Any]:
    """Create a run and leave it to itself."""
    path = f"/threads/{thread_id}/runs" if thread_id else "/runs"
    body = {"assistant_id": graph, "input": {"log": []}, **asked}
    run: dict[str, Any] = httpx.post(gateway.url + path, json=body, timeout=30).json()
    return run


def finish(gateway: Gateway, thread_id: str | None = None, **asked: Any) -> dict[str, Any]:
    """A run from its creation to its end."""
    run = start(gateway, thread_id, **asked)
    httpx.get(f"{gateway.url}/threads/{run['thread_id']}/runs/{run['run_id']}/join", timeout=30)
    return run


def test_runs_are_listed_over_all_threads_or_of_one(gateway: Gateway) -> None:
    one, other = (finish(gateway, new_thread(gateway)) for _ in range(2))
    failed = finish(gateway, one["thread_id"], context={"fail": "ValueError"})

    everything = runline(gateway, "runs", "list", "--limit", "3").stdout
    of_one = runline(gateway, "runs", "list", "--thread", one["thread_id"]).stdout
    failures = runline(gateway, "runs", "list", "--thread", one["thread_id"], "--status", "error").stdout

    assert [line.split()[:3] for line in everything.splitlines()[1:]] == [
        [failed["run_id"], "error", "steps"],
        [other["run_id"], "success", "steps"],
        [one["run_id"], "success", "steps"],
    ]
    assert [line.split()[0] for line in of_one.splitlines()[1:]] == [failed["run_id"], one["run_id"]]
    assert [line.split()[0] for line in failures.splitlines()[1:]] == [failed["run_id"]]


def test_a_run_is_shown_with_its_error(gateway: Gateway) -> None:
    run = finish(gateway, new_thread(gateway), context={"fail": "ValueError"})

    shown = dict(line.split(maxsplit=1) for line in runline(gateway, "runs", "show", run["run_id"]).stdout.splitlines())

    assert shown["thread"].strip() == run["thread_id"]
    assert shown["status"].strip() == "error"
    assert shown["error"].strip() == "ValueError: kaboom"


def test_a_tail_streams_messages_as_text_and_ends_with_the_run(gateway: Gateway) -> None:
    question = {"messages": [{"role": "user", "content": "Hi"}]}
    run = start(gateway, new_thread(gateway), "chat", input=question, stream_mode=["messages-tuple", "updates"])

    result = runline(gateway, "runs", "tail", run["run_id"])

    assert result.stdout.splitlines() == [
        f"run {run['run_id']}, attempt 1",
        "greet> Hello",
        "greet: {messages: [ai 'Hello']}",
        "sign> Bye",
        "sign: {messages: [ai 'Bye']}",
        f"run {run['run_id']}: success",
    ]
    assert result.returncode == 0


def test_a_tail_of_json_has_an_object_for_each_event(gateway: Gateway) -> None:
    run = finish(gateway, new_thread(gateway), stream_mode="updates")

    lines = [json.loads(line) for line in runline(gateway, "runs", "tail", run["run_id"], "--json").stdout.splitlines()]

    assert [(line["id"], line["event"]) for line in lines] == [
        ("1", "metadata"),
        ("2", "updates"),
        ("3", "updates"),
        ("4", "updates"),
    ]
    assert lines[-1]["data"] == {"three": {"log": ["three"]}}


@pytest.mark.parametrize("thread", [True, False])
def test_a_tail_of_a_run_that_failed_ends_with_its_code(gateway: Gateway, gate: Gate, thread: bool) -> None:
    """A run without a thread leaves nothing but its events."""
    run = start(gateway, new_thread(gateway) if thread else None, context={**gate.context, "fail": "ValueError"})
    with tailing(gateway, run) as tail:
        read_until(tail, "attempt 1")
        gate.open()
        output, _ = tail.communicate(timeout=60)

    assert "ValueError: kaboom" in output
    assert tail.returncode == 3


def test_a_cancel_stops_a_run_and_those_who_tail_it(gateway: Gateway, gate: Gate) -> None:
    run = start(gateway, new_thread(gateway), context=gate.context)
    with tailing(gateway, run) as tail:
        read_until(tail, "log: ['one']")
        cancelled = runline(gateway, "runs", "cancel", run["run_id"], "--wait")
        output, _ = tail.communicate(timeout=60)

    assert cancelled.stdout == f"Run {run['run_id']} has stopped.\n"
    assert output.endswith("interrupted\n")
    assert tail.returncode == 5


def test_a_rollback_leaves_no_run(gateway: Gateway, gate: Gate) -> None:
    run = start(gateway, new_thread(gateway), context=gate.context)
    with tailing(gateway, run) as tail:
        read_until(tail, "attempt 1")
        cancelled = runline(gateway, "runs", "cancel", run["run_id"], "--rollback", "--wait")
        tail.communicate(timeout=60)
    shown = runline(gateway, "runs", "show", run["run_id"])

    assert cancelled.stdout == f"Run {run['run_id']} has been rolled back.\n"
    assert tail.returncode == 6
    assert (shown.returncode, shown.stderr) == (1, f"Error: Run {run['run_id']} not found\n")


def test_a_tail_goes_on_after_a_crash_of_the_gateway(tmp_path: Path, gate: Gate) -> None:
    """It is at the gate, and the step before is saved as well as told: it is not done again."""
    asked: dict[str, Any] = {"stream_mode": "updates", "stream_resumable": True, "durability": "sync"}
    with serving(tmp_path / "data") as own:
        run = start(own, new_thread(own), context=gate.context, **asked)
        with tailing(own, run) as tail:
            read_until(tail, "one: ")
            asyncio.run(gate.reached())
            own.kill()
            read_until(tail, "The gateway is away; waiting for it.")
            own.start()
            gate.open()
            output, _ = tail.communicate(timeout=60)

    assert [line.split(" {")[0] for line in output.splitlines()] == [
        f"run {run['run_id']}, attempt 2",
        "two:",
        "three:",
        f"run {run['run_id']}: success",
    ]
    assert tail.returncode == 0


def tailing(gateway: Gateway, run: dict[str, Any]) -> subprocess.Popen[str]:
    """A tail that goes on; its output and its remarks are one stream."""
    return subprocess.Popen(
        command("runs", "tail", run["run_id"], "--url", gateway.url),
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_gateway_that_is_not_there_is_one_sentence(free_port: int) -> None:
    result = subprocess.run(
        command("runs", "list"), env=environment({"PORT": str(free_port)}), capture_output=True, text=True, check=False
    )

    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: No gateway answers at http://127.0.0.1:{free_port} ")
    assert result.stderr.count("\n") == 1


def test_a_run_that_is_nowhere_is_one_sentence(gateway: Gateway) -> None:
    run_id = str(uuid4())

    assert runline(gateway, "runs", "tail", run_id).stderr == f"Error: Run {run_id} not found\n"


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(gateway: Gateway, environ: dict[str, str], coloured: bool) -> None:
    finish(gateway, new_thread(gateway))
    arguments = command("runs", "list", "--url", gateway.url)
    ours, theirs = pty.openpty()
    with subprocess.Popen(arguments, env=environment({"TERM": "xterm", **environ}), stdout=theirs) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        process.wait(60)
    os.close(ours)

    assert (b"\x1b[32msuccess" in shown) is coloured
    assert b"success" in shown
    assert "\x1b" not in runline(gateway, "runs", "list").stdout


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        # its other end is closed
        return b""
