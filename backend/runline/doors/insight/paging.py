"""Pages of a log, as queries ask for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from runline.model.log_page import LogPage

Limit = Annotated[int, Query(ge=1, le=200)]
EventLimit = Annotated[int, Query(ge=1, le=2000)]
Seq = Annotated[int | None, Query(ge=0, le=2**53)]


async def page_in_query(limit: Limit = 50, before_seq: Seq = None, after_seq: Seq = None) -> LogPage:
    """The first behind `after_seq`, the last before `before_seq`, or the newest."""
    return LogPage(limit, after=after_seq, before=before_seq)


async def older_page_in_query(limit: Limit = 50, before_seq: Seq = None) -> LogPage:
    """The last before `before_seq`, or the newest."""
    return LogPage(limit, before=before_seq)


PageDep = Annotated[LogPage, Depends(page_in_query)]
OlderPageDep = Annotated[LogPage, Depends(older_page_in_query)]
