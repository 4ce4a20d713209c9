"""What LangChain tells of a finished call of a model: its message, its tokens, the model's name.

Providers differ in where they say it; nothing here is trusted to be there, or to be of its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, BaseMessageChunk, message_chunk_to_message
from langchain_core.outputs import ChatGeneration, LLMResult

from runline.kit.text import sound_text
from runline.model.usage import Tokens

_MOST_TOKENS = 2**53

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What a call came to. `tokens` is None if nobody told any; `message` if it was cut off before its first part."""

    message: BaseMessage | None
    tokens: Tokens | None
    model: str | None
    provider: str | None


def read_result(result: LLMResult | None) -> ModelCall:
    """Read the result of a call, or the part of one that failed."""
    messages = list(_messages(result)) if result else []
    output = (result.llm_output or {}) if result else {}
    metadata = [message.response_metadata for message in messages]
    counts = [usage for message in messages if (usage := getattr(message, "usage_metadata", None))]
    counts += [output[key] for key in ("token_usage", "usage", "usage_metadata") if isinstance(output.get(key), dict)]
    return ModelCall(
        message=messages[0] if messages else None,
        tokens=_tokens(counts[0]) if counts else None,
        model=_first([*metadata, output], "model_name", "model", "model_id"),
        provider=_first([*metadata, output], "model_provider"),
    )


def read_start(metadata: Fields, params: Fields) -> tuple[str | None, str | None]:
    """The names of the model that is called and of its provider, as far as the call tells them."""
    model = _first([metadata], "ls_model_name") or _first([params], "model", "model_name", "model_id")
    return model, _first([metadata], "ls_provider")


def whole(message: BaseMessage) -> BaseMessage:
    """The message that the parts of a stream make."""
    return message_chunk_to_message(message) if isinstance(message, BaseMessageChunk) else message


def _messages(result: LLMResult) -> Iterator[BaseMessage]:
    """Messages of a chat model; what another kind of model has written, as a message."""
    for generation in (generation for several in result.generations for generation in several):
        if isinstance(generation, ChatGeneration):
            yield generation.message
        else:
            info = generation.generation_info or {}
            yield AIMessage(generation.text, response_metadata=info)


def _tokens(counts: Fields) -> Tokens:
    """LangChain's names, else those of the providers."""
    given = _count(counts, "input_tokens", "prompt_tokens")
    made = _count(counts, "output_tokens", "completion_tokens")
    of_input = _details(counts, "input_token_details", "prompt_tokens_details")
    of_output = _details(counts, "output_token_details", "completion_tokens_details")
    return Tokens(
        input_tokens=given,
        output_tokens=made,
        total_tokens=_count(counts, "total_tokens") or given + made,
        cache_read_tokens=_count(of_input, "cache_read", "cached_tokens"),
        cache_creation_tokens=_count(of_input, "cache_creation"),
        reasoning_tokens=_count(of_output, "reasoning", "reasoning_tokens"),
    )


def _count(counts: Fields, *names: str) -> int:
    for name in names:
        if isinstance(count := counts.get(name), int):
            return min(max(count, 0), _MOST_TOKENS)
    return 0


def _details(counts: Fields, *names: str) -> Fields:
    return next((found for name in names if isinstance(found := counts.get(name), dict)), {})


def _first(places: list[Any], *names: str) -> str | None:
    """The first text under one of these names."""
    found = (place.get(name) for place in places if isinstance(place, dict) for name in names)
    return next((sound_text(text) for text in found if isinstance(text, str) and text), None)
