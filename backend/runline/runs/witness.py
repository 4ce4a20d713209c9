"""Sees what happens inside a run, as LangChain tells it: calls of models, tools, nodes, and who makes them.

It is called in the event loop, and in the threads of nodes that are not async, between two steps of the graph: it does
little, waits for nothing, and for each token nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

from runline.graphs.model_calls import read_result, read_start
from runline.kit.clock import Clock
from runline.kit.text import sound_text
from runline.model.callers import LEAD, CallerPath
from runline.model.run import Run
from runline.runs.happenings import Happenings
from runline.runs.ledger import Ledger, OpenCall
from runline.runs.parts import Part
from runline.runs.run_logs import RunLog

Tags = Sequence[str] | None
Metadata = dict[str, Any] | None


class Witness(BaseCallbackHandler):
    """LangChain's callbacks for one attempt of a run. Without `happenings` it sees to the ledger alone."""

    run_inline = True

    def __init__(self, run: Run, log: RunLog, ledger: Ledger, clock: Clock, happenings: Happenings | None) -> None:
        self._run = run
        self._log = log
        self._ledger = ledger
        self._clock = clock
        self._happenings = happenings
        self._parts: dict[UUID, Part] = {}
        self._calls: dict[UUID, OpenCall] = {}

    def on_chain_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002 - LangChain's signatures
        inputs: Any,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: Tags = None,
        metadata: Metadata = None,
        **more: Any,
    ) -> None:
        """A graph, a node or another runnable begins."""
        self._enter(run_id, parent_run_id, tags, metadata, more)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_more: Any) -> None:
        """It has ended."""
        self._leave(run_id, outputs)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_more: Any) -> None:
        """It has failed, or stops at an interrupt."""
        self._leave(run_id, None, error)

    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: Tags = None,
        metadata: Metadata = None,
        **more: Any,
    ) -> None:
        """A tool begins."""
        name = more.get("name") or (serialized or {}).get("name")
        self._enter(run_id, parent_run_id, tags, metadata, {"name": name})

    def on_tool_end(self, output: Any, *, run_id: UUID, **_more: Any) -> None:
        """A tool has ended."""
        if (part := self._leave(run_id, output)) and self._happenings:
            self._happenings.tool_ended(part, output)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        """A tool has failed."""
        if (part := self._leave(run_id, None, error)) and self._happenings:
            self._happenings.tool_failed(part, more.get("tool_call_id"), error)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        messages: list[list[BaseMessage]],  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: Tags = None,
        metadata: Metadata = None,
        **more: Any,
    ) -> None:
        """A chat model is called."""
        self._call(run_id, parent_run_id, tags, metadata, more)

    def on_llm_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        prompts: list[str],  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: Tags = None,
        metadata: Metadata = None,
        **more: Any,
    ) -> None:
        """A model of another kind is called."""
        self._call(run_id, parent_run_id, tags, metadata, more)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_more: Any) -> None:
        """A model has answered."""
        self._conclude(run_id, response)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        """A call has failed or was cut off; with it comes what its stream has told so far."""
        self._conclude(run_id, more.get("response"), error)

    def _enter(
        self, run_id: UUID, parent_id: UUID | None, tags: Tags, metadata: Metadata, more: dict[str, Any]
    ) -> Part:
        path = self._path_of(parent_id)
        own = path.within(tags)
        where = metadata or {}
        node = where.get("langgraph_node")
        part = self._parts[run_id] = Part(
            path=own,
            opens=own is not path,
            is_node=node is not None and _is_node(tags),
            name=more.get("name"),
            node=sound_text(node) if isinstance(node, str) else None,
            step=where.get("langgraph_step"),
            namespace=where.get("langgraph_checkpoint_ns"),
        )
        if self._happenings:
            self._happenings.part_began(part)
        return part

    def _path_of(self, run_id: UUID | None) -> CallerPath:
        part = self._parts.get(run_id) if run_id else None
        return part.path if part else LEAD

    def _leave(self, run_id: UUID, output: Any, error: BaseException | None = None) -> Part | None:
        part = self._parts.pop(run_id, None)
        if part and self._happenings:
            self._happenings.part_ended(part, output, error)
        return part

    def _call(self, run_id: UUID, parent_id: UUID | None, tags: Tags, metadata: Metadata, more: dict[str, Any]) -> None:
        part = self._enter(run_id, parent_id, tags, metadata, more)
        model, provider = read_start(metadata or {}, more.get("invocation_params") or {})
        self._calls[run_id] = OpenCall(part, model, provider, self._clock.now())

    def _conclude(self, run_id: UUID, response: LLMResult | None, error: BaseException | None = None) -> None:
        if (call := self._calls.pop(run_id, None)) is None:
            return
        came_to = read_result(response)
        entry = self._ledger.entry(self._run, str(run_id), call, came_to)
        self._log.spend(entry)
        if self._happenings and error:
            self._happenings.model_failed(call.part, error, entry)
        elif self._happenings:
            self._happenings.model_answered(call.part, came_to.message, entry)
        self._leave(run_id, came_to.message, error)


def _is_node(tags: Tags) -> bool:
    return any(tag.startswith("graph:step:") for tag in tags or ())
