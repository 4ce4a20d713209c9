"""The stream of a thread: its runs one after the other, those to come too, and its state updates.

Divergence 45: ids are places in the thread's order, so that a client comes back without loss or repeat, whatever runs
lie between; the stream says first where it begins, and `Location` where to come back to.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response

from runline.doors.http import EVENTS, CallDep, json_routes
from runline.doors.ids import ThreadId
from runline.doors.live import FROM_THE_START, AnswerCut, sse
from runline.doors.platform.protocol_runs import StreamModes
from runline.doors.platform.state_words import state_to_wire
from runline.doors.platform.streaming import END, error_frame, spelled_modes
from runline.errors import Invalid, Unavailable
from runline.kit.json import dumps
from runline.model.place import Place, place_of
from runline.model.run import Run
from runline.runs.thread_streams import Lost, Part, RunDone, RunTold, StateUpdated, ThreadDeleted

routes = json_routes("Threads")

_RUN_MODES, _LIFECYCLE, _STATE_UPDATE = "run_modes", "lifecycle", "state_update"
_MODES = (_RUN_MODES, _LIFECYCLE, _STATE_UPDATE)

# 16 digits of microseconds reach to the year 2286
_ID = re.compile(r"([0-9]{1,16})-([0-9]{1,15})", re.ASCII)

Modes = frozenset[str]


async def _modes_in_query(
    stream_modes: Annotated[list[str] | None, Query()] = None, stream_mode: Annotated[list[str] | None, Query()] = None
) -> Modes:
    """Both names, the platform's and that of its SDKs, in all spellings."""
    return frozenset(spelled_modes([*(stream_modes or ()), *(stream_mode or ())], _MODES)) or frozenset({_RUN_MODES})


async def _place_in_header(last_event_id: Annotated[str | None, Header()] = None) -> Place | None:
    """`Last-Event-ID`: the place to go on from; None without one, which means from now on."""
    if last_event_id is None:
        return None
    if last_event_id in FROM_THE_START:
        return Place(0)
    if not (match := _ID.fullmatch(last_event_id)):
        raise Invalid("Invalid Last-Event-ID: must be the id of an event of this thread, or - for all")
    return Place(int(match[1]), int(match[2]))


@routes.get("/threads/{thread_id}/stream", response_class=Response, responses=EVENTS)
async def stream_thread(
    thread_id: ThreadId,
    call: CallDep,
    modes: Annotated[Modes, Depends(_modes_in_query)],
    after: Annotated[Place | None, Depends(_place_in_header)],
) -> Response:
    """Answer with what happens on a thread from now on or, with Last-Event-ID, after that; until it is deleted."""
    follow = call.core.thread_streams.follow
    place, parts = await follow(call.viewer, thread_id, after, updates=_STATE_UPDATE in modes)
    location = f"/threads/{thread_id}/stream?stream_modes={','.join(sorted(modes))}"
    return sse(_frames(thread_id, place, parts, modes), call.wire, {"Location": location})


async def _frames(thread_id: str, place: Place, parts: AsyncIterator[Part], modes: Modes) -> AsyncIterator[bytes]:
    # no event, but a client that is cut off before the first one comes back to where it was
    yield b"id: %b\r\n\r\n" % _id(place)
    words = StreamModes()
    try:
        async for part in parts:
            if frame := _frame_of(thread_id, _in_stream_modes(part, words), modes):
                yield frame
            if isinstance(part, ThreadDeleted):
                return
    except Unavailable as exc:
        raise AnswerCut(str(exc)) from exc
    raise AnswerCut("the gateway shuts down")


def _in_stream_modes(part: Part, words: StreamModes) -> Part:
    return RunTold(part.run, words.of(part.run, part.events)) if isinstance(part, RunTold) else part


def _frame_of(thread_id: str, part: Part, modes: Modes) -> bytes:
    """The part as frames, as far as these modes show it."""
    runs_are_shown = not modes.isdisjoint((_RUN_MODES, _LIFECYCLE))
    match part:
        case RunTold(run, events):
            moment = place_of(run.due_at).moment
            shown = [event for event in events if _RUN_MODES in modes or (runs_are_shown and event.name == "metadata")]
            return b"".join(_frame(event.name, event.data, Place(moment, event.seq)) for event in shown)
        case RunDone(run, begun=True) if runs_are_shown:
            done = {"status": "run_done", "run_id": run.run_id}
            return _frame("metadata", dumps(done), place_of(run.due_at).behind)
        case Lost(reason, run, unseen):
            begun = _begun(run) if run and unseen and runs_are_shown else b""
            return begun + (error_frame(reason) if run is None or _RUN_MODES in modes else b"")
        case StateUpdated(place, state):
            update = {"state": state_to_wire(state), "thread_id": thread_id}
            return _frame("state_update", dumps(update), place.behind)
        case ThreadDeleted():
            return END
    return b""


def _begun(run: Run) -> bytes:
    """What an ended run told first, from its row."""
    begun = {"run_id": run.run_id, "attempt": run.attempt}
    return _frame("metadata", dumps(begun), Place(place_of(run.due_at).moment, 1))


def _frame(name: str, data: bytes, place: Place) -> bytes:
    return b"event: %b\r\ndata: %b\r\nid: %b\r\n\r\n" % (name.encode(), data, _id(place))


def _id(place: Place) -> bytes:
    return b"%d-%d" % (place.moment, place.seq)
