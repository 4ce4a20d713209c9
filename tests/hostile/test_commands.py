"""Bad commands of the agent streaming protocol: refused with an envelope, at once, and nothing is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hostile.corpus import BAD_IDS, BODIES
from hostile.site import MAX_BODY_BYTES, Site, open_site
from hostile.wire import Request, ask, ask_promptly

COMMANDS = "/threads/{thread}/commands"
START = json.dumps({"id": 1, "method": "run.start", "params": {"assistant_id": "steps"}}).encode()

NO_COMMANDS = {
    **BODIES,
    "no-id": b'{"method": "run.start", "params": {"assistant_id": "steps"}}',
    "id-of-text": b'{"id": "1", "method": "run.start", "params": {"assistant_id": "steps"}}',
    "negative-id": b'{"id": -1, "method": "run.start", "params": {"assistant_id": "steps"}}',
    "id-without-end": b'{"id": ' + b"9" * 400 + b', "method": "run.start"}',
    "no-method": b'{"id": 1, "params": {"assistant_id": "steps"}}',
    "method-of-numbers": b'{"id": 1, "method": 1}',
    "params-of-text": b'{"id": 1, "method": "run.start", "params": "steps"}',
    "too-large": b" " * (MAX_BODY_BYTES + 1),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("commands")) as opened:
        yield opened


@pytest.mark.parametrize("body", NO_COMMANDS.values(), ids=list(NO_COMMANDS))
def test_what_is_no_command_is_refused_and_nothing_is_made_of_it(site: Site, body: bytes) -> None:
    before = site.counter.count()
    request = Request("POST", COMMANDS.replace("{thread}", site.places["thread"]), body)
    answer = ask_promptly(site.gateway.port, request)
    assert 400 <= answer.status < 500
    assert isinstance(json.loads(answer.body)["detail"], str)
    assert site.counter.count() == before


@pytest.mark.parametrize("thread_id", BAD_IDS.values(), ids=list(BAD_IDS))
def test_what_can_be_no_thread_gets_no_run(site: Site, thread_id: str) -> None:
    before = site.counter.count()
    answer = ask(site.gateway.port, Request("POST", COMMANDS.replace("{thread}", thread_id), START))
    assert 400 <= answer.status < 500
    assert site.counter.count() == before
