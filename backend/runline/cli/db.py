"""`runline db`: the revision of the database's tables, and its way to the newest.

`runline serve` upgrades by itself; these are for who wants to do it before, or only look.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from runline.cli.options import ConfigFlag, DataDirFlag, Flags, GraphsFlag
from runline.errors import ConfigError

if TYPE_CHECKING:
    from runline.config import Settings


def upgrade(config: ConfigFlag = None, graphs: GraphsFlag = None, data_dir: DataDirFlag = None) -> None:
    """Bring the tables to the newest revision; no gateway may be using them."""
    settings = _settings(config, graphs, data_dir)
    asyncio.run(_upgrade(settings))
    _print_revision(settings)


def current(config: ConfigFlag = None, graphs: GraphsFlag = None, data_dir: DataDirFlag = None) -> None:
    """Print the revision of the tables."""
    _print_revision(_settings(config, graphs, data_dir))


def check(config: ConfigFlag = None, graphs: GraphsFlag = None, data_dir: DataDirFlag = None) -> None:
    """Exit code 1 if the tables are not at the revision that this version works with."""
    settings = _settings(config, graphs, data_dir)
    if not _print_revision(settings):
        raise ConfigError("The tables are not at the newest revision: `runline db upgrade` brings them there.")


def _settings(config: ConfigFlag, graphs: GraphsFlag, data_dir: DataDirFlag) -> Settings:
    """Those of the gateway; without a langgraph.json, those that do not need one."""
    flags = Flags(config=config, graphs=graphs, data_dir=data_dir)
    try:
        return flags.load()[0]
    except ConfigError:
        if graphs:
            raise
        return flags.load_settings()


def _print_revision(settings: Settings) -> bool:
    """Print where the tables are; whether that is the newest."""
    from runline.databases import find_revision, where_kept
    from runline.storage.migrating import newest_revision

    found, newest = find_revision(settings), newest_revision()
    said = f"revision {found}" if found else "no tables yet"
    typer.echo(f"{where_kept(settings)}: {said}{'' if found == newest else f'; the newest is {newest}'}")
    return found == newest


async def _upgrade(settings: Settings) -> None:
    from runline.databases import open_databases
    from runline.graphs.store_spec import StoreSpec

    async with open_databases(settings, StoreSpec(), None):
        pass
