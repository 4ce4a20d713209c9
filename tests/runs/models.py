"""Models that report what they used, and a graph that calls one in the way its input names.

Imported by the gateway as `runs.models`, so tests and graph share one module, and with it REPORTED.
"""

# The base classes fix the signatures; not all of their arguments are of use here.
# ruff: noqa: ARG002

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, BaseCallbackHandler, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.llms import BaseLLM
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, Generation, LLMResult
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt

from runs.agents import come_to_gate

REPORTED: list[UsageMetadata] = []
"""What all models said they used, in order."""


def used(tokens_in: int = 7, tokens_out: int = 3) -> UsageMetadata:
    usage = UsageMetadata(
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        total_tokens=tokens_in + tokens_out,
        input_token_details={"cache_read": 2, "cache_creation": 1},
        output_token_details={"reasoning": 1},
    )
    REPORTED.append(usage)
    return usage


class Reporter(BaseChatModel):
    """Says hello. `manner`: `fail`, or `wait` at the gate in the midst of its stream."""

    manner: str = ""
    model_name: str = "reporter-1"
    says: str = "hello"
    in_llm_output: bool = False

    @property
    def _llm_type(self) -> str:
        return "reporter"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.manner == "fail":
            raise ValueError("overloaded")
        usage = used()
        if self.in_llm_output:
            counts = {
                "prompt_tokens": usage["input_tokens"],
                "completion_tokens": usage["output_tokens"],
                "prompt_tokens_details": {"cached_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 1},
            }
            output = {"token_usage": counts, "model_name": self.model_name}
            return ChatResult(generations=[ChatGeneration(message=AIMessage("hello"))], llm_output=output)
        metadata = {"model_name": self.model_name, "model_provider": "test"}
        message = AIMessage(self.says, usage_metadata=usage, response_metadata=metadata)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        yield _chunk("hel", usage_metadata=used(7, 1), response_metadata={"model_name": self.model_name})
        if self.manner == "wait":
            await come_to_gate("model", "wait")
        if self.manner == "fail":
            raise ValueError("overloaded")
        yield _chunk("lo", usage_metadata=used(0, 2), chunk_position="last")


class Completer(BaseLLM):
    """A model that is no chat model."""

    @property
    def _llm_type(self) -> str:
        return "completer"

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        usage = used()
        counts = {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}
        return LLMResult(generations=[[Generation(text="hello")]], llm_output={"token_usage": counts})


def _chunk(text: str, **fields: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, **fields))


model = Reporter()
SAID = "say hello"

Way = Callable[[RunnableConfig], Awaitable[object]]


@tool
async def ask_model(question: str) -> str:
    """A tool that calls a model."""
    return (await model.ainvoke(question)).text


@tool
async def break_down(question: str) -> str:
    """A tool that fails."""
    raise ValueError(question)


async def _stream(which: Reporter = model) -> str:
    return "".join([chunk.text async for chunk in which.astream(SAID)])


async def _through_subgraph(_config: RunnableConfig) -> object:
    return await inner.ainvoke({"messages": [HumanMessage(SAID)]}, {"tags": ["subagent:scout"]})


async def _deep(config: RunnableConfig) -> object:
    """Middleware within a subagent, whose tags LangChain hands down."""

    async def call(_: Any, config: RunnableConfig) -> object:
        return await model.ainvoke(SAID, {**config, "tags": [*config.get("tags", ()), "middleware:guard"]})

    chain: Runnable[Any, Any] = RunnableLambda(call)
    return await chain.ainvoke(SAID, {**config, "tags": ["subagent:scout"]})


async def _lead_within(_config: RunnableConfig) -> object:
    chain: Runnable[Any, Any] = RunnableLambda(model.with_config(tags=["lead_agent"]).ainvoke)
    return await chain.ainvoke(SAID, {"tags": ["middleware:guard"]})


async def _in_threads(config: RunnableConfig) -> object:
    def call() -> None:
        for _ in range(5):
            model.invoke(SAID, config)

    return await asyncio.gather(*(asyncio.to_thread(call) for _ in range(8)))


async def _side_by_side(_config: RunnableConfig) -> object:
    return await asyncio.gather(*(model.ainvoke(SAID) for _ in range(5)))


WAYS: dict[str, Way] = {
    "at once": lambda _: model.ainvoke(SAID),
    "streamed": lambda _: _stream(),
    "in a thread": lambda config: asyncio.to_thread(model.invoke, SAID, config),
    "many in threads": _in_threads,
    "side by side": _side_by_side,
    "by a tool": lambda config: ask_model.ainvoke({"question": SAID}, config),
    "in a subagent": _through_subgraph,
    "in middleware of a subagent": _deep,
    "by the lead within middleware": _lead_within,
    "by its own tag": lambda _: Reporter(tags=["middleware:own"]).ainvoke(SAID),
    "told in the output": lambda _: Reporter(in_llm_output=True).ainvoke(SAID),
    "long": lambda _: Reporter(says="long " * 1000).ainvoke(SAID),
    "as completion": lambda _: Completer().ainvoke(SAID),
    "failing": lambda _: Reporter(manner="fail", model_name="m").ainvoke(SAID),
    "failing half-way": lambda _: _stream(Reporter(manner="fail")),
    "waiting half-way": lambda _: _stream(Reporter(manner="wait")),
}


async def act(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
    """Call a model in the way that the last message names."""
    answered = await WAYS[state["messages"][-1].text](config)
    return {"messages": [answered]} if isinstance(answered, AIMessage) else {}


async def answer(state: MessagesState) -> dict[str, Any]:
    return {"messages": [await model.ainvoke(state["messages"])]}


inner = StateGraph(MessagesState).add_node("answer", answer).add_edge(START, "answer").compile(name="inner")
graph = StateGraph(MessagesState).add_node("act", act).add_edge(START, "act").compile(name="ways")


SEEN: list[str] = []


class Listener(BaseCallbackHandler):
    """A callback of the graph's own."""

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        SEEN.append("reporter")


calling_back = graph.with_config(callbacks=[Listener()])


def use_tools(state: MessagesState) -> dict[str, Any]:
    """Call every tool that the last message names."""
    names = state["messages"][-1].text.split()
    calls = [
        {"name": name, "args": {"question": "why"}, "id": f"call {place}", "type": "tool_call"}
        for place, name in enumerate(names)
    ]
    return {"messages": [AIMessage("", tool_calls=calls)]}


def ask(state: MessagesState) -> dict[str, Any]:
    return {"messages": [AIMessage(str(interrupt("go on?")))]}


tools = (
    StateGraph(MessagesState)
    .add_node("use", use_tools)
    .add_node("tools", ToolNode([ask_model, break_down], handle_tool_errors=True))
    .add_node("ask", ask)
    .add_edge(START, "use")
    .add_edge("use", "tools")
    .add_edge("tools", "ask")
    .compile(name="tools")
)
