"""Where the stores of these tests are, of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphs.memory import HandClock, Shelf, open_memory
from kit.emptied import Emptied, emptied
from kit.postgres import Server


@pytest.fixture(scope="session")
def item_database(postgres: Server) -> Iterator[Emptied]:
    """The database in PostgreSQL whose items tests have one after the other."""
    with emptied(postgres, lambda conninfo: open_memory(conninfo, HandClock())) as shared:
        yield shared


@pytest.fixture(params=["sqlite", "postgres"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """What `open_memory` opens."""
    if request.param == "sqlite":
        yield tmp_path / "store.db"
    else:
        with request.getfixturevalue("item_database").lent() as conninfo:
            yield conninfo
