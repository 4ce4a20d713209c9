"""The tables' revisions: which one a database is at, and its way to the newest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from runline.storage.tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = """
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
"""


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest revision, inside the caller's transaction."""
    if current_revision(connection) == newest_revision():
        return
    # alembic takes 10 MB and a fifth of a start, and most starts have nothing to migrate
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    command.upgrade(config, "head")


def make(connection: Connection) -> None:
    """Make the tables in a database that has none, as the migrations would, inside the caller's transaction.

    For SQLite: in PostgreSQL there are functions beside them, which a migration makes.
    """
    metadata.create_all(connection)
    connection.exec_driver_sql(_VERSION_TABLE)
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (newest_revision(),))


def newest_revision() -> str:
    """The revision that this version of Runline works with."""
    return max(file.stem.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None if it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return found
