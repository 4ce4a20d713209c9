"""Which entries of a log are wanted, and how pages of it are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogPage:
    """At most `limit` entries: the first behind `after`, else the last before `before`, else the newest.

    With both, the first behind `after` that are before `before`.
    """

    limit: int
    after: int | None = None
    before: int | None = None

    @property
    def forward(self) -> bool:
        """Whether it is read from its older end."""
        return self.after is not None


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A page's entries, oldest first, and whether there are more of them where it was cut."""

    entries: Sequence[T]
    has_more: bool

    @classmethod
    def of(cls, page: LogPage, found: Sequence[T]) -> Slice[T]:
        """Cut what was found, in the order in which the page is read, up to one more than it holds."""
        kept = found[: page.limit]
        return cls(kept if page.forward else kept[::-1], len(found) > page.limit)
