"""What the C library keeps of memory that is free."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give pages that hold nothing back to the system, where the C library is one that can: glibc."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
