"""The console: the files that `make console` has built, below /console/.

Divergence 98: it is served by the gateway itself, to browsers; officially the development server points to a site of
its vendor. Like the official server's UI it goes away with `http.disable_ui`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

import runline
from runline.doors.http import json_response

BUILT = Path(runline.__file__).parent / "console"
"""Where the build puts it, and where the wheel carries it."""

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
<code>make console</code> in Runline's folder, and start the gateway again.</p>
"""


@dataclass(frozen=True, slots=True)
class _Console:
    """The page, without which nothing is built, and the files beside it by their path below /console/."""

    page: str | None
    files: Mapping[str, Path]

    async def answer(self, request: Request) -> Response:
        """A file, or else the page: the addresses below /console/ are the page's own."""
        path: str = request.path_params["path"]
        if found := self.files.get(path):
            return self._file(path, found, request.headers.get("accept-encoding", ""))
        if path.startswith("assets/"):
            return json_response({"detail": "Not Found"}, status=404)
        if self.page is None:
            return HTMLResponse(_NOT_BUILT, 503, _FRESH)
        base = f"{request.scope.get('root_path', '')}/console/"
        return HTMLResponse(self.page.replace(_BASE, f'<base href="{escape(base)}" />'), headers=_FRESH)

    def _file(self, path: str, file: Path, accepted: str) -> Response:
        headers = _KEPT if path.startswith("assets/") else _FRESH
        response = FileResponse(file, headers=headers)
        if (compressed := self.files.get(f"{path}.gz")) and "gzip" in accepted:
            headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return FileResponse(compressed, headers=headers, media_type=response.media_type)
        return response


async def _enter(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/console/")


def routes(folder: Path = BUILT) -> list[BaseRoute]:
    """The routes of the console that was built into a folder; they say so if none was."""
    page = folder / "index.html"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file() and path != page}
    console = _Console(page.read_text(encoding="utf-8") if page.is_file() else None, files)
    return [
        Route("/console", _enter, methods=["GET"], include_in_schema=False),
        Route("/console/{path:path}", console.answer, methods=["GET"], include_in_schema=False),
    ]
