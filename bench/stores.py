"""What a server that is measured keeps its data in beside itself, or several that share it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.meter import Tree
from bench.names import POSTGRES, REDIS


@dataclass(frozen=True)
class Store:
    """A server that keeps things: where it is, and its processes."""

    uri: str
    tree: Tree


@dataclass(frozen=True)
class Stores:
    """A PostgreSQL and a Redis."""

    postgres: Store
    redis: Store

    def trees(self) -> dict[str, Tree]:
        """Their processes by name."""
        return {POSTGRES: self.postgres.tree, REDIS: self.redis.tree}
