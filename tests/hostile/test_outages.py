"""The database out of reach: refused with 503 at once, nothing lost, nothing half-made, and on with it afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from fundamentals.gate import Gate
from gateway import Gateway, wait_until
from hostile.census import counting, integrity
from hostile.form import LONG
from hostile.operations import STEPS
from hostile.outage import Outage, checkpoints_locked, filled, full, rows_locked, small_disk
from hostile.site import assert_healthy
from shared import HASTE_SECONDS, SHARED, wanted_place

BUSY_SECONDS = max(0.2, HASTE_SECONDS)
AT_ONCE_SECONDS = 3.0
LARGE = "x" * 60_000

OF_FILES: Mapping[str, Outage] = {"no file may grow": full, **({"the disk is full": filled} if LONG else {})}
OUTAGES: Mapping[str, Outage] = {
    "rows are locked": rows_locked,
    "checkpoints are locked": checkpoints_locked,
    **({} if SHARED else OF_FILES),
}
REACHES_RUNS = [name for name in OUTAGES if name != "checkpoints are locked"]
SAYS_SO = ["waits for the database", "waiting for the database", "Unavailable"]
SOUND = [] if SHARED else ["ok"] * 3


@pytest.fixture
def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A gateway that does not wait long for locks; on a small disk of its own if that is to be filled."""
    with ExitStack() as stack:
        if "the disk is full" in request.node.name:
            stack.enter_context(small_disk(tmp_path / "data", megabytes=4))
        where = stack.enter_context(wanted_place())
        own = Gateway(tmp_path / "data", {**where, "RUNLINE_DATABASE__BUSY_TIMEOUT_SECONDS": str(BUSY_SECONDS)})
        stack.callback(own.kill)
        yield own.start()


@pytest.fixture
def http(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=gateway.url, timeout=30) as connected:
        yield connected


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate that is shut."""
    return Gate(tmp_path / "gate")


def thread_with_run(http: httpx.Client) -> tuple[str, str]:
    """The paths of a thread and of a run that has ended on it."""
    thread = f"/threads/{http.post('/threads', json={}).json()['thread_id']}"
    http.post(f"{thread}/runs/wait", json=STEPS).raise_for_status()
    return thread, f"{thread}/runs/{http.get(f'{thread}/runs').json()[0]['run_id']}"


def assert_unavailable(answer: httpx.Response) -> None:
    """503 with a sentence, and the hint that lets the SDKs try again; soon enough for them to do so."""
    assert answer.status_code == 503, answer.text
    assert list(answer.json()) == ["detail"]
    assert answer.headers["retry-after"] == "1"
    assert answer.elapsed.total_seconds() < AT_ONCE_SECONDS


def calls(http: httpx.Client) -> list[tuple[str, str, Any]]:
    """What writes to both files, if it can; each on a thread of its own, whose slot it may have to leave taken."""
    (updated, _), (copied, _), (_, run), (deleted, _) = [thread_with_run(http) for _ in range(4)]
    return [
        ("POST", f"{updated}/state", {"values": {"log": [LARGE]}}),
        ("POST", f"{copied}/copy", None),
        ("DELETE", run, None),
        ("DELETE", deleted, None),
    ]


def calls_about_runs(thread: str) -> list[tuple[str, str, Any]]:
    """What writes to runline.db alone."""
    return [
        ("POST", "/threads", {"metadata": {"text": LARGE}}),
        ("PATCH", thread, {"metadata": {"text": LARGE}}),
        ("POST", f"{thread}/runs", {**STEPS, "metadata": {"text": LARGE}}),
        ("POST", "/runs/wait", {**STEPS, "metadata": {"text": LARGE}}),
        ("POST", "/runs/stream", {**STEPS, "metadata": {"text": LARGE}}),
    ]


@pytest.mark.parametrize("name", OUTAGES)
def test_what_cannot_be_stored_is_refused_and_leaves_nothing(gateway: Gateway, http: httpx.Client, name: str) -> None:
    thread, run = thread_with_run(http)
    wanted = calls(http) + (calls_about_runs(thread) if name in REACHES_RUNS else [])
    with counting(gateway.kept) as counter:
        before = counter.count()
        with OUTAGES[name](gateway):
            for method, path, body in wanted:
                assert_unavailable(http.request(method, path, json=body))
            for path in ("/ok", thread, run, f"{thread}/state", f"{thread}/history"):
                assert http.get(path).status_code == 200
        assert counter.count() == before

    assert http.post(f"{thread}/state", json={"values": {"log": ["x"]}}).status_code == 200
    assert_healthy(gateway.url)
    gateway.until_quiet()
    gateway.stop()
    assert integrity(gateway.data_dir) == SOUND
    assert tracebacks(gateway) == []


@pytest.mark.parametrize("name", OUTAGES)
def test_runs_outlive_it_or_end_with_the_reason(gateway: Gateway, http: httpx.Client, gate: Gate, name: str) -> None:
    """Those that run and those that wait, as well as one that is cancelled meanwhile."""
    (thread, _), (other, _) = thread_with_run(http), thread_with_run(http)
    running = http.post(f"{thread}/runs", json={**STEPS, "context": gate.context}).json()["run_id"]
    waiting = http.post(f"{thread}/runs", json=STEPS).json()["run_id"]
    cancelled = http.post(f"{other}/runs", json={**STEPS, "context": gate.context}).json()["run_id"]
    asyncio.run(gate.reached(times=2))

    with OUTAGES[name](gateway):
        answer = http.post(f"{other}/runs/{cancelled}/cancel")
        gate.open()
        asyncio.run(wait_until(lambda: said(gateway, SAYS_SO)))

    gateway.until_quiet()
    ends = {run["run_id"]: run["status"] for run in http.get(f"{thread}/runs").json()}
    assert ends[running] in ("success", "error")
    if ends[running] == "error":
        error = http.get(f"{thread}/runs/{running}/join").json()["__error__"]
        assert error["error"] == "Unavailable"
        assert "now" in error["message"]
    assert ends[waiting] in ("success", "error")
    stopped = http.get(f"{other}/runs/{cancelled}").json()["status"]
    assert stopped == "interrupted" if answer.status_code == 202 else answer.status_code == 503
    assert_healthy(gateway.url)
    assert tracebacks(gateway) == []


@pytest.mark.parametrize("name", REACHES_RUNS)
def test_what_was_acknowledged_is_there_when_the_database_is_back(
    gateway: Gateway, http: httpx.Client, name: str
) -> None:
    """Killed in the middle of it, too."""
    thread, run = thread_with_run(http)
    kept = [f"/threads/{http.post('/threads', json={}).json()['thread_id']}" for _ in range(20)]
    with OUTAGES[name](gateway):
        for _ in range(20):
            answer = http.post("/threads", json={"metadata": {"text": LARGE}})
            assert answer.status_code in (200, 503)
            kept += [f"/threads/{answer.json()['thread_id']}"] if answer.status_code == 200 else []
        gateway.kill()

    assert integrity(gateway.data_dir) == SOUND
    gateway.start()
    for path in (thread, run, *kept):
        assert http.get(path).status_code == 200
    assert http.post("/threads/count", json={}).json() == 1 + len(kept)
    assert_healthy(gateway.url)


async def said(gateway: Gateway, words: list[str]) -> bool:
    """Whether its log says one of these."""
    text = gateway.log_file.read_text()
    return any(word in text for word in words)


def tracebacks(gateway: Gateway) -> list[str]:
    """Failures that nobody foresaw: a loop that says it will try again is not one of them."""
    return [line for line in gateway.complaints() if "will retry" not in json.loads(line)["event"]]
