"""Bad input, case by case: refused with a sentence, at once, and nothing is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hostile.corpus import Case, corpus
from hostile.site import MAX_BODY_BYTES, Site, open_site
from hostile.wire import CHUNKED, Answer, Request, abandon, ask, ask_promptly, chunks

CORPUS = corpus()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One gateway for the whole corpus; it works at the end, and its log shows no trouble."""
    with open_site(tmp_path_factory.mktemp("corpus")) as opened:
        yield opened


def detail_of(answer: Answer) -> str:
    """The one sentence that a refusal consists of."""
    assert answer.content_type == "application/json"
    refusal: dict[str, Any] = json.loads(answer.body)
    assert list(refusal) == ["detail"]
    assert isinstance(refusal["detail"], str)
    return refusal["detail"]


def test_the_corpus_is_large_and_every_case_has_a_name() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS) > 4000


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_bad_input_is_refused_and_nothing_is_made_of_it(site: Site, case: Case) -> None:
    before = site.counter.count()

    answer = ask_promptly(site.gateway.port, case.at(site.places))

    assert 400 <= answer.status < 500
    assert detail_of(answer)
    assert site.counter.count() == before


CUT = {
    "in the middle of a chunk": b"5\r\n{",
    "between chunks": chunks(b"{", b'"metadata":'),
    "in the size of a chunk": b"1",
}


@pytest.mark.parametrize("body", CUT.values(), ids=list(CUT))
@pytest.mark.parametrize("target", ["/threads", "/runs", "/threads/{thread}/runs/stream"])
def test_a_body_whose_sender_vanishes_makes_nothing(site: Site, target: str, body: bytes) -> None:
    """There is nobody to answer; what came of the body is valid JSON in none of the cases."""
    before = site.counter.count()
    case = Case("cut", Request("POST", target, body, (CHUNKED,), framed=False))

    abandon(site.gateway.port, case.at(site.places))

    assert site.counter.count() == before


NOT_HTTP = {
    "a length that is no number": Request("POST", "/threads", b"{}", (("Content-Length", b"two"),), framed=False),
    "a negative length": Request("POST", "/threads", b"{}", (("Content-Length", b"-2"),), framed=False),
    "two lengths": Request("POST", "/threads", b"{}", (("Content-Length", b"5"),)),
    "a length and chunks": Request("POST", "/threads", chunks(b"{}", b""), (CHUNKED,)),
    "a chunk of no size": Request("POST", "/threads", b"zz\r\n{}\r\n", (CHUNKED,), framed=False),
    "a line break in a header": Request("GET", "/ok", headers=(("X-Name", b"a\rb"),)),
    "a NUL in a header": Request("GET", "/ok", headers=(("X-Name", b"a\0b"),)),
    "a NUL in the target": Request("GET", "/\0"),
}


@pytest.mark.parametrize("request_", NOT_HTTP.values(), ids=list(NOT_HTTP))
def test_what_is_not_http_is_refused_before_it_reaches_the_gateway(site: Site, request_: Request) -> None:
    """By the server's parser, with a sentence of its own: no two readers can disagree on where a request ends."""
    before = site.counter.count()

    assert ask(site.gateway.port, request_).status == 400

    assert site.counter.count() == before


def test_a_body_is_refused_by_its_header_before_it_is_sent(site: Site) -> None:
    declared = ("Content-Length", b"%d" % (MAX_BODY_BYTES + 1))

    answer = ask_promptly(site.gateway.port, Request("POST", "/threads", headers=(declared,), framed=False))

    assert answer.status == 413
