"""The pair that the tests of a file share: it would be counted where connections are, if it outlived them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from balanced.pair import Pair, pair
from kit.postgres import Server


@pytest.fixture(scope="module")
def ground(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two nodes behind a balancer; a test that lets one die sees to it that it lives again."""
    with pair(tmp_path_factory.mktemp("pair"), postgres, redis_uri) as made:
        yield made
