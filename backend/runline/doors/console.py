"""The console: the files that `make console` has built, below /console/.

Divergence 98: it is served by the gateway itself, to browsers; officially the development server points to a site of
its vendor. Like the official server's UI it goes away with `http.disable_ui`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from mimetypes import guess_type
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

import runline
from runline.doors.http import json_response

BUILT = Path(runline.__file__).parent / "console"
"""Where the build puts it, and where the wheel carries it."""

_PAGE = "index.html"
_NAME = re.compile(r"(assets/)?[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
"""What may name a file: a path of this form leads nowhere else."""

_BASE = '<base href="/console/" />'
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # what moves is placed by styles of its own
        "img-src 'self' data:",  # an agent's text must not make browsers call elsewhere
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_FRESH = {**_HEADERS, "Cache-Control": "no-cache"}
_KEPT = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Runline</title>
<body style="font-family: system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The console is not built</h1>
<p>The gateway runs, and its API is served. To build the console, install Node 20 or newer, run
<code>make console</code> in Runline's folder, and load this page again.</p>
"""


@dataclass(frozen=True, slots=True)
class _Console:
    """A folder's files as they are when they are asked for: it may be built anew while the gateway serves."""

    folder: Path

    def answer(self, request: Request) -> Response:
        """A file, or else the page: the addresses below /console/ are the page's own."""
        path: str = request.path_params["path"]
        if path != _PAGE and (file := self._file(path, request.headers.get("accept-encoding", ""))):
            return file
        if path.startswith("assets/"):
            return json_response({"detail": "Not Found"}, status=404)
        if (page := self._read(_PAGE)) is None:
            return HTMLResponse(_NOT_BUILT, 503, _FRESH)
        base = f"{request.scope.get('root_path', '')}/console/"
        return HTMLResponse(page.decode().replace(_BASE, f'<base href="{escape(base)}" />'), headers=_FRESH)

    def _file(self, path: str, accepted: str) -> Response | None:
        headers = {**(_KEPT if path.startswith("assets/") else _FRESH), "Vary": "Accept-Encoding"}
        media_type, _ = guess_type(path)
        if "gzip" in accepted and (compressed := self._read(f"{path}.gz")) is not None:
            return Response(compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type)
        content = self._read(path)
        return None if content is None else Response(content, headers=headers, media_type=media_type)

    def _read(self, path: str) -> bytes | None:
        if not _NAME.fullmatch(path):
            return None
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None


async def _enter(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/console/")


def routes(folder: Path = BUILT) -> list[BaseRoute]:
    """The routes of the console that is built into a folder; they say so while none is."""
    console = _Console(folder)
    return [
        Route("/console", _enter, methods=["GET"], include_in_schema=False),
        Route("/console/{path:path}", console.answer, methods=["GET"], include_in_schema=False),
    ]
