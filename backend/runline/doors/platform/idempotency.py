"""The `Idempotency-Key` header of run creation.

Divergence 8: the same key with the same request returns the first run again instead of making a second one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request

from runline.errors import Invalid
from runline.model.idempotency import IdempotencyKey

_LONGEST = 255


async def key_in_header(
    request: Request, idempotency_key: Annotated[str | None, Header()] = None
) -> IdempotencyKey | None:
    """The key with the digest of path and body; None without the header. Raises Invalid."""
    if idempotency_key is None:
        return None
    if not idempotency_key.isprintable() or not 0 < len(idempotency_key) <= _LONGEST:
        raise Invalid(f"An Idempotency-Key must have 1 to {_LONGEST} printable characters")
    path = request.url.path.removeprefix(request.scope.get("root_path", "")).removeprefix("/api")
    digest = sha256(path.encode() + b"\n" + await request.body())
    return IdempotencyKey(idempotency_key, digest.hexdigest())


KeyDep = Annotated[IdempotencyKey | None, Depends(key_in_header)]
