"""The console's files: what is answered below /console/, and how long browsers may keep it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from runline.doors import console
from runline.doors.prefix import MountPrefix

PAGE = '<!doctype html><base href="/console/" /><p>The console</p>'
CODE = b"console.log('a rather long line')" * 9


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as a build leaves it, beside a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-a1b2.js").write_bytes(CODE)
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(gzip.compress(CODE))
    return folder


def visit(folder: Path, prefix: str = "") -> httpx.AsyncClient:
    app = Starlette(routes=console.routes(folder))
    served = MountPrefix(app, prefix) if prefix else app
    return httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://gateway")


@pytest.fixture
async def http(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with visit(built) as connected:
        yield connected


@pytest.mark.parametrize("path", ["", "chat", "chat/01a1", "runs/%00", "..%2fsecret.txt", "index.html"])
async def test_every_address_of_the_console_is_its_page(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/console/{path}")

    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")


async def test_the_bare_name_leads_to_the_page(http: httpx.AsyncClient) -> None:
    answer = await http.get("/console")

    assert (answer.status_code, answer.headers["location"]) == (307, "/console/")


async def test_files_that_carry_a_hash_are_kept_for_good(http: httpx.AsyncClient) -> None:
    asset = await http.get("/console/assets/index-a1b2.js")
    icon = await http.get("/console/favicon.svg")

    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert (icon.headers["cache-control"], icon.headers["content-type"]) == ("no-cache", "image/svg+xml")


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
async def test_what_was_compressed_by_the_build_is_sent_so(
    http: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    answer = await http.get("/console/assets/index-a1b2.js", headers={"Accept-Encoding": accepted})

    assert (answer.content, answer.headers.get("content-encoding")) == (CODE, encoding)
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_an_asset_that_is_gone_is_not_the_page(http: httpx.AsyncClient) -> None:
    """A browser would take the page for a script."""
    answer = await http.get("/console/assets/index-old.js")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_a_console_that_is_built_anew_is_served_anew(http: httpx.AsyncClient, built: Path) -> None:
    """`make console` beside a gateway that serves: a page of before asks for what is gone."""
    old = built / "assets" / "index-a1b2.js"
    assert (await http.get("/console/assets/index-a1b2.js")).content == CODE
    old.with_name("index-a1b2.js.gz").unlink()
    old.rename(old.with_name("index-c3d4.js"))
    (built / "index.html").write_text(PAGE.replace("The console", "The new console"))

    vanished = await http.get("/console/assets/index-a1b2.js")

    assert (vanished.status_code, vanished.json()) == (404, {"detail": "Not Found"})
    assert "immutable" not in vanished.headers.get("cache-control", "")
    assert "The new console" in (await http.get("/console/chat")).text
    assert (await http.get("/console/assets/index-c3d4.js")).content == CODE


async def test_a_console_that_is_built_while_the_gateway_serves_is_found(tmp_path: Path) -> None:
    async with visit(tmp_path) as http:
        assert (await http.get("/console/")).status_code == 503
        (tmp_path / "index.html").write_text(PAGE)
        assert (await http.get("/console/")).text == PAGE


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e%2fsecret.txt",
        "assets%2f..%2f..%2fsecret.txt",
        "%2e%2e/console/../secret.txt",
        "assets",
        "%00",
        "a" * 9000,
    ],
)
async def test_no_path_leads_out_of_the_folder(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/console/{path}")

    assert answer.text in (PAGE, '{"detail":"Not Found"}')


async def test_the_page_knows_the_prefix_that_it_is_served_below(built: Path) -> None:
    async with visit(built, "/agents") as http:
        assert '<base href="/agents/console/" />' in (await http.get("/agents/console/chat")).text
        assert (await http.get("/agents/console")).headers["location"] == "/agents/console/"


async def test_a_console_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with visit(tmp_path / "nothing") as http:
        answer = await http.get("/console/chat")

    assert answer.status_code == 503
    assert "make console" in answer.text
