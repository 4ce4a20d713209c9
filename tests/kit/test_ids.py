"""Identifiers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import UUID

import pytest

from runline.kit.ids import new_id, parse_id

CANONICAL = "01890a5d-ac96-774b-bcce-b302099a8057"


def test_new_ids_are_canonical_and_of_version_7() -> None:
    made = new_id()
    assert str(UUID(made)) == made
    assert UUID(made).version == 7


def test_new_ids_grow_strictly_however_fast_they_are_made() -> None:
    ids = [new_id() for _ in range(50_000)]
    assert all(first < second for first, second in pairwise(ids))


def test_new_ids_of_several_threads_are_all_different() -> None:
    with ThreadPoolExecutor(4) as threads:
        batches = list(threads.map(lambda _: [new_id() for _ in range(5_000)], range(4)))
    assert len({made for batch in batches for made in batch}) == 20_000
    assert all(batch == sorted(batch) for batch in batches)


@pytest.mark.parametrize("text", [CANONICAL, CANONICAL.upper(), CANONICAL.replace("-", "")])
def test_an_id_is_read_in_any_letter_case(text: str) -> None:
    assert parse_id(text) == CANONICAL


@pytest.mark.parametrize(
    "text", ["", "agent", CANONICAL[:-1], CANONICAL + "0", "g" + CANONICAL[1:], "\x00", "\u0661" * 32]
)
def test_what_is_no_id_is_told_apart(text: str) -> None:
    assert parse_id(text) is None
