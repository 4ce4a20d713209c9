"""`webhooks` of langgraph.json: what it may hold, and the sentence when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runline.errors import ConfigError
from runline.webhooks.rules import WebhookRules, read_rules

FILE = Path("langgraph.json")
ENVIRON = {"LG_WEBHOOK_TOKEN": "secret", "HOOK_KEY": "hunter2", "LG_WEBHOOK_BAD": "a\nb", "DATABASE_URL": "postgres://"}


def rules_of(section: Any) -> WebhookRules:
    return read_rules(FILE, section, ENVIRON)


def complaint(section: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        rules_of(section)
    return str(caught.value)


def test_without_a_section_plain_http_is_allowed_and_loopback_is_not() -> None:
    assert rules_of(None) == WebhookRules(require_https=False, loopback=False)


def test_a_section_asks_for_https_unless_it_says_otherwise() -> None:
    assert rules_of({}).require_https
    assert not rules_of({"url": {"require_https": False}}).require_https


def test_every_key_is_read() -> None:
    url = {
        "require_https": False,
        "allowed_domains": ["*.Example.com", "hooks.test"],
        "allowed_ports": [443, 8443],
        "max_url_length": 100,
        "disable_loopback": False,
    }
    headers = {"Authorization": "Bearer ${{ env.HOOK_KEY }}", "X-Static": "yes"}
    assert rules_of({"env_prefix": "HOOK_", "url": url, "headers": headers}) == WebhookRules(
        require_https=False,
        allowed_domains=("*.example.com", "hooks.test"),
        allowed_ports=frozenset({443, 8443}),
        max_url_length=100,
        loopback=True,
        headers={"Authorization": "Bearer hunter2", "X-Static": "yes"},
    )


def test_headers_are_not_in_what_the_rules_look_like() -> None:
    rules = rules_of({"headers": {"X-Token": "${{env.LG_WEBHOOK_TOKEN}}"}})
    assert rules.headers == {"X-Token": "secret"}
    assert "secret" not in repr(rules)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("yes", "'webhooks' in langgraph.json is wrong"),
        ({"hosts": []}, "'webhooks.hosts' in langgraph.json is wrong"),
        ({"url": {"require_https": "no"}}, "'webhooks.url.require_https'"),
        ({"url": {"allowed_domains": "example.com"}}, "'webhooks.url.allowed_domains'"),
        ({"url": {"allowed_domains": ["https://example.com"]}}, "'webhooks.url.allowed_domains.0'"),
        ({"url": {"allowed_ports": [0]}}, "'webhooks.url.allowed_ports.0'"),
        ({"url": {"max_url_length": 0}}, "'webhooks.url.max_url_length'"),
        ({"headers": {"X": 5}}, "'webhooks.headers.X'"),
        ({"headers": {"X Y": "a"}}, "header 'X Y'"),
        ({"headers": {"Host": "a"}}, "header 'Host'"),
        ({"headers": {"webhook-signature": "a"}}, "header 'webhook-signature'"),
        ({"headers": {"X": "${{ env.DATABASE_URL }}"}}, "which must begin with 'LG_WEBHOOK_'"),
        ({"headers": {"X": "${{ env.LG_WEBHOOK_NONE }}"}}, "LG_WEBHOOK_NONE, which is not set"),
        ({"headers": {"X": "${{ secrets.TOKEN }}"}}, "must name its variable as ${{ env.NAME }}"),
        ({"headers": {"X": "${{ env.LG_WEBHOOK_BAD }}"}}, "must be printable ASCII"),
        ({"headers": {"X": "naïve"}}, "must be printable ASCII"),
        ({"env_prefix": "HOOK_", "headers": {"X": "${{ env.LG_WEBHOOK_TOKEN }}"}}, "must begin with 'HOOK_'"),
    ],
    ids=str,
)
def test_a_wrong_entry_is_named(section: Any, words: str) -> None:
    sentence = complaint(section)
    assert words in sentence
    assert not any(value in sentence for value in ENVIRON.values())
