"""The signature of a call, in the form of Standard Webhooks: who has the secret knows that it came from here.

Divergence 53: official calls are neither named nor signed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from runline.errors import ConfigError

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Signer:
    """Names a call, dates it and, with a key, signs it."""

    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, secret: str | None) -> Signer:
        """A secret is any text, or `whsec_` and a key in base64. Raises ConfigError."""
        if not secret:
            return cls()
        if not secret.startswith(_PREFIX):
            return cls(secret.encode())
        try:
            return cls(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
        except binascii.Error:
            raise ConfigError("webhooks.secret begins with 'whsec_' but goes on with what is not base64.") from None

    def headers(self, delivery_id: str, now: datetime, body: bytes) -> dict[str, str]:
        """The headers that receivers check; the signature is over `<id>.<timestamp>.<body>`."""
        timestamp = str(int(now.timestamp()))
        named = {"Webhook-Id": delivery_id, "Webhook-Timestamp": timestamp}
        if self.key is None:
            return named
        digest = hmac.digest(self.key, b".".join((delivery_id.encode(), timestamp.encode(), body)), sha256)
        return {**named, "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}"}
