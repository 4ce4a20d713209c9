"""Which URLs may be called: by what they say, and by the addresses that their names stand for."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from runline.webhooks.guard import Refused, Unresolved, WebhookGuard
from runline.webhooks.rules import WebhookRules
from webhooks.urls import REFUSED, stub_names


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    return stub_names(monkeypatch)


@pytest.fixture
def guard() -> Iterator[WebhookGuard]:
    guard = WebhookGuard(WebhookRules())
    yield guard
    guard.close()


async def refusal(rules: WebhookRules, url: str) -> str | None:
    guard = WebhookGuard(rules)
    try:
        await guard.check(url)
    except Refused as exc:
        return str(exc)
    finally:
        guard.close()
    return None


@pytest.mark.parametrize(("url", "reason"), REFUSED.items(), ids=[ascii(url) for url in REFUSED])
async def test_a_url_that_leads_inside_is_refused(guard: WebhookGuard, url: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        await guard.check(url)
    assert (str(caught.value), caught.value.status) == (reason, 422)


@pytest.mark.parametrize(
    ("url", "port", "addresses"),
    [
        ("http://public.test/hook?a=1#b", 80, ("93.184.215.14",)),
        ("https://public-v6.test", 443, ("2606:2800:21f:cb07:6820:80da:af6b:8b2c",)),
        ("https://both.test:8443/", 8443, ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14")),
        ("https://93.184.215.14/", 443, ("93.184.215.14",)),
        ("https://bücher.test/", 443, ("93.184.215.14",)),
    ],
)
async def test_a_public_url_leads_to_its_addresses(
    guard: WebhookGuard, url: str, port: int, addresses: tuple[str, ...]
) -> None:
    target = await guard.check(url)
    assert (target.port, target.addresses) == (port, addresses)


async def test_a_name_is_judged_anew_each_time(guard: WebhookGuard, names: dict[str, list[str]]) -> None:
    await guard.check("http://public.test/")
    names["public.test"] = ["169.254.169.254"]
    with pytest.raises(Refused, match="blocked IP range"):
        await guard.check("http://public.test/")


async def test_a_name_without_an_address_may_have_one_later(guard: WebhookGuard) -> None:
    with pytest.raises(Unresolved):
        await guard.check("http://nobody.test/")


STRICT = WebhookRules(
    require_https=True,
    allowed_domains=("*.example.test", "public.test"),
    allowed_ports=frozenset({443, 8443}),
    max_url_length=40,
)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://public.test/", None),
        ("https://PUBLIC.test:8443/", None),
        ("https://a.b.example.test/", None),
        ("http://public.test/", "Webhook must use https"),
        ("https://example.test/", "Webhook domain not allowed"),
        ("https://notexample.test/", "Webhook domain not allowed"),
        ("https://public.test.evil.test/", "Webhook domain not allowed"),
        ("https://93.184.215.14/", "Webhook domain not allowed"),
        ("https://public.test:444/", "Webhook port 444 not allowed"),
        ("https://public.test/" + "a" * 40, "Webhook URL too long"),
    ],
)
async def test_the_projects_rules_are_applied(names: dict[str, list[str]], url: str, reason: str | None) -> None:
    names["a.b.example.test"] = ["93.184.215.14"]
    assert await refusal(STRICT, url) == reason


async def test_an_allowed_domain_does_not_open_what_it_resolves_to() -> None:
    rules = WebhookRules(allowed_domains=("rebound.test",))
    assert await refusal(rules, "http://rebound.test/") == "Webhook host blocked: loopback IP range"


async def test_loopback_can_be_opened_and_opens_nothing_else() -> None:
    rules = WebhookRules(loopback=True)
    for url in ("http://127.0.0.1:9/", "http://[::1]/", "http://localhost/", "http://2130706433/"):
        assert await refusal(rules, url) is None
    for url in ("http://10.0.0.1/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/"):
        assert await refusal(rules, url) == "Webhook host blocked: blocked IP range"


async def test_the_operator_can_open_a_private_network() -> None:
    guard = WebhookGuard(WebhookRules(), (ip_network("10.1.0.0/16"),))
    assert (await guard.check("http://private.test/")).addresses == ("10.1.2.3",)
    with pytest.raises(Refused):
        await guard.check("http://10.2.0.1/")
    guard.close()
