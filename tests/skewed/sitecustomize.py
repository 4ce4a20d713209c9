"""Found by a Python whose PYTHONPATH names this folder: its clock is wrong by so many seconds (SKEW_SECONDS)."""

from __future__ import annotations

import os
import time

_SKEW = float(os.environ["SKEW_SECONDS"])
_time, _time_ns = time.time, time.time_ns

time.time = lambda: _time() + _SKEW
time.time_ns = lambda: _time_ns() + int(_SKEW * 1e9)
