"""The areas of the platform API, as `http.disable_<area>` in langgraph.json names them."""

from __future__ import annotations

_META = frozenset({"", "info", "metrics"})
_A2A = frozenset({"a2a", ".well-known"})


def area_of(path: str) -> str:
    """The area of a route. Observed: the runs of threads are of `runs`; /ok belongs to none and is always served."""
    parts = path.strip("/").split("/")
    if parts[-1] == "webhooks":
        # the log of deliveries; runs are told of all the same, as officially
        return "webhooks"
    if "runs" in parts:
        return "runs"
    if parts[0] in _META:
        return "meta"
    return "a2a" if parts[0] in _A2A else parts[0]
