"""Webhooks: somebody else's server is told when a run has ended."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import RunCreate

from fundamentals.gate import Gate
from fundamentals.reading import collect, log
from gateway import GRAPHS, Gateway, serving, wait_until
from kit.receiver import Received, Receiver, receiving

PROJECT = GRAPHS.with_name("webhooks.json")
HEADER_CANARY = "canary-7f3a"
SECRET_CANARY = "canary-51c0"  # noqa: S105 - looked for in all that the gateway says
SETTINGS = {"RUNLINE_WEBHOOKS__SECRET": SECRET_CANARY, "RUNLINE_WEBHOOKS__RETRY_SECONDS": "0.05"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose langgraph.json has a `webhooks` section, which lets them go to this machine."""
    with serving(tmp_path_factory.mktemp("webhooks") / "data", SETTINGS, PROJECT) as own:
        yield own


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The server that is told."""
    async with receiving() as receiver:
        yield receiver


async def log_of_webhook(http: httpx.AsyncClient, told: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await http.get(f"/threads/{told['thread_id']}/runs/{told['run_id']}/webhooks")
    assert answer.status_code == 200
    entries: list[dict[str, Any]] = answer.json()
    return entries


async def delivered(http: httpx.AsyncClient, told: dict[str, Any]) -> dict[str, Any]:
    """The one entry of the run's log, once its receiver's answer is in it."""

    async def entry() -> dict[str, Any] | None:
        entries = await log_of_webhook(http, told)
        return entries[0] if entries and entries[0]["status"] == "delivered" else None

    found = await wait_until(entry)
    assert found
    return found


async def test_a_webhook_is_told_the_run_as_it_ended(
    client: LangGraphClient, receiver: Receiver, thread_id: str
) -> None:
    """The run object that `runs.get` returns, with the times of its end and the values that it came to."""
    run = await client.runs.create(thread_id, "steps", input=log(), webhook=receiver.url())
    told = (await receiver.called()).told

    ended = await client.runs.get(thread_id, run["run_id"])
    assert {name: told[name] for name in ended} == ended
    assert told["values"] == await client.runs.join(thread_id, run["run_id"])
    assert told["run_started_at"] < told["run_ended_at"] == ended["updated_at"] <= told["webhook_sent_at"]
    assert set(told) - set(ended) == {"run_started_at", "run_ended_at", "webhook_sent_at", "values"}


async def test_a_webhook_is_told_what_the_run_used(client: LangGraphClient, receiver: Receiver, thread_id: str) -> None:
    calls: Any = [{"input": 7, "output": 1}]
    await client.runs.wait(thread_id, "spends", input={"calls": calls}, webhook=receiver.url())

    assert (await receiver.called()).told["usage"]["total_tokens"] == 8


async def test_a_failure_and_a_question_are_told(client: LangGraphClient, receiver: Receiver, thread_id: str) -> None:
    """Officially the question is missing: who is told could not know that somebody waits for an answer."""
    await client.runs.wait(
        thread_id, "steps", input=log(), context={"fail": "ValueError"}, webhook=receiver.url(), raise_error=False
    )
    failed = (await receiver.called()).told
    assert failed["status"] == "error"
    assert set(failed["error"]) == {"error", "message"}

    result: Any = await client.runs.wait(None, "asks", input=log(), webhook=receiver.url(), on_completion="keep")
    asked = (await receiver.called(2)).told
    assert asked["values"] == result
    assert asked["values"]["__interrupt__"]


async def test_every_way_to_create_a_run_takes_a_webhook(
    client: LangGraphClient, receiver: Receiver, thread_id: str
) -> None:
    asked: dict[str, Any] = {"assistant_id": "steps", "input": log()}
    await client.runs.create(thread_id, **asked, webhook=receiver.url("/create"))
    await client.runs.wait(thread_id, **asked, webhook=receiver.url("/wait"))
    await collect(client.runs.stream(thread_id, **asked, webhook=receiver.url("/stream")))
    await client.runs.create(None, **asked, webhook=receiver.url("/stateless/create"))
    await client.runs.wait(None, **asked, webhook=receiver.url("/stateless/wait"))
    await collect(client.runs.stream(None, **asked, webhook=receiver.url("/stateless/stream")))
    await client.runs.create_batch(
        [RunCreate(**asked, webhook=receiver.url(f"/batch/{number}")) for number in range(2)]  # type: ignore[typeddict-item]
    )

    await receiver.called(8)
    assert sorted(call.path for call in receiver.calls) == [
        "/batch/0",
        "/batch/1",
        "/create",
        "/stateless/create",
        "/stateless/stream",
        "/stateless/wait",
        "/stream",
        "/wait",
    ]
    assert all(call.told["values"]["log"] for call in receiver.calls)


async def test_a_rolled_back_run_is_told_of_although_it_is_gone(
    client: LangGraphClient, http: httpx.AsyncClient, receiver: Receiver, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context, webhook=receiver.url())
    await gate.reached()
    await client.runs.cancel(thread_id, run["run_id"], action="rollback", wait=True)

    told = (await receiver.called()).told
    assert (told["status"], told["error"]["error"]) == ("rollback", "UserRollback")
    assert (await delivered(http, told))["run_id"] == run["run_id"]


def is_authentic(call: Received) -> bool:
    """How a receiver checks a call: nobody else could have signed it, and nothing of it was changed."""
    content = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    digest = hmac.new(SECRET_CANARY.encode(), content, hashlib.sha256).digest()
    return call.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


async def test_a_receiver_can_check_who_calls(client: LangGraphClient, receiver: Receiver) -> None:
    await client.runs.create(None, "steps", input=log(), webhook=receiver.url())
    call = await receiver.called()
    assert call.headers["authorization"] == f"Bearer {HEADER_CANARY}"
    assert is_authentic(call)


async def test_secrets_are_sent_and_never_shown(
    client: LangGraphClient, http: httpx.AsyncClient, receiver: Receiver, gateway: Gateway, thread_id: str
) -> None:
    """Neither the headers nor the secret are in what is told, answered, stored or logged."""
    run = await client.runs.create(thread_id, "steps", input=log(), webhook=receiver.url())
    call = await receiver.called()
    entry = await delivered(http, call.told)

    shown = [call.body, json.dumps([entry, run, await client.threads.get(thread_id)]).encode()]
    for text in (*shown, gateway.stored(), gateway.log_file.read_bytes()):
        assert HEADER_CANARY.encode() not in text
        assert SECRET_CANARY.encode() not in text


async def test_the_log_says_how_it_went(client: LangGraphClient, http: httpx.AsyncClient, thread_id: str) -> None:
    """A call that is not answered with 2xx is made again, later each time, and with the same id."""
    async with receiving("503 Service Unavailable") as receiver:
        await client.runs.create(thread_id, "steps", input=log(), webhook=receiver.url())
        call = await receiver.called(2)
    entry = await delivered(http, call.told)
    assert entry == {
        "delivery_id": call.headers["webhook-id"],
        "run_id": call.told["run_id"],
        "thread_id": thread_id,
        "url": receiver.url(),
        "status": "delivered",
        "attempts": 2,
        "status_code": 200,
        "error": None,
        "created_at": call.told["run_ended_at"],
        "last_attempt_at": entry["last_attempt_at"],
        "next_attempt_at": None,
        "ended_at": entry["ended_at"],
    }
    assert entry["created_at"] < entry["last_attempt_at"] < entry["ended_at"]


async def test_a_run_without_a_webhook_has_an_empty_log_and_no_run_has_none(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log())
    assert await log_of_webhook(http, dict(run)) == []
    answer = await http.get(f"/threads/{thread_id}/runs/{thread_id}/webhooks")
    assert (answer.status_code, answer.json()) == (404, {"detail": f"Run {thread_id} not found"})


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://192.168.0.1/", "Webhook host blocked: blocked IP range"),
        ("http://169.254.169.254/latest/meta-data/", "Webhook host blocked: blocked IP range"),
        ("http://[::ffff:127.0.0.1]/", "Webhook host blocked: blocked IP range"),
        ("ftp://example.com/", "Webhook host blocked: scheme 'ftp' not allowed"),
        ("/relative", "Invalid webhook hostname ''"),
    ],
)
async def test_a_url_that_leads_inside_is_refused(http: httpx.AsyncClient, url: str, detail: str) -> None:
    body = {"assistant_id": "steps", "input": log(), "webhook": url}
    for path in ("/runs", "/runs/stream", "/runs/wait"):
        answer = await http.post(path, json=body)
        assert (answer.status_code, answer.json()) == (422, {"detail": detail})
    answer = await http.post("/runs/batch", json=[{**body, "webhook": None}, body])
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


async def test_feedback_keys_are_kept_with_the_run(client: LangGraphClient, thread_id: str) -> None:
    """They name what people may judge of a run; who asks for them finds them where the platform has them."""
    await collect(client.runs.stream(thread_id, "steps", input=log(), feedback_keys=["helpful", "kind"]))
    (run,) = await client.runs.list(thread_id)
    kwargs: Any = run["kwargs"]  # type: ignore[typeddict-item]
    assert kwargs["feedback_keys"] == ["helpful", "kind"]


async def test_a_crash_between_the_end_and_the_call_loses_no_webhook(tmp_path: Path, free_port: int) -> None:
    """The receiver is away, the run ends, the gateway is killed. Both come back, and the receiver is told."""
    away = Receiver(free_port)
    with serving(tmp_path / "data", SETTINGS, PROJECT) as own:
        async with get_client(url=own.url) as client:
            run = await client.runs.create(None, "steps", input=log(), webhook=away.url(), on_completion="keep")
            await client.runs.join(run["thread_id"], run["run_id"])
        own.kill()
        own.start()
        async with receiving(port=away.port) as receiver:
            # an attempt that the kill cut off is taken for dead after 20 seconds
            assert (await receiver.called(timeout=60)).told["run_id"] == run["run_id"]


async def test_crash_after_crash_every_end_is_told(tmp_path: Path) -> None:
    """At least once: a run whose call was cut off by a kill may be told again, and that is all."""
    made: list[str] = []
    with serving(tmp_path / "data", {**SETTINGS, "RUNLINE_WEBHOOKS__TIMEOUT_SECONDS": "0.2"}, PROJECT) as own:
        async with receiving(*["500 Oops"] * 10) as receiver:
            for _ in range(2):
                async with get_client(url=own.url) as client:
                    for _ in range(20):
                        run = await client.runs.create(None, "steps", input=log(), webhook=receiver.url())
                        made.append(run["run_id"])
                own.kill()
                own.start()

            async def all_told() -> bool:
                return {call.told["run_id"] for call in receiver.calls if is_authentic(call)} == set(made)

            await wait_until(all_told, within=60)
