"""Webhooks in the engine: told of every end, called again until they are answered, never at a closed address.

Nothing here is found by polling, so what is delivered at once was rung for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.receiver import receiving
from runline.errors import ConfigError, Conflict, Invalid
from runline.model.delivery import Delivery, pause_after
from runline.model.idempotency import IdempotencyKey
from runline.model.lifecycle import CancelAction, RunStatus
from runline.model.run import Run, RunOutcome, RunSpec
from runline.model.viewer import ANONYMOUS
from runline.runs.sweeper import Sweeper
from runs.agents import GATES
from runs.house import GRAPHS, NEVER, House, open_house
from shared import SHARED
from webhooks.urls import REFUSED, stub_names

SIGNED_WITH = "sesame"
OPEN = {"url": {"require_https": False, "disable_loopback": False}}


@asynccontextmanager
async def telling(folder: Path, section: Any = OPEN, **webhooks: Any) -> AsyncIterator[House]:
    """A house whose project lets webhooks go to this machine."""
    settings = {"retry_seconds": 0.01, "timeout_seconds": 30.0, **webhooks}
    async with open_house(folder, GRAPHS, {"webhooks": section}, webhooks=settings) as house:
        yield house


async def entry_with(house: House, run: Run, condition: Callable[[Delivery], object]) -> Delivery:
    """The run's entry in the log, once it is there and so."""
    async with asyncio.timeout(30):
        while True:
            for entry in await house.core.runs.webhooks.list_of_run(ANONYMOUS, run.thread_id, run.run_id):
                if condition(entry):
                    return entry


async def ended_entry(house: House, run: Run) -> Delivery:
    return await entry_with(house, run, lambda entry: entry.ended_at)


async def test_a_run_that_ends_is_told_with_its_values(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.finish(None, "begin", webhook=receiver.url("/hook?token=1"))
        call = await receiver.called()
        entry = await ended_entry(house, run)
    assert call.path == "/hook?token=1"
    assert call.told["run_id"] == run.run_id
    assert (call.told["status"], call.told["values"]["log"]) == ("success", ["begin"])
    assert "error" not in call.told
    assert call.told["kwargs"]["webhook"] == receiver.url("/hook?token=1")
    assert call.headers["webhook-id"] == entry.delivery_id
    assert (entry.status, entry.attempts, entry.status_code, entry.error) == ("delivered", 1, 200, None)


async def test_a_failed_run_is_told_with_its_error(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        await house.finish(None, "begin", "fail", webhook=receiver.url())
        told = (await receiver.called()).told
    assert (told["status"], told["error"]) == ("error", {"error": "ValueError", "message": "kaboom"})
    assert told["values"]["log"] == ["begin"]


async def test_a_run_that_asks_somebody_is_told_with_the_question(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        await house.finish(None, "begin", "ask why", webhook=receiver.url())
        told = (await receiver.called()).told
    assert told["status"] == "success"
    assert [interrupt["value"] for interrupt in told["values"]["__interrupt__"]] == ["why"]


async def test_a_stateless_run_is_told_with_its_values(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.create(None, "begin", temporary=True, webhook=receiver.url())
        told = (await receiver.called()).told
        assert (await ended_entry(house, run)).status == "delivered"
    assert (told["status"], told["values"]["log"]) == ("success", ["begin"])


@pytest.mark.parametrize(
    ("action", "status", "error", "log"),
    [("interrupt", "interrupted", "UserInterrupt", ["begin"]), ("rollback", "rollback", "UserRollback", None)],
)
async def test_a_run_that_is_cancelled_is_told_how(
    tmp_path: Path, action: str, status: str, error: str, log: list[str] | None
) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.hold(webhook=receiver.url())
        await house.core.runs.cancel(ANONYMOUS, run.thread_id, run.run_id, CancelAction(action))
        told = (await receiver.called()).told
    assert (told["status"], told["error"]["error"]) == (status, error)
    assert (told["values"] or {}).get("log") == log


async def test_runs_that_never_started_are_told_of_at_once(tmp_path: Path) -> None:
    """One is cancelled, one evicted; both had waited for a run that is busy."""
    async with receiving() as receiver, telling(tmp_path) as house:
        busy = await house.hold()
        cancelled = await house.create(busy.thread_id, "begin", webhook=receiver.url("/cancelled"))
        await house.core.runs.cancel(ANONYMOUS, busy.thread_id, cancelled.run_id, CancelAction.ROLLBACK)
        assert (await receiver.called()).told["status"] == "rollback"
        await house.create(busy.thread_id, "begin", webhook=receiver.url("/evicted"))
        await house.create(busy.thread_id, "begin", strategy="interrupt")
        told = (await receiver.called(2)).told
        assert (told["status"], told["run_started_at"], told["values"]) == ("interrupted", None, None)
        GATES["gate"].open()


async def test_a_run_whose_worker_died_too_often_is_told_of(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.abandon(await house.thread(), "attempt", webhook=receiver.url())
        await house.reaper().reap(everything=True)
        told = (await receiver.called()).told
    assert (told["run_id"], told["status"], told["error"]["error"]) == (run.run_id, "error", "WorkerDied")


async def test_a_run_that_is_deleted_is_not_told_of(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.hold(webhook=receiver.url("/deleted"))
        await house.core.runs.delete(ANONYMOUS, run.thread_id, run.run_id)
        await house.finish(run.thread_id, "begin", webhook=receiver.url("/after"))
        await receiver.called()
    assert [call.path for call in receiver.calls] == ["/after"]


async def test_a_call_that_fails_is_made_again_under_the_same_id(tmp_path: Path) -> None:
    async with (
        receiving("500 Oops", "404 Not Found", "302 Found\r\nLocation: /") as receiver,
        telling(tmp_path) as house,
    ):
        run = await house.finish(None, "begin", webhook=receiver.url())
        await receiver.called(4)
        entry = await ended_entry(house, run)
    assert (entry.attempts, entry.status_code, entry.error) == (4, 200, None)
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({json.dumps({**call.told, "webhook_sent_at": None}) for call in receiver.calls}) == 1


async def test_a_call_that_is_never_answered_is_given_up(tmp_path: Path) -> None:
    patience = {"max_attempts": 3, "timeout_seconds": 0.5}
    async with receiving(None, None, None) as receiver, telling(tmp_path, **patience) as house:
        run = await house.finish(None, "begin", webhook=receiver.url())
        entry = await ended_entry(house, run)
    assert (entry.status, entry.attempts, entry.status_code) == ("failed", 3, None)
    assert entry.error == "No answer within 0.5 seconds"
    # on a busy machine one may be given up before the receiver has read it
    assert 1 <= len(receiver.calls) <= 3


async def test_a_receiver_that_is_down_is_reached_when_it_is_back(tmp_path: Path) -> None:
    async with receiving() as receiver:
        pass
    async with telling(tmp_path, max_attempts=100) as house:
        run = await house.finish(None, "begin", webhook=receiver.url())
        await entry_with(house, run, lambda entry: entry.error == "No connection")
        async with receiving(port=receiver.port) as back:
            assert (await back.called()).told["run_id"] == run.run_id


async def test_one_that_is_silent_holds_up_no_other(tmp_path: Path) -> None:
    async with receiving(None) as silent, receiving() as receiver, telling(tmp_path, concurrency=2) as house:
        await house.finish(None, "begin", webhook=silent.url())
        await silent.called()
        for number in range(3):
            await house.finish(None, "begin", webhook=receiver.url(f"/{number}"))
        await receiver.called(3)
        assert silent.at_once == 1


async def test_no_more_are_called_at_once_than_may_be(tmp_path: Path) -> None:
    async with receiving(*[None] * 6) as silent, telling(tmp_path, concurrency=3, timeout_seconds=0.5) as house:
        await asyncio.gather(*(house.finish(None, "begin", webhook=silent.url()) for _ in range(6)))
        # six that were silent once, and six that answered
        await silent.called(12)
    assert silent.most_at_once == 2, "the third slot is for others"


async def test_a_receiver_that_is_slow_leaves_slots_to_the_others(tmp_path: Path) -> None:
    """However much there is to tell it, and though all of that has waited for longer."""
    async with receiving(*[None] * 20) as silent, receiving() as receiver, telling(tmp_path, concurrency=4) as house:
        for _ in range(20):
            await house.finish(None, "begin", webhook=silent.url())
        for number in range(3):
            await house.finish(None, "begin", webhook=receiver.url(f"/{number}"))
        await receiver.called(3)
        assert (silent.at_once, silent.most_at_once) == (2, 2)


async def test_calls_are_signed_and_carry_the_projects_headers(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LG_WEBHOOK_TOKEN", "hunter2")
    section = {**OPEN, "headers": {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}}
    async with receiving() as receiver, telling(tmp_path, section, secret=SIGNED_WITH) as house:
        run = await house.finish(None, "begin", webhook=receiver.url())
        call = await receiver.called()
        entry = await ended_entry(house, run)
    assert call.headers["authorization"] == "Bearer hunter2"
    assert call.headers["webhook-signature"].startswith("v1,")
    assert b"hunter2" not in call.body
    assert "hunter2" not in repr(entry)


async def test_what_nobody_rang_for_is_delivered_after_the_next_start(tmp_path: Path) -> None:
    async with receiving() as receiver:
        async with telling(tmp_path) as house:
            run = await house.abandon(await house.thread(), "begin", webhook=receiver.url())
            await house.core.leases.finish(run, RunOutcome(RunStatus.SUCCESS, None, {"a": 1}), None, None)
        assert receiver.calls == []
        async with telling(tmp_path):
            assert (await receiver.called()).told["values"] == {"a": 1}


async def test_a_url_that_leads_inside_is_refused_before_its_run_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_names(monkeypatch)
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        for url, reason in REFUSED.items():
            with pytest.raises(Invalid) as caught:
                await house.create(thread_id, "begin", webhook=url)
            assert str(caught.value) == reason
        assert await house.core.runs.list_of_thread(ANONYMOUS, thread_id, None, 10, 0) == []


async def test_a_url_that_leads_inside_is_refused_when_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if each had been a good one at its creation: the row says what was checked then, the call checks again."""
    stub_names(monkeypatch)
    async with open_house(tmp_path, webhooks={"retry_seconds": 0.01, "max_attempts": 2}) as house:
        made: dict[str, Run] = {}
        # PostgreSQL has no texts with NUL, so that such a row is not there to be called
        for url in [url for url in REFUSED if not (SHARED and "\0" in url)]:
            run = await house.abandon(await house.thread(), "begin")
            made[url] = replace(run, spec=replace(run.spec, webhook=url))
            await house.core.leases.finish(made[url], RunOutcome(RunStatus.SUCCESS), None, None)
        house.core.runs.webhooks.ended(made.values())
        for url, run in made.items():
            assert (await ended_entry(house, run)).error == REFUSED[url]


async def test_a_name_that_is_rebound_between_creation_and_call_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = stub_names(monkeypatch)
    async with receiving() as receiver, open_house(tmp_path) as house:
        run = await house.hold(webhook=receiver.url(host="public.test"))
        names["public.test"] = ["127.0.0.1"]
        GATES["gate"].open()
        entry = await ended_entry(house, run)
    assert (entry.attempts, entry.error) == (1, "Webhook host blocked: loopback IP range")
    assert receiver.calls == []


async def test_the_log_is_forgotten_after_its_retention(tmp_path: Path) -> None:
    async with receiving() as receiver, telling(tmp_path) as house:
        run = await house.finish(None, "begin", webhook=receiver.url())
        await ended_entry(house, run)
        runs = house.core.runs
        for retention, left in ((NEVER, 1), (0.0, 0)):
            await Sweeper(runs.runs._database, runs.streams.segments, runs.clock, NEVER, retention).sweep()
            assert len(await runs.webhooks.list_of_run(ANONYMOUS, run.thread_id, run.run_id)) == left


@pytest.mark.parametrize("keys", [{"webhooks": {"url": 5}}, {"webhooks": {"headers": {"Host": "a"}}}], ids=str)
async def test_a_section_that_makes_no_sense_keeps_the_gateway_from_starting(
    tmp_path: Path, keys: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        async with open_house(tmp_path, GRAPHS, keys):
            pass


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 0.0, 2.0), (1, 1.0, 1.0), (2, 0.0, 4.0), (5, 0.5, 24.0), (12, 0.0, 3600.0), (100, 1.0, 1800.0)],
)
def test_pauses_double_up_to_an_hour(attempts: int, jitter: float, seconds: float) -> None:
    assert pause_after(attempts, 2.0, jitter) == seconds


async def test_a_creation_that_is_repeated_asks_for_no_name_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is there, whatever the resolver says by now."""
    names = stub_names(monkeypatch)
    async with open_house(tmp_path) as house:
        runs, thread_id, key = house.core.runs, await house.thread(), IdempotencyKey("key", "request")
        spec = RunSpec("script", {"script": ["begin"]}, webhook="https://public.test/")
        first = await runs.create(ANONYMOUS, thread_id, spec, key)
        names["public.test"] = []
        assert (await runs.create(ANONYMOUS, thread_id, spec, key)).run_id == first.run_id
        with pytest.raises(Invalid):
            await runs.create(ANONYMOUS, thread_id, spec, IdempotencyKey("other", "request"))
        with pytest.raises(Conflict):
            await runs.create(ANONYMOUS, thread_id, spec, replace(key, fingerprint="another"))
