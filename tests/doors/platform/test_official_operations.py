"""Every operation that the official server's openapi.json names exists here.

`official_operations.txt` holds them, one a line, as langgraph-api 0.16.7 tells them without a custom app.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from runline.app import create_app
from runline.config import Settings

OFFICIAL = [line.split() for line in (Path(__file__).parent / "official_operations.txt").read_text().splitlines()]


def nameless(path: str) -> str:
    """The path whatever its parameters are called."""
    return re.sub(r"{[^}]*}", "{}", path)


SERVED = {
    (method, nameless(route.path))
    for route in create_app(Settings()).routes
    if isinstance(route, Route)
    for method in route.methods or ()
}


def test_the_table_is_complete() -> None:
    assert len(OFFICIAL) == len({tuple(operation) for operation in OFFICIAL}) == 64


@pytest.mark.parametrize(("method", "path"), OFFICIAL, ids=lambda text: text)
def test_every_official_operation_exists(method: str, path: str) -> None:
    assert (method, nameless(path)) in SERVED
