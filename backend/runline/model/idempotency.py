"""The promise that one request, sent again, makes one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's name for a creation, and a digest of the request, so that another one cannot pass for it."""

    key: str
    fingerprint: str
