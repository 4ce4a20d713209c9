"""The console stands at /console/, for people rather than programs."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway import serving
from graphs_under_test.projects import write_project


async def test_the_gateway_serves_the_console(http: httpx.AsyncClient) -> None:
    """The page where it was built, and otherwise a sentence that says how to build it."""
    answer = await http.get("/console", follow_redirects=True)

    assert answer.url.path == "/console/"
    assert answer.headers["content-type"].startswith("text/html")
    assert ("The console is not built" in answer.text) == (answer.status_code == 503)


async def test_it_is_not_of_the_api(http: httpx.AsyncClient) -> None:
    assert not any("console" in path for path in (await http.get("/openapi.json")).json()["paths"])
    assert (await http.post("/console/", json={})).status_code == 405


def test_a_disabled_ui_is_not_there(tmp_path: Path) -> None:
    project = write_project(tmp_path, http={"disable_ui": True})
    with serving(tmp_path / "data", graphs=project) as gateway:
        assert httpx.get(f"{gateway.url}/console/", timeout=30).status_code == 404
