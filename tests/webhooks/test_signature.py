"""Signatures: what a receiver computes with the same secret, by the rules of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from runline.errors import ConfigError
from runline.webhooks.signature import Signer

KEY = bytes(range(24))
NOW = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("secret", "key"),
    [("whsec_" + base64.b64encode(KEY).decode(), KEY), ("any text", b"any text")],
    ids=["standard", "text"],
)
def test_a_call_is_signed_over_its_id_its_time_and_its_body(secret: str, key: bytes) -> None:
    headers = Signer.of(secret).headers("the-id", NOW, b'{"a": 1}')

    expected = hmac.new(key, b'the-id.1767268800.{"a": 1}', hashlib.sha256).digest()
    assert headers == {
        "Webhook-Id": "the-id",
        "Webhook-Timestamp": "1767268800",
        "Webhook-Signature": "v1," + base64.b64encode(expected).decode(),
    }


def test_without_a_secret_a_call_is_named_and_dated_only() -> None:
    assert list(Signer.of(None).headers("the-id", NOW, b"")) == ["Webhook-Id", "Webhook-Timestamp"]


def test_a_key_that_is_not_base64_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        Signer.of("whsec_hunter2!")
    assert "hunter2" not in str(caught.value)


def test_a_signer_does_not_show_its_key() -> None:
    assert "hunter2" not in repr(Signer.of("hunter2"))
