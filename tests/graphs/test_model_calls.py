"""What is read from LangChain's results, in the words of different providers, and of odd ones."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation, LLMResult

from runline.graphs.model_calls import ModelCall, read_result, read_start
from runline.model.usage import Tokens


def answer(message: AIMessage | None = None, /, **output: Any) -> ModelCall:
    generations = [[ChatGeneration(message=message or AIMessage("hello"))]]
    return read_result(LLMResult(generations=generations, llm_output=output or None))


def test_langchains_own_counts_are_read() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "input_token_details": {"cache_read": 4, "cache_creation": 2},
        "output_token_details": {"reasoning": 3},
    }
    assert answer(AIMessage("", usage_metadata=usage)).tokens == Tokens(10, 5, 15, 4, 2, 3)


@pytest.mark.parametrize("key", ["token_usage", "usage"])
def test_counts_of_a_provider_stand_in_and_their_total_is_derived(key: str) -> None:
    counts: dict[str, Any] = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    assert answer(**{key: counts}).tokens == Tokens(10, 5, 15, 4, 0, 3)


def test_the_messages_counts_win_over_those_of_the_output() -> None:
    message = AIMessage("", usage_metadata={"input_tokens": 1, "output_tokens": 1, "total_tokens": 2})
    assert answer(message, token_usage={"prompt_tokens": 99}).tokens == Tokens(1, 1, 2)


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        ({"prompt_tokens": -5, "completion_tokens": 2**80}, Tokens(0, 2**53, 2**53)),
        ({"prompt_tokens": "many", "completion_tokens": None, "prompt_tokens_details": [1]}, Tokens()),
        ({"total_tokens": 7}, Tokens(0, 0, 7)),
    ],
)
def test_odd_counts_do_no_harm(counts: dict[str, Any], tokens: Tokens) -> None:
    assert answer(token_usage=counts).tokens == tokens


@pytest.mark.parametrize("result", [None, LLMResult(generations=[]), LLMResult(generations=[[]])])
def test_a_call_that_came_to_nothing_has_told_nothing(result: LLMResult | None) -> None:
    assert read_result(result) == ModelCall(None, None, None, None)


def test_nothing_said_on_tokens_is_not_the_same_as_none_used() -> None:
    assert answer().tokens is None
    assert answer(usage="?", usage_metadata=None).tokens is None


def test_the_model_that_answered_is_named_by_the_answer() -> None:
    metadata = {"model_name": "gpt-4o-2024-08-06", "model_provider": "openai"}
    named = answer(AIMessage("", response_metadata=metadata), model_name="gpt-4o")
    assert (named.model, named.provider) == ("gpt-4o-2024-08-06", "openai")
    assert answer(model_name="gpt-4o").model == "gpt-4o"
    assert answer(AIMessage("", response_metadata={"model": 7, "model_name": ""})).model is None


def test_the_model_that_was_asked_is_named_by_the_call() -> None:
    assert read_start({"ls_model_name": "a", "ls_provider": "p"}, {"model": "b"}) == ("a", "p")
    assert read_start({}, {"model_name": "b\0"}) == ("b", None)
    assert read_start({}, {}) == (None, None)


def test_a_model_that_is_no_chat_model_has_written_a_message() -> None:
    result = LLMResult(generations=[[Generation(text="hello", generation_info={"model_name": "old"})]])
    call = read_result(result)
    assert call.message
    assert (call.message.text, call.model) == ("hello", "old")
