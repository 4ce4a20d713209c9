"""What happens inside a run as spans: its nodes, calls of models and tools, as LangChain tells of them.

Attributes have the names of OpenTelemetry's conventions for generative AI. What is neither a node nor a call has no
span of its own; what it calls belongs to the span that it is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from langgraph.errors import GraphBubbleUp
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from runline.graphs.model_calls import ModelCall, read_result, read_start

_STEP_TAG = "graph:step:"

Attributes = Mapping[str, str | int | float]


class SpanHandler(BaseCallbackHandler):
    """LangChain's callbacks for one attempt of a run, whose span is `root`."""

    run_inline = True

    def __init__(self, tracer: Tracer, root: Span) -> None:
        self._tracer = tracer
        self._root = root
        # of all that is under way: its own span, or the one that it is in
        self._spans: dict[UUID, Span] = {}
        self._own: set[UUID] = set()

    @property
    def recording(self) -> bool:
        """Whether anybody will see the spans."""
        return self._root.is_recording()

    def close(self) -> None:
        """End what nobody has told the end of: a graph that is cut off leaves tasks behind."""
        for run_id in list(self._own):
            self._end(run_id)

    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,  # noqa: ARG002 - LangChain's signatures
        inputs: Any,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **_more: Any,
    ) -> None:
        """A graph, a node or another runnable begins."""
        where = metadata or {}
        if any(tag.startswith(_STEP_TAG) for tag in tags or ()):
            attributes = {"runline.node": where.get("langgraph_node"), "runline.step": where.get("langgraph_step")}
            self._begin(run_id, parent_run_id, f"node {where.get('langgraph_node')}", _known(attributes))
        else:
            self._spans[run_id] = self._span_of(parent_run_id)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_more: Any) -> None:  # noqa: ARG002
        """It has ended."""
        self._end(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_more: Any) -> None:
        """It has failed, or stops at an interrupt."""
        self._end(run_id, error)

    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **more: Any,
    ) -> None:
        """A tool begins."""
        name = str(more.get("name") or (serialized or {}).get("name"))
        attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        self._begin(run_id, parent_run_id, f"execute_tool {name}", attributes)

    def on_tool_end(self, output: Any, *, run_id: UUID, **_more: Any) -> None:  # noqa: ARG002
        """A tool has ended."""
        self._end(run_id)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **_more: Any) -> None:
        """A tool has failed."""
        self._end(run_id, error)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,  # noqa: ARG002
        messages: list[list[BaseMessage]],  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **more: Any,
    ) -> None:
        """A chat model is called."""
        self._call("chat", run_id, parent_run_id, more)

    def on_llm_start(
        self,
        serialized: dict[str, Any] | None,  # noqa: ARG002
        prompts: list[str],  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **more: Any,
    ) -> None:
        """A model of another kind is called."""
        self._call("text_completion", run_id, parent_run_id, more)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_more: Any) -> None:
        """A model has answered."""
        self._conclude(run_id, response)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        """A call has failed or was cut off; with it comes what its stream has told so far."""
        self._conclude(run_id, more.get("response"), error)

    def _call(self, operation: str, run_id: UUID, parent_id: UUID | None, more: Mapping[str, Any]) -> None:
        metadata = more.get("metadata") or {}
        model, provider = read_start(metadata, more.get("invocation_params") or {})
        attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.request.model": model,
            "gen_ai.provider.name": provider,
            "gen_ai.request.temperature": metadata.get("ls_temperature"),
            "gen_ai.request.max_tokens": metadata.get("ls_max_tokens"),
        }
        name = f"{operation} {model}" if model else operation
        self._begin(run_id, parent_id, name, _known(attributes), SpanKind.CLIENT)

    def _conclude(self, run_id: UUID, response: LLMResult | None, error: BaseException | None = None) -> None:
        if span := self._spans.get(run_id):
            span.set_attributes(_result(read_result(response)))
        self._end(run_id, error)

    def _span_of(self, run_id: UUID | None) -> Span:
        return self._spans.get(run_id, self._root) if run_id else self._root

    def _begin(
        self,
        run_id: UUID,
        parent_id: UUID | None,
        name: str,
        attributes: Attributes,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> None:
        parent = set_span_in_context(self._span_of(parent_id))
        self._spans[run_id] = self._tracer.start_span(name, parent, kind, attributes)
        self._own.add(run_id)

    def _end(self, run_id: UUID, error: BaseException | None = None) -> None:
        span = self._spans.pop(run_id, None)
        if span is None or run_id not in self._own:
            return
        self._own.discard(run_id)
        # a graph that waits for an answer has not failed
        if error and not isinstance(error, GraphBubbleUp):
            kind = type(error).__name__
            span.set_attribute("error.type", kind)
            if isinstance(error, Exception):
                span.set_status(Status(StatusCode.ERROR, kind))
        span.end()


def _result(call: ModelCall) -> Attributes:
    tokens = call.tokens
    return _known(
        {
            "gen_ai.response.model": call.model,
            "gen_ai.usage.input_tokens": tokens and tokens.input_tokens,
            "gen_ai.usage.output_tokens": tokens and tokens.output_tokens,
        }
    )


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have a value that an attribute can have."""
    return {name: value for name, value in attributes.items() if isinstance(value, str | int | float)}
