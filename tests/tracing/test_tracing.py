"""Runs as traces, sent by a real gateway to a real collector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fundamentals.gate import Gate
from gateway import GRAPHS, Gateway
from tracing.collector import Collector, collecting

AGENTS = Path(__file__).parents[2] / "examples" / "agents" / "langgraph.json"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as made:
        yield made


@asynccontextmanager
async def traced(folder: Path, collector: Collector, graphs: Path = GRAPHS, **environ: str) -> AsyncIterator[Gateway]:
    """A gateway that sends its spans to the collector, which goes on while the gateway starts and stops."""
    own = Gateway(folder / "data", {**collector.environ, "SAMPLE_TOKEN_DELAY": "0", **environ}, graphs)
    try:
        yield await asyncio.to_thread(own.start)
        await asyncio.to_thread(own.until_quiet)
        await asyncio.to_thread(own.stop)
        assert own.complaints() == []
    finally:
        own.kill()


async def post(
    gateway: Gateway, path: str, headers: Mapping[str, str] | Mapping[bytes, bytes] | None = None, **body: Any
) -> Any:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        return (await http.post(path, json=body, headers=headers)).json()


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def test_a_run_is_one_trace_from_its_request_to_its_calls_of_models(tmp_path: Path, collector: Collector) -> None:
    async with traced(tmp_path, collector, AGENTS) as own:
        await post(own, "/runs/wait", TRACEPARENT, assistant_id="tools", input=said("what is 2+3?"))
        (run,) = await collector.until("invoke_agent tools")

    (created,) = collector.named("create_run tools")
    (queued,) = collector.named("queue")
    nodes, calls = collector.named("node model"), collector.named("chat sample-large")
    (node,), (tool,) = collector.named("node tools"), collector.named("execute_tool add")
    assert {span.trace for span in collector.spans} == {TRACE}
    assert created.parent == CALLER
    assert queued.parent == run.parent == created.id
    assert [span.parent for span in (*nodes, node)] == [run.id] * 3
    assert [span.parent for span in calls] == [span.id for span in nodes]
    assert tool.parent == node.id
    assert (
        created.begun <= run.begun <= nodes[0].begun <= calls[0].begun <= calls[0].ended <= nodes[0].ended <= run.ended
    )
    assert (created.kind, run.kind, calls[0].kind) == (
        Span.SPAN_KIND_SERVER,
        Span.SPAN_KIND_INTERNAL,
        Span.SPAN_KIND_CLIENT,
    )


async def test_attributes_have_the_names_of_the_conventions(tmp_path: Path, collector: Collector) -> None:
    async with traced(
        tmp_path, collector, AGENTS, OTEL_SERVICE_NAME="shop", OTEL_RESOURCE_ATTRIBUTES="tier=gold"
    ) as own:
        await post(own, "/runs/wait", assistant_id="tools", input=said("what is 2+3?"))
        (run,) = await collector.until("invoke_agent tools")

    call = collector.named("chat sample-large")[0].attributes
    assert call["gen_ai.operation.name"] == "chat"
    assert call["gen_ai.request.model"] == "sample-large"
    assert call["gen_ai.provider.name"] == "sample"
    assert call["gen_ai.usage.input_tokens"] > 0
    assert call["gen_ai.usage.output_tokens"] > 0
    assert run.attributes["gen_ai.agent.name"] == "tools"
    assert run.attributes["runline.run.status"] == "success"
    assert run.attributes["gen_ai.conversation.id"]
    assert (run.service["service.name"], run.service["tier"]) == ("shop", "gold")


async def test_nothing_that_anybody_said_is_in_a_span(tmp_path: Path, collector: Collector) -> None:
    async with traced(tmp_path, collector) as own:
        await post(own, "/runs/wait", assistant_id="chat", input=said("canary"))
        await post(own, "/runs/wait", assistant_id="steps", input={"log": ["canary"]}, context={"fail": "SecretError"})
        (failed,) = await collector.until("invoke_agent steps")

    assert failed.failed
    assert failed.attributes["error.type"] == "SecretError"
    (node,) = collector.named("node three")
    assert (node.failed, node.attributes["error.type"]) == (True, "SecretError")
    told = b"".join(call.body for call in collector.receiver.calls)
    assert b"canary" not in told
    assert b"hunter2" not in told


async def test_a_trace_goes_on_in_another_process_after_a_crash(
    tmp_path: Path, collector: Collector, gate: Gate
) -> None:
    async with traced(tmp_path, collector) as own:
        thread = (await post(own, "/threads"))["thread_id"]
        asked = {"assistant_id": "steps", "input": {"log": []}, "context": gate.context, "durability": "sync"}
        run = await post(own, f"/threads/{thread}/runs", TRACEPARENT, **asked)
        await gate.reached()
        (created,) = await collector.until("create_run steps")
        (one,) = await collector.until("node one")
        own.kill()
        await asyncio.to_thread(own.start)
        gate.open()
        (second,) = await collector.until("invoke_agent steps")

    assert second.attributes["runline.run.id"] == run["run_id"]
    assert second.attributes["runline.run.attempt"] == 2
    assert (second.trace, second.parent) == (TRACE, created.id)
    assert one.trace == TRACE
    assert [span.parent for span in collector.named("node two") + collector.named("node three")] == [second.id] * 2
    # the first attempt's own span went with its process; its wait was told before
    assert len(collector.named("queue")) == 1


async def test_a_run_that_waits_is_seen_to_wait(tmp_path: Path, collector: Collector, gate: Gate) -> None:
    async with traced(tmp_path, collector) as own:
        thread = (await post(own, "/threads"))["thread_id"]
        await post(own, f"/threads/{thread}/runs", assistant_id="steps", input={"log": []}, context=gate.context)
        await gate.reached()
        second = await post(own, f"/threads/{thread}/runs", assistant_id="steps", input={"log": []})
        gate.open()
        runs = await collector.until("invoke_agent steps", times=2)

    waits = {span.attributes["runline.run.id"]: span for span in collector.named("queue")}
    waited = waits[second["run_id"]]
    two = next(span for span in collector.named("node two") if span.parent == runs[0].id)
    assert two.begun < waited.begun < two.ended < waited.ended <= runs[1].begun
    # nobody named a trace: each run is one of its own
    assert len({span.trace for span in runs}) == 2
    assert [span.parent for span in collector.named("create_run steps")] == ["", ""]


async def test_a_run_that_was_stopped_says_why_and_leaves_no_span_open(
    tmp_path: Path, collector: Collector, gate: Gate
) -> None:
    async with traced(tmp_path, collector) as own:
        thread = (await post(own, "/threads"))["thread_id"]
        run = await post(own, f"/threads/{thread}/runs", assistant_id="steps", input={"log": []}, context=gate.context)
        await gate.reached()
        await post(own, f"/threads/{thread}/runs/{run['run_id']}/cancel?wait=true")
        (stopped,) = await collector.until("invoke_agent steps")

    told = stopped.attributes
    assert (told["runline.run.status"], told["runline.run.stop_reason"]) == ("interrupted", "interrupt")
    assert not stopped.failed
    assert [span.parent for span in collector.named("node two")] == [stopped.id]


async def test_an_interrupt_is_no_failure(tmp_path: Path, collector: Collector) -> None:
    async with traced(tmp_path, collector) as own:
        thread = (await post(own, "/threads"))["thread_id"]
        await post(own, f"/threads/{thread}/runs/wait", assistant_id="asks", input={"log": []})
        await collector.until("invoke_agent asks")

    assert not any(span.failed for span in collector.spans)


async def test_a_trace_that_is_not_sampled_sends_nothing(tmp_path: Path, collector: Collector) -> None:
    unsampled = {"traceparent": f"00-{TRACE}-{CALLER}-00"}
    async with traced(tmp_path, collector) as own:
        await post(own, "/runs/wait", unsampled, assistant_id="steps", input={"log": []})
        await post(own, "/runs/wait", assistant_id="steps", input={"log": []})
        await collector.until("invoke_agent steps")

    assert TRACE not in {span.trace for span in collector.spans}


async def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(tmp_path: Path, collector: Collector) -> None:
    nonsense = ["", "nonsense", f"00-{TRACE}-zz-01", f"00-{'0' * 32}-{CALLER}-01", "\xff" * 55]
    async with traced(tmp_path, collector) as own:
        for traceparent in nonsense:
            headers = {b"traceparent": traceparent.encode("latin-1"), b"tracestate": b"a=1," * 100}
            await post(own, "/runs/wait", headers, assistant_id="steps", input={"log": []})
        runs = await collector.until("invoke_agent steps", times=len(nonsense))

    assert {span.parent for span in collector.named("create_run steps")} == {""}
    assert len({span.trace for span in runs}) == len(nonsense)


async def test_a_collector_that_is_away_holds_up_nobody(tmp_path: Path, free_port: int) -> None:
    """Runs go on, and the gateway stops when it is told to; its log says that spans are lost."""
    own = Gateway(tmp_path / "data", {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port}"})
    try:
        own.start()
        values = await post(own, "/runs/wait", assistant_id="steps", input={"log": []})
        own.stop()
    finally:
        own.kill()

    assert values["log"] == ["one", "two", "three"]
    assert any("opentelemetry" in line for line in own.log_file.read_text().splitlines())
