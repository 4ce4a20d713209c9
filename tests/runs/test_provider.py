"""A real ChatOpenAI against a provider on this machine: its tokens are counted and priced."""

from __future__ import annotations

from pathlib import Path

import pytest

from runline.model.run import Run
from runline.model.usage import COST_UNIT
from runs.house import House, open_house
from runs.provider import MODEL, providing
from storage.ledgers import types_of, usage_of

GRAPHS = {"provider": "runs.provider:graph"}


async def ask(house: House, port: int, text: str, mode: str = "values") -> Run:
    run = await house.create(
        await house.thread(),
        graph="provider",
        input={"messages": [{"role": "user", "content": text}]},
        config={"configurable": {"port": port}},
        stream_mode=(mode,),
    )
    await house.end(run)
    return run


@pytest.mark.parametrize("mode", ["values", "messages-tuple"])
async def test_tokens_of_every_kind_are_counted_and_priced(tmp_path: Path, mode: str) -> None:
    async with open_house(tmp_path, GRAPHS) as house, providing() as port:
        run = await ask(house, port, "hello", mode)
        [row] = await usage_of(house.core.threads._database, run)
        assert "ai_message" in await types_of(house.core.threads._database, run)
    assert (row.model, row.provider) == (MODEL, "openai")
    assert (row.input_tokens, row.output_tokens, row.total_tokens) == (1000, 50, 1050)
    assert (row.cache_read_tokens, row.reasoning_tokens) == (400, 20)
    # 600 tokens at 2.50 dollars a million, 400 at 1.25, 50 at 10
    assert (row.cost, row.currency) == (2500 * COST_UNIT // 10**6, "USD")


async def test_a_refused_call_is_counted_as_one(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS) as house, providing() as port:
        run = await ask(house, port, "fail")
        [row] = await usage_of(house.core.threads._database, run)
        types = await types_of(house.core.threads._database, run)
    assert (row.model, row.provider, row.total_tokens, row.cost) == ("gpt-4o", "openai", 0, None)
    assert types[-3:] == ["llm.error", "node.end", "run.error"]
