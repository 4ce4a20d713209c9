"""Every method of the Python SDK, by both of its clients, against a real gateway.

The list of methods is the SDK's own: a new one without an exercise fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.errors import APIStatusError

from clients.awaited import AWAITED_PYTHON
from clients.python import assistants, crons, runs, store, threads
from clients.python.sdk import METHODS, AsyncSdk, Sdk, SyncSdk
from gateway import Gateway

Exercises = Mapping[str, Callable[[Sdk], None]]
AREAS: dict[str, Exercises] = {
    "assistants": assistants.EXERCISES,
    "threads": threads.EXERCISES,
    "runs": runs.EXERCISES,
    "crons": crons.EXERCISES,
    "store": store.EXERCISES,
}
EXERCISES = {f"{area}.{name}": exercise for area, its in AREAS.items() for name, exercise in its.items()}
NOT_THERE = {404, 405, 422, 501}
"""What the gateway answers where it cannot do yet what is asked."""


@pytest.fixture(params=["async", "sync"])
def sdk(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[Sdk]:
    """A client of either kind. No cron stays behind."""
    with asyncio.Runner() as runner, get_sync_client(url=gateway.url) as sync:
        asynchronous = get_client(url=gateway.url)
        yield AsyncSdk(asynchronous, runner) if request.param == "async" else SyncSdk(sync)
        for cron in sync.crons.search(limit=1000):
            sync.crons.delete(cron["cron_id"])
        runner.run(asynchronous.aclose())


@pytest.mark.parametrize("name", EXERCISES)
def test_the_method_does_what_it_says(sdk: Sdk, name: str) -> None:
    """What is awaited fails by the gateway's refusal; if it does not, it is time to take it off the list."""
    exercise = EXERCISES[name]
    if name in AWAITED_PYTHON:
        with pytest.raises((APIStatusError, httpx.HTTPStatusError)) as refused:
            exercise(sdk)
        assert refused.value.response.status_code in NOT_THERE
    else:
        exercise(sdk)
    assert name.partition("(")[0] in sdk.called


@pytest.mark.parametrize("kind", METHODS)
def test_every_method_has_an_exercise_and_no_exercise_is_for_nothing(kind: str) -> None:
    assert {name.partition("(")[0] for name in EXERCISES} == set(METHODS[kind])


def test_nothing_is_awaited_that_has_no_exercise() -> None:
    assert set(EXERCISES) >= AWAITED_PYTHON
