"""What the SDKs can do and the gateway cannot yet: awaited.json, which both languages read.

The lists are to become empty; what works is an error until it is taken off. An entry is a `method`, or
`method(what is asked of it)`, as the exercises are called.
"""

from __future__ import annotations

import json
from pathlib import Path

AWAITED_PYTHON = frozenset(json.loads(Path(__file__).with_name("awaited.json").read_text())["python"])
