"""Where a thread stands at this moment, told so that whoever wrote the code finds the line."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from typing import NamedTuple

import runline

_INNERMOST = 5
_INSTALLED = (os.path.dirname(os.__file__), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
_NOT_THE_USERS = ("<", *(f"{folder}{os.sep}" for folder in (*_INSTALLED, *runline.__path__)))
"""What the names of files begin with that are Python's, of libraries, or the gateway's own."""


class Standing(NamedTuple):
    """Places as "file:line in function": the user's innermost one, or else the innermost; and the innermost few."""

    where: str
    frames: list[str]


def standing(thread: int) -> Standing:
    """Where the thread of this `ident` stands."""
    walked = [(frame.f_code, line) for frame, line in traceback.walk_stack(sys._current_frames()[thread])]
    places = [f"{code.co_filename}:{line} in {code.co_name}" for code, line in walked]
    users = (n for n, (code, _) in enumerate(walked) if not code.co_filename.startswith(_NOT_THE_USERS))
    return Standing(places[next(users, 0)], places[:_INNERMOST])
