"""What tokens cost: by the operator's prices, else by those that are known."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runline.model.usage import COST_UNIT, Tokens
from runline.runs.prices import Cost, Price, PriceList

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MILLION = 10**6


def cost(prices: PriceList, model: str, provider: str | None, tokens: Tokens) -> Cost | None:
    return prices.cost(model, provider, tokens, NOW)


@pytest.mark.parametrize("provider", ["openai", None])
def test_a_known_model_has_its_price_without_a_network(provider: str | None) -> None:
    # 2.50 dollars in, 1.25 from the cache, 10 out
    tokens = Tokens(MILLION, MILLION, 2 * MILLION, cache_read_tokens=MILLION // 2)
    assert cost(PriceList({}), "gpt-4o", provider, tokens) == Cost(11_875 * COST_UNIT // 1000, "USD")


@pytest.mark.parametrize(("model", "provider"), [("unknown", None), ("sample-small", "sample"), ("gpt-4o", "ollama")])
def test_what_nobody_knows_is_unpriced(model: str, provider: str | None) -> None:
    assert cost(PriceList({}), model, provider, Tokens(10, 10, 20)) is None


def test_counts_that_contradict_each_other_are_unpriced() -> None:
    assert cost(PriceList({}), "gpt-4o", "openai", Tokens(10, 10, 20, cache_read_tokens=50)) is None


def test_the_operators_price_goes_first() -> None:
    own = Price(Decimal(1), Decimal(2), currency="EUR")
    assert cost(PriceList({"gpt-4o": own}), "gpt-4o", "openai", Tokens(1, 1, 2)) == Cost(3 * MILLION, "EUR")


def test_tokens_of_the_cache_have_prices_of_their_own() -> None:
    tokens = Tokens(100, 0, 100, cache_read_tokens=50, cache_creation_tokens=30)
    plain = Price(Decimal(1), Decimal(0))
    assert cost(PriceList({"m": plain}), "m", None, tokens) == Cost(100 * MILLION, "USD")
    special = Price(Decimal(1), Decimal(0), cache_read=Decimal("0.1"), cache_creation=Decimal("1.25"))
    assert cost(PriceList({"m": special}), "m", None, tokens) == Cost(int(62.5 * MILLION), "USD")


def test_fractions_of_the_smallest_price_are_exact_in_sum() -> None:
    prices = PriceList({"m": Price(Decimal("0.000001"), Decimal(0))})
    assert cost(prices, "m", None, Tokens(3, 0, 3)) == Cost(3, "USD")


def test_a_cost_that_no_column_holds_is_unpriced() -> None:
    prices = PriceList({"m": Price(Decimal(10**12), Decimal(0))})
    assert cost(prices, "m", None, Tokens(2**53, 0, 2**53)) is None
