"""A pool of threads that does not hold up the end of the process."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

_PREFIX = "graph"


class GraphThreads(ThreadPoolExecutor):
    """Runs nodes, tools and factories that are not async. At shutdown nobody waits for those that do not end."""

    def __init__(self, most: int) -> None:
        super().__init__(most, _PREFIX)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - the base's signature
        """Take no more work and tell idle threads to end; asyncio would wait for the busy ones, too."""
        super().shutdown(wait=False, cancel_futures=True)


def busy_graph_threads(within_seconds: float) -> list[str]:
    """The names of graph threads that are still at work this long after the shutdown of their pool."""
    deadline = time.monotonic() + within_seconds
    threads = [thread for thread in threading.enumerate() if thread.name.startswith(_PREFIX)]
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    return [thread.name for thread in threads if thread.is_alive()]
