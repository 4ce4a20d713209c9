"""Runs as streams and as awaited results: event frames, filters, headers.

Divergence 2: SSE ids are the run's own counter, one per event; `error` and `end` are replayed too.
Divergence 3: a stream ends with `event: end`.
Divergence 151: `Location` says after which event to go on for who has seen none, and `last_event_id` in the query is
understood as the header is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response

from runline.doors.http import Call
from runline.doors.live import AnswerCut, late_json, position, sse
from runline.doors.platform.protocol_runs import in_stream_modes
from runline.doors.spellings import spelled
from runline.errors import Invalid, RunlineError, Unavailable
from runline.kit.json import dumps
from runline.model.event import Event
from runline.model.run import STREAM_MODES, Run
from runline.streams.contracts import Batch, Ended

END = b"event: end\r\ndata: null\r\n\r\n"
_ALWAYS_SHOWN = frozenset({"error"})

Modes = frozenset[str] | None


def frame(event: Event) -> bytes:
    """One server-sent event; its name and its data hold no line breaks (the journal sees to that)."""
    return b"event: %b\r\ndata: %b\r\nid: %d\r\n\r\n" % (event.name.encode(), event.data, event.seq)


def error_frame(exc: RunlineError) -> bytes:
    """An error of the gateway itself, told in a stream that has begun: it is no event of the run and has no id."""
    return b"event: error\r\ndata: %b\r\n\r\n" % dumps(_error(exc))


async def frames(batches: AsyncIterator[Batch], modes: Modes) -> AsyncIterator[bytes]:
    """The frames of a run's events, several in one chunk where they wait, of these modes (None: of all)."""
    try:
        async for batch in batches:
            if isinstance(batch, Ended):
                yield END
                return
            shown = [frame(event) for event in batch if modes is None or event.mode in modes]
            if shown:
                yield b"".join(shown)
        raise AnswerCut("the gateway shuts down")
    except Unavailable as exc:
        # clients take an error for the run's, but come again where they were cut off
        raise AnswerCut(str(exc)) from exc
    except RunlineError as exc:
        # the answer has begun, so its status can tell nothing more
        yield error_frame(exc)


def _error(exc: RunlineError) -> dict[str, str]:
    return {"error": type(exc).__name__, "message": str(exc)}


async def _result(run: Run, call: Call) -> bytes:
    try:
        return await call.core.runs.result(run)
    except Unavailable as exc:
        raise AnswerCut(str(exc)) from exc
    except RunlineError as exc:
        return dumps({"__error__": _error(exc)})


async def modes_in_query(stream_mode: Annotated[list[str] | None, Query()] = None) -> Modes:
    """`stream_mode` in all spellings of a list."""
    names = spelled_modes(stream_mode or (), STREAM_MODES)
    if not names:
        return None
    # on the wire the events of both message modes begin with "messages"
    return frozenset("messages" if name == "messages-tuple" else name for name in names) | _ALWAYS_SHOWN


def spelled_modes(parts: Iterable[str], known: Container[str]) -> set[str]:
    """The modes that values of a query name. Raises Invalid."""
    names = set(spelled(parts)) - {""}
    for name in names:
        if name not in known:
            raise Invalid(f"Invalid stream mode: {name}")
    return names


async def after_in_request(
    header: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    query: Annotated[str | None, Query(alias="last_event_id")] = None,
) -> int | None:
    """The position to go on from; None without one, which means from now on. The header is newer than the address."""
    after = query if header is None else header
    return None if after is None else position(after)


ModesDep = Annotated[Modes, Depends(modes_in_query)]
AfterDep = Annotated[int | None, Depends(after_in_request)]


def run_headers(run: Run, *, reconnect: str | None = None, threadless: bool = False) -> dict[str, str]:
    """`Content-Location` of a run and, for answers that take time, the `Location` to reconnect at.

    Both are relative and without any mount prefix: the SDKs append them to their base URL.
    """
    path = f"/runs/{run.run_id}" if threadless else f"/threads/{run.thread_id}/runs/{run.run_id}"
    headers = {"Content-Location": path}
    if reconnect:
        headers["Location"] = f"{path}/{reconnect}"
    return headers


@dataclass(frozen=True, slots=True)
class Join:
    """How a client joins a run's stream: after which event, which modes, and whether its leaving cancels the run."""

    after: int | None
    modes: Modes = None
    cancel_on_disconnect: bool = False


async def join_in_query(after: AfterDep, modes: ModesDep, cancel_on_disconnect: bool = False) -> Join:
    """The parameters of a join."""
    return Join(after, modes, cancel_on_disconnect)


JoinDep = Annotated[Join, Depends(join_in_query)]


async def stream_run(call: Call, run: Run, join: Join, *, threadless: bool = False) -> Response:
    """Answer with the run's events. Raises NotStreamable."""
    batches = in_stream_modes(run, await call.core.runs.follow(run, join.after))
    # without it, a client that is cut off before the first event would miss all until it is back
    seen = "" if join.after is None else f"?last_event_id={join.after}"
    headers = run_headers(run, reconnect=f"stream{seen}", threadless=threadless)
    return sse(frames(batches, join.modes), call.wire, headers, _when_gone(call, run, cancel=join.cancel_on_disconnect))


def await_run(call: Call, run: Run, *, cancel_on_disconnect: bool = False) -> Response:
    """Answer with the run's result document once it has ended."""
    headers = run_headers(run, reconnect="join")
    gone = _when_gone(call, run, cancel=cancel_on_disconnect)
    return late_json(partial(_result, run, call), call.wire, headers, gone)


def _when_gone(call: Call, run: Run, *, cancel: bool) -> Callable[[], Awaitable[None]] | None:
    async def gone() -> None:
        await call.core.runs.disconnect(call.viewer, run.run_id)

    return gone if cancel else None
