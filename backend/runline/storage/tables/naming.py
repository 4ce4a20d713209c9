"""What all tables are part of, and how their indexes and keys are named."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Index, MetaData, TextClause, event

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_WHERE = "where"


def partial_index(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    """An index of the rows alone that meet a condition."""
    return Index(name, *columns, unique=unique, sqlite_where=where, info={_WHERE: where})


@event.listens_for(metadata, "before_create")
def _give_conditions(made: MetaData, connection: Connection, **_options: Any) -> None:
    """Each dialect has a name of its own for a condition. To say PostgreSQL's imports it, which takes 2 MB."""
    if connection.dialect.name == "postgresql":
        for index in (index for table in made.tables.values() for index in table.indexes if _WHERE in index.info):
            index.dialect_kwargs["postgresql_where"] = index.info[_WHERE]
