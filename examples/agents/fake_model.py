"""A streaming chat model that needs no provider and no key."""

# The base class fixes the signatures; a script has no use for some of their arguments.
# ruff: noqa: ARG002

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

PROVIDER = "sample"


@dataclass(frozen=True)
class Reply:
    """What the model answers: text, tool calls as (name, arguments), and hidden thinking in tokens."""

    text: str = ""
    tool_calls: Sequence[tuple[str, dict[str, Any]]] = ()
    reasoning_tokens: int = 0


class FakeChatModel(BaseChatModel):
    """Streams the reply that `decide` returns, one word per chunk.

    The pause before each chunk is `token_delay` seconds; the environment variable
    SAMPLE_TOKEN_DELAY overrides it, and 0 means no pause at all.
    """

    decide: Callable[[Sequence[BaseMessage]], Reply]
    model_name: str = "sample-small"
    token_delay: float = 0.02

    @property
    def _llm_type(self) -> str:
        return "sample-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(ls_provider=PROVIDER, ls_model_name=self.model_name, ls_model_type="chat")

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Attach tool definitions; they count as input tokens, `decide` picks which to call."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _delay(self) -> float:
        return float(os.environ.get("SAMPLE_TOKEN_DELAY") or self.token_delay)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = self._chunks(messages, **kwargs)
        if delay := self._delay():
            time.sleep(delay * len(chunks))
        return _joined(chunks)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # The default would hand _generate to a thread, which costs more than the answer itself.
        chunks = self._chunks(messages, **kwargs)
        if delay := self._delay():
            await asyncio.sleep(delay * len(chunks))
        return _joined(chunks)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        delay = self._delay()
        for message in self._chunks(messages, **kwargs):
            if delay:
                time.sleep(delay)
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                run_manager.on_llm_new_token(message.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        delay = self._delay()
        for message in self._chunks(messages, **kwargs):
            if delay:
                await asyncio.sleep(delay)
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                await run_manager.on_llm_new_token(message.text, chunk=chunk)
            yield chunk

    def _chunks(self, messages: Sequence[BaseMessage], **kwargs: Any) -> list[AIMessageChunk]:
        reply = self.decide(messages)
        chunks = [AIMessageChunk(content=word) for word in _pieces(reply.text)]
        output = len(chunks) + reply.reasoning_tokens
        for index, (name, args) in enumerate(reply.tool_calls):
            # ToolNode pairs answers with calls by id, so an id may not repeat within a conversation.
            call_id = f"call_{len(messages)}_{index}"
            parts = _pieces(json.dumps(args))
            output += len(parts) + 1
            head = tool_call_chunk(name=name, args="", id=call_id, index=index)
            tail = [tool_call_chunk(args=part, index=index) for part in parts]
            chunks += [AIMessageChunk(content="", tool_call_chunks=[part]) for part in (head, *tail)]
        chunks.append(
            AIMessageChunk(
                content="",
                usage_metadata=_usage(messages, kwargs.get("tools"), output, reply.reasoning_tokens),
                response_metadata={
                    "model_name": self.model_name,
                    "model_provider": PROVIDER,
                    "finish_reason": "tool_calls" if reply.tool_calls else "stop",
                },
                chunk_position="last",
            )
        )
        return chunks


def human_text(messages: Sequence[BaseMessage]) -> str:
    """The text of the last human message, or an empty string."""
    return next((str(message.text) for message in reversed(messages) if isinstance(message, HumanMessage)), "")


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text)


def _tokens(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return len(message.text.split()) + sum(1 + len(json.dumps(call["args"]).split()) for call in calls)


def _usage(messages: Sequence[BaseMessage], tools: Any, output: int, reasoning: int) -> UsageMetadata:
    counts = [_tokens(message) for message in messages]
    fixed = len(json.dumps(tools).split()) if tools else 0
    # A provider caches the prefix it has already answered: everything up to the last AI message.
    seen = max((place + 1 for place, message in enumerate(messages) if message.type == "ai"), default=0)
    total_input = fixed + sum(counts)
    return UsageMetadata(
        input_tokens=total_input,
        output_tokens=output,
        total_tokens=total_input + output,
        input_token_details={"cache_read": fixed + sum(counts[:seen]) if seen else 0},
        output_token_details={"reasoning": reasoning},
    )


def _joined(chunks: Sequence[AIMessageChunk]) -> ChatResult:
    whole = chunks[0] if len(chunks) == 1 else chunks[0].__add__(list(chunks[1:]))
    calls = [ToolCall(name=c["name"], args=c["args"], id=c["id"], type="tool_call") for c in whole.tool_calls]
    message = AIMessage(
        content=whole.content,
        tool_calls=calls,
        usage_metadata=whole.usage_metadata,
        response_metadata=whole.response_metadata,
    )
    return ChatResult(generations=[ChatGeneration(message=message)])
