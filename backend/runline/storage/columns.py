"""The types of columns: what values are in Python, and how they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from runline.kit.json import JSONDecodeError, dumps, loads


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Stands for a stored value that is not what its column holds; whoever maps the row refuses it."""

    text: object


class Moment(TypeDecorator[Any]):
    """An aware UTC time, as text of fixed width that sorts as the times do."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Compare it byte by byte; SQLite knows no other way."""
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store UTC."""
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | Undecodable | None:  # noqa: ARG002
        """Read it, or say that it cannot be read."""
        try:
            return None if value is None else datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return Undecodable(value)


class Json(TypeDecorator[Any]):
    """Any JSON value; None is SQL's NULL. Text in SQLite, whose JSON type would turn "7" into a number."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Encode."""
        return None if value is None else dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Decode, or say that it cannot be decoded."""
        try:
            return None if value is None else loads(value)
        except JSONDecodeError:
            return Undecodable(value)


Id = Uuid(as_uuid=False)
