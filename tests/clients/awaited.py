"""What the SDKs can do and the gateway cannot yet. This list is to become empty: what works is taken off it.

`method` or `method(what is asked of it)`, as the exercises are called, by SDK.
"""

from __future__ import annotations

AWAITED_PYTHON = frozenset(
    {
        "threads.create(ttl)",
        "threads.create(supersteps)",
        "threads.update(ttl)",
        "threads.search(extract)",
        "threads.prune",
        "threads.stream",
        "runs.create(webhook)",
    }
)
