"""An agent whose tokens are due at set times, so that a reader can tell how late each one came.

It is told "<start> <step> <count>": token k, whose text is its number and a space, is due at `start + k * step` on the
machine's monotonic clock, in seconds. A run that starts late catches up without pausing.
"""

# The base class fixes the signature.
# ruff: noqa: ARG002

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langgraph.graph import START, MessagesState, StateGraph

from fake_model import FakeChatModel, Reply, human_text


class PacedModel(FakeChatModel):
    """Streams numbers, each not before it is due."""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        start, step, count = human_text(messages).split()
        for number in range(int(count)):
            if (early := float(start) + number * float(step) - time.monotonic()) > 0:
                await asyncio.sleep(early)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"{number} "))
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


model = PacedModel(decide=lambda _messages: Reply())


async def count_up(state: MessagesState) -> MessagesState:
    """Ask the model for the numbers."""
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = StateGraph(MessagesState).add_node("count_up", count_up).add_edge(START, "count_up").compile(name="paced")
