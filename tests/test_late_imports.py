"""What is rarely needed is not imported before: a gateway on files, without a run, has none of it in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples" / "agents" / "langgraph.json"
LATE = {
    "alembic",  # a database of an earlier version
    "psycopg",  # a database in PostgreSQL
    "redis",  # an address of Redis
    "sqlalchemy.dialects.postgresql",
}
PROGRAM = """
import asyncio, json, sys
from pathlib import Path

import runline.cli.gateway
from runline.app import create_app
from runline.cli.options import Flags

async def serve(settings, project):
    app = create_app(settings, project)
    async with app.router.lifespan_context(app):
        print(json.dumps(sorted(set(sys.argv[3].split()) & sys.modules.keys())))

asyncio.run(serve(*Flags(graphs=Path(sys.argv[1]), data_dir=Path(sys.argv[2])).load()))
"""


def imported(data_dir: Path, *names: str) -> str:
    program = [sys.executable, "-c", PROGRAM, str(EXAMPLES), str(data_dir), " ".join(names)]
    return subprocess.run(program, capture_output=True, check=True, text=True).stdout.strip()


@pytest.mark.parametrize("starts", [1, 2])
def test_a_gateway_at_rest_has_imported_nothing_that_it_does_not_need(starts: int, tmp_path: Path) -> None:
    for _ in range(starts):
        found = imported(tmp_path, *LATE, "sqlalchemy.dialects.sqlite")
    assert found == '["sqlalchemy.dialects.sqlite"]'
