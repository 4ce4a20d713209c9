"""The gateway of the clients' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import Gateway, serving

PROJECT = Path(__file__).parents[1] / "graphs_under_test" / "called_back.json"


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One whose webhooks may reach receivers on this machine."""
    with serving(tmp_path_factory.mktemp("called-back") / "data", {}, PROJECT) as own:
        yield own
