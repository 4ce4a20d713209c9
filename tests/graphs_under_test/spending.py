"""An agent that calls models as its run asks, each of which tells what it used."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from graphs_under_test.knobs import Knobs, fail_if_asked, pass_gate


class Metered(BaseChatModel):
    """A model that answers `Done` and says that it used so many tokens."""

    name_of_model: str
    used: UsageMetadata

    @property
    def _llm_type(self) -> str:
        return "metered"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        names = {"model_name": self.name_of_model}
        message = AIMessage("Done", usage_metadata=self.used, response_metadata=names)
        return ChatResult(generations=[ChatGeneration(message=message)])


class Asked(TypedDict, total=False):
    """A call to make: of this model, by a caller with this tag, using so many tokens."""

    model: str
    tag: str
    input: int
    output: int
    cached: int


class Spending(MessagesState, total=False):
    """The messages, and the calls that a run asks for."""

    calls: list[Asked]


async def call(state: Spending, runtime: Runtime[Knobs]) -> dict[str, Any]:
    """Make the calls, then wait at the gate, if the run has one."""
    answers = [await _answer(state, asked) for asked in state.get("calls", [])]
    await pass_gate(runtime)
    fail_if_asked(runtime)
    return {"messages": answers}


async def _answer(state: Spending, asked: Asked) -> BaseMessage:
    given, made = asked.get("input", 0), asked.get("output", 0)
    used = UsageMetadata(
        input_tokens=given,
        output_tokens=made,
        total_tokens=given + made,
        input_token_details={"cache_read": asked.get("cached", 0)},
    )
    model = Metered(name_of_model=asked.get("model", "small"), used=used)
    return await model.ainvoke(state["messages"], {"tags": [asked.get("tag", "lead_agent")]})


spends = StateGraph(Spending, context_schema=Knobs).add_node(call).add_edge(START, "call").compile()
