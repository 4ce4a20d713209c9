"""Items as callers name them: checked against the rules and the limits, then kept in the store that graphs share.

The items of all viewers stand in one store, as on the official server, where authorisation handlers tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.store.base import NOT_PROVIDED, Item, NotProvided, SearchItem

from runline.errors import BadRequest
from runline.graphs.store import RunlineStore
from runline.model.item import ItemLimits


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a namespace: those that `filter` takes, the nearest to `query` first if there is an index."""

    filter: dict[str, Any] | None = None
    query: str | None = None
    limit: int = 10
    offset: int = 0
    refresh_ttl: bool | None = None


@dataclass(frozen=True, slots=True)
class NamespaceQuery:
    """Which namespaces: "*" stands for any one label; those deeper than `max_depth` are cut off there."""

    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    max_depth: int | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Keeping:
    """How an item is kept: the fields to search by meaning (False: none), and for how many minutes (None: for good)."""

    index: Literal[False] | list[str] | None = None
    ttl_minutes: float | NotProvided | None = NOT_PROVIDED


@dataclass(frozen=True, slots=True)
class Items:
    """Reads and writes items. Every call raises Invalid for a name that no item can have, Unavailable."""

    store: RunlineStore
    limits: ItemLimits

    async def put(self, namespace: Sequence[str], key: str, value: dict[str, Any], keeping: Keeping) -> None:
        """Keep an item in place of the one with this name. Raises BadRequest for a namespace that takes none."""
        self.limits.check_item(namespace, key, value)
        await self.store.aput(tuple(namespace), key, value, keeping.index, ttl=keeping.ttl_minutes)

    async def get(self, namespace: Sequence[str], key: str, *, refresh_ttl: bool | None = None) -> Item | None:
        """The item, or None. Raises BadRequest without a key."""
        if not key:
            raise BadRequest("Key is required")
        self.limits.check_name(namespace, key)
        return await self.store.aget(tuple(namespace), key, refresh_ttl=refresh_ttl)

    async def delete(self, namespace: Sequence[str], key: str) -> None:
        """Delete the item, if there is one."""
        self.limits.check_name(namespace, key)
        await self.store.adelete(tuple(namespace), key)

    async def search(self, prefix: Sequence[str], query: ItemQuery) -> list[SearchItem]:
        """The items in and below a namespace. Raises BadRequest or Invalid for an odd filter."""
        self.limits.check_name(prefix)
        return await self.store.asearch(
            tuple(prefix),
            query=query.query,
            filter=query.filter,
            limit=query.limit,
            offset=query.offset,
            refresh_ttl=query.refresh_ttl,
        )

    async def namespaces(self, query: NamespaceQuery) -> list[tuple[str, ...]]:
        """The namespaces that hold items, sorted."""
        self.limits.check_name((*query.prefix, *query.suffix))
        return await self.store.alist_namespaces(
            prefix=query.prefix,
            suffix=query.suffix,
            max_depth=query.max_depth,
            limit=query.limit,
            offset=query.offset,
        )
