"""Request bodies of the store.

Divergence 30: pages, depths and times to live have limits; officially any number is taken.
"""

from __future__ import annotations

from typing import Annotated, Literal

from langgraph.store.base import NOT_PROVIDED
from pydantic import Field

from runline.doors.bodies import Body, JsonObject
from runline.doors.platform.schemas import Flag, Limit, Offset
from runline.runs.items import ItemQuery, Keeping, NamespaceQuery

_TEN_YEARS_IN_MINUTES = 5_256_000

Minutes = Annotated[float, Field(strict=True, gt=0, le=_TEN_YEARS_IN_MINUTES)]
Paths = Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=100)]


class ItemPutBody(Body):
    """An item to keep. `ttl` in minutes: null keeps it for good, and without it the default of the store holds."""

    namespace: list[str]
    key: str
    value: JsonObject
    index: Literal[False] | Paths | None = None
    ttl: Minutes | None = None

    def keeping(self) -> Keeping:
        """How it is to be kept."""
        return Keeping(self.index, self.ttl if "ttl" in self.model_fields_set else NOT_PROVIDED)


class ItemDeleteBody(Body):
    """An item to delete."""

    namespace: tuple[str, ...] = ()
    key: str


class ItemSearchBody(Body):
    """Which items, and how many."""

    namespace_prefix: list[str] | None = None
    filter: Annotated[JsonObject, Field(max_length=100)] | None = None
    query: Annotated[str, Field(max_length=65_536)] | None = None
    limit: Limit = 10
    offset: Offset = 0
    refresh_ttl: Flag | None = None

    def wanted(self) -> ItemQuery:
        """The query in the core's words."""
        return ItemQuery(self.filter, self.query, self.limit, self.offset, self.refresh_ttl)


class NamespacesBody(Body):
    """Which namespaces, how deep, and how many."""

    prefix: list[str] | None = None
    suffix: list[str] | None = None
    max_depth: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    limit: Limit = 100
    offset: Offset = 0

    def wanted(self) -> NamespaceQuery:
        """The query in the core's words."""
        return NamespaceQuery(
            tuple(self.prefix or ()), tuple(self.suffix or ()), self.max_depth, self.limit, self.offset
        )
