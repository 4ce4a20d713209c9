"""Where a thread stands, for who looks for the line that holds up all others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runline.runs.standstill import Standing, standing


def wait_long(ends: threading.Event) -> None:
    ends.wait()


def until_in(library: str, ident: int) -> Standing:
    """Where a thread stands as soon as that is in this file."""
    while not (found := standing(ident)).frames[0].startswith(library):
        pass
    return found


def test_the_line_that_the_user_wrote_is_found_behind_those_of_a_library() -> None:
    ends = threading.Event()
    thread = threading.Thread(target=wait_long, args=(ends,))
    thread.start()
    found = until_in(threading.__file__, thread.ident or 0)
    ends.set()
    thread.join()
    line = Path(__file__).read_text().splitlines().index("    ends.wait()") + 1
    assert found.where == f"{__file__}:{line} in wait_long"
    assert found.where in found.frames


def test_where_the_user_wrote_nothing_the_innermost_line_is_told() -> None:
    with ThreadPoolExecutor(1) as pool:
        ident = pool.submit(threading.get_ident).result()
        found = until_in(str(Path(threading.__file__).parent), ident)
    assert found.where == found.frames[0]
