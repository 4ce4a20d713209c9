"""A migrated, empty database to copy: much quicker than migrating anew for every test."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runline.storage.sqlite import SqliteOptions, open_sqlite


def make_template(folder: Path) -> Path:
    """Migrate once; call it outside of any event loop."""
    file = folder / "template.db"

    async def migrate() -> None:
        async with open_sqlite(SqliteOptions(file)):
            pass

    asyncio.run(migrate())
    return file
