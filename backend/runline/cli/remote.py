"""A gateway that is running, asked over HTTP on behalf of a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from runline.cli.options import Flags
from runline.cli.port import base_url
from runline.errors import Conflict, Invalid, NotFound, RunlineError

_ANSWER_SECONDS = 30.0
_SILENCE_SECONDS = 60.0
"""A stream says something every `server.heartbeat_seconds`; one that says nothing for so long is dead."""


_REFUSALS = {404: NotFound, 409: Conflict}


class Unreachable(RunlineError):
    """Nobody answers, or nobody who speaks this API."""


class Remote:
    """The API of one gateway."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http = http
        self._url = url

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON; what is None is not asked. Raises Unreachable, NotFound, Conflict, Invalid."""
        return self._ask("GET", path, query).json()

    def post(self, path: str, **query: Any) -> None:
        """Do it, and wait for the end of the answer. Raises as `get` does."""
        self._ask("POST", path, query)

    def _ask(self, method: str, path: str, query: Mapping[str, Any]) -> httpx.Response:
        asked = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._http.request(method, path, params=asked)
        except (httpx.TransportError, httpx.InvalidURL) as exc:
            raise self._unreachable(exc) from exc
        self._check(answer)
        return answer

    @contextmanager
    def stream(self, path: str, after: str | None) -> Iterator[Iterator[bytes]]:
        """The bytes of an event stream behind an event (None: from now on). Raises as `get` does, also as they come."""
        timeout = httpx.Timeout(_ANSWER_SECONDS, read=_SILENCE_SECONDS)
        headers = {} if after is None else {"Last-Event-ID": after}
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                self._check(answer)
                yield answer.iter_bytes()
        except (httpx.TransportError, httpx.InvalidURL) as exc:
            raise self._unreachable(exc) from exc

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            raise Unreachable(
                f"What answers at {self._url} is not Runline: {answer.status_code} for a request."
            ) from None
        if answer.status_code in (502, 503, 504):
            raise Unreachable(f"The gateway at {self._url} cannot serve this now: {detail}")
        raise _REFUSALS.get(answer.status_code, Invalid)(detail)

    def _unreachable(self, exc: Exception) -> Unreachable:
        return Unreachable(
            f"No gateway answers at {self._url} ({exc}): start one with `runline serve`, or say with --url where it is."
        )


@contextmanager
def open_remote(url: str | None, config: Path | None) -> Iterator[Remote]:
    """The gateway at the URL, or where the settings say that it listens. Raises ConfigError."""
    if url is None:
        server = Flags(config=config).load_settings().server
        url = base_url(server.host, server.port)
    with httpx.Client(base_url=url, timeout=httpx.Timeout(_ANSWER_SECONDS, read=None)) as http:
        yield Remote(http, url)
