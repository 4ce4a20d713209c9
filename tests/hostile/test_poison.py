"""Rows that cannot be read, seen from outside: each breaks itself alone, and the gateway goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from gateway import Gateway
from hostile.operations import STEPS
from hostile.site import assert_healthy
from shared import SHARED, wanted_place

BROKEN_JSON = '{"never": '
DELAYED = {**STEPS, "after_seconds": 3600}

RUN_POISONS = [
    ("status", "zombie"),
    ("spec", BROKEN_JSON),
    ("spec", '{"unknown": 1}'),
    ("metadata", BROKEN_JSON),
    ("created_at", "yesterday"),
    ("stop_requested", "perhaps"),
]
THREAD_POISONS = [
    ("status", "zombie"),
    ("metadata", BROKEN_JSON),
    ("state_values", BROKEN_JSON),
    ("updated_at", "not a time"),
]
CHECKPOINT_POISONS: list[tuple[str, str, str | bytes]] = (
    [
        # JSON by its type, and values in a table of their own
        ("checkpoints", "checkpoint", '"none"'),
        ("checkpoints", "metadata", '"none"'),
        ("checkpoint_blobs", "type", "carrier-pigeon"),
        ("checkpoint_blobs", "blob", b"\xc1\xff"),
    ]
    if SHARED
    else [
        ("checkpoints", "type", "carrier-pigeon"),
        ("checkpoints", "checkpoint", b"\xc1\xff"),
        ("checkpoints", "metadata", b"\xff{"),
    ]
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all poisons, which says in its log what it cannot read."""
    with wanted_place() as where:
        own = Gateway(tmp_path_factory.mktemp("poison") / "data", where)
        try:
            yield own.start()
            own.until_quiet()
            own.stop()
        finally:
            own.kill()


@pytest.fixture
def http(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=gateway.url, timeout=30) as connected:
        yield connected


def poison(gateway: Gateway, table: str, key: str, column: str, value: str | bytes) -> None:
    """Write the value into a row, behind the gateway's back."""
    name = "run_id" if table == "runs" else "thread_id"
    gateway.kept.change(table, column, value, **{name: key})


def new_thread(http: httpx.Client) -> str:
    """A thread on which a run has succeeded."""
    thread: str = http.post("/threads", json={}).json()["thread_id"]
    assert http.post(f"/threads/{thread}/runs/wait", json=STEPS).status_code == 200
    return thread


def assert_broken_alone(http: httpx.Client, path: str) -> None:
    """The poisoned thing says so itself."""
    answer = http.get(path)
    assert answer.status_code == 500
    assert "cannot be read" in answer.json()["detail"]


@pytest.mark.parametrize(("column", "value"), RUN_POISONS)
def test_a_poisoned_run_breaks_itself_alone(gateway: Gateway, http: httpx.Client, column: str, value: str) -> None:
    thread = new_thread(http)
    (sound,) = http.get(f"/threads/{thread}/runs").json()
    http.post(f"/threads/{thread}/runs/wait", json=STEPS)
    broken = http.get(f"/threads/{thread}/runs").json()[0]["run_id"]
    poison(gateway, "runs", broken, column, value)

    assert [run["run_id"] for run in http.get(f"/threads/{thread}/runs").json()] == [sound["run_id"]]
    assert_broken_alone(http, f"/threads/{thread}/runs/{broken}")
    for path in (f"/threads/{thread}", f"/threads/{thread}/state", f"/threads/{thread}/history?limit=100", "/metrics"):
        assert http.get(path).status_code == 200
    assert http.post(f"/threads/{thread}/runs/wait", json=STEPS).status_code == 200
    assert http.delete(f"/threads/{thread}").status_code == 204
    assert_healthy(gateway.url)


@pytest.mark.parametrize(("column", "value"), THREAD_POISONS)
def test_a_poisoned_thread_breaks_itself_alone(gateway: Gateway, http: httpx.Client, column: str, value: str) -> None:
    sound, broken = new_thread(http), new_thread(http)
    poison(gateway, "threads", broken, column, value)

    for body in ({}, {"status": "idle"}, {"metadata": {"graph_id": "steps"}}, {"values": {"log": ["one"]}}):
        found = http.post("/threads/search", json={**body, "ids": [sound, broken]})
        assert [thread["thread_id"] for thread in found.json()] == [sound]
        # or whoever turns the pages would come to this one for ever
        assert "x-pagination-next" not in found.headers
        assert http.post("/threads/count", json=body).status_code == 200
    assert_broken_alone(http, f"/threads/{broken}")
    assert_healthy(gateway.url)


@pytest.mark.parametrize(("table", "column", "value"), CHECKPOINT_POISONS)
def test_a_poisoned_checkpoint_breaks_its_thread_alone(
    gateway: Gateway, http: httpx.Client, table: str, column: str, value: str | bytes
) -> None:
    sound, broken = new_thread(http), new_thread(http)
    poison(gateway, table, broken, column, value)

    for path in ("state", "history?limit=100"):
        assert_broken_alone(http, f"/threads/{broken}/{path}")
        assert http.get(f"/threads/{sound}/{path}").status_code == 200
    assert len(http.post("/threads/search", json={"ids": [sound, broken]}).json()) == 2
    assert http.get(f"/threads/{broken}/runs").json()[0]["status"] == "success"
    assert "__error__" in http.post(f"/threads/{broken}/runs/wait", json=STEPS).json()
    assert http.delete(f"/threads/{broken}").status_code == 204
    assert_healthy(gateway.url)


@pytest.mark.parametrize(("column", "value"), [*RUN_POISONS, ("spec", "[]"), ("due_at", "soon")])
def test_a_poisoned_run_that_waits_does_not_jam_the_queue(
    gateway: Gateway, http: httpx.Client, column: str, value: str
) -> None:
    """The runs behind it on its thread and those of other threads come to their turn."""
    thread = http.post("/threads", json={}).json()["thread_id"]
    broken = http.post(f"/threads/{thread}/runs", json=DELAYED).json()["run_id"]
    poison(gateway, "runs", broken, column, value)
    if column != "due_at":
        poison(gateway, "runs", broken, "due_at", "2026-01-01T00:00:00.000000+00:00")

    began = time.monotonic()
    assert http.post(f"/threads/{thread}/runs/wait", json=STEPS).json() == {"log": ["one", "two", "three"]}
    assert_healthy(gateway.url)
    assert time.monotonic() - began < 10
    assert http.delete(f"/threads/{thread}").status_code == 204
