"""Requests made up from our own OpenAPI document, sound and unsound: none breaks the gateway, and it says the truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from hostile.form import times
from hostile.site import Site, open_site, populate
from runline.app import create_app
from runline.config import Settings

EXAMPLES = times(short=20, long=520)
PATIENCE_SECONDS = 60
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]

ENDLESS = ("/threads/{thread_id}/stream", "/threads/{thread_id}/stream/events")
"""They end with their thread, or not at all: of their answers, the refusals are read and judged."""

Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]


def operations() -> list[Operation]:
    """All that the document names."""
    schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One gateway for all; it works at the end, and its log shows no trouble."""
    with open_site(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened
        requests.post(f"{opened.gateway.url}/runs/cancel", json={"status": "all"}, timeout=PATIENCE_SECONDS)


def cases_of(operation: Operation, places: Mapping[str, str]) -> st.SearchStrategy[AnyCase]:
    """Cases after the document and against it, at made-up places and at real ones."""
    names = {f"{name}_id": place for name, place in places.items()}
    known = {part.name: names[part.name] for part in operation.path_parameters if part.name in names}
    return st.one_of(
        [
            operation.as_strategy(mode, path_parameters=chosen)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            for chosen in ([known, None] if known else [None])
        ]
    )


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_request_breaks_it(site: Site, operation: Operation) -> None:
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(cases_of(operation, populate(site.gateway.url)))
    def send(case: AnyCase) -> None:
        statuses[status_of(site, case)] += 1

    send()
    print(f"{operation.label}: {statuses.total()} requests, {dict(statuses)}")
    assert statuses


def status_of(site: Site, case: AnyCase) -> int:
    """Send it, judge the answer, and return its status."""
    for body in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(body, dict):
            # what is made of graphs is to be made of one that there is
            for name in ("graph_id",) if case.path == "/assistants" else ("assistant_id", "graph_id"):
                if isinstance(body.get(name), str):
                    body[name] = "steps"
            if isinstance(body.get("schedule"), str):
                body["schedule"] = "@yearly"
            # the whole answer is read: a run that begins in a year would be waited for
            body.pop("after_seconds", None)
    arguments = case.as_transport_kwargs(site.gateway.url)
    endless = case.operation.path in ENDLESS
    with requests.request(**arguments, timeout=PATIENCE_SECONDS, stream=endless) as answer:
        if endless and answer.ok:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            return answer.status_code
        if answer.status_code >= 400:
            assert isinstance(json.loads(answer.content)["detail"], str)
        case.validate_response(answer, checks=CHECKS)
        return answer.status_code
