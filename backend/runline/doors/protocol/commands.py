"""Commands: translate, one core call, translate.

Divergence 61: `state.get` and `agent.getTree` are answered, over HTTP too; officially the first is unknown, and the
second knows no run. Commands that act on a connection's subscriptions are refused over HTTP, where they have none.
Divergence 160: params that cannot be are refused; officially most are ignored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runline.doors.http import Call
from runline.doors.protocol.schemas import CommandBody, RespondBody, StartBody, StateBody, TreeBody, read
from runline.doors.protocol.words import (
    UnknownCommand,
    error_to_wire,
    malformed_to_wire,
    state_to_wire,
    success_to_wire,
    tree_to_wire,
)
from runline.errors import BadRequest, NotServed, RunlineError
from runline.model.lifecycle import MultitaskStrategy
from runline.runs.agent_tree import agent_tree
from runline.runs.commands import Answer, Start

Params = dict[str, Any]
Handler = Callable[[Call, str, Params], Awaitable[dict[str, Any]]]


async def _start(call: Call, thread_id: str, params: Params) -> dict[str, Any]:
    body = read(StartBody, params)
    if body.langsmith_tracer is not None:
        raise NotServed("langsmith_tracer")
    call.wire.check_metadata(body.metadata)
    strategy = body.strategy or MultitaskStrategy.ENQUEUE
    wanted = Start(body.assistant_id, body.input, body.plain_config, body.metadata, strategy, dict(call.headers))
    return {"run_id": (await call.core.commands.start(call.viewer, thread_id, wanted)).run_id}


async def _respond(call: Call, thread_id: str, params: Params) -> dict[str, Any]:
    body = read(RespondBody, params)
    call.wire.check_metadata(body.metadata)
    more = body.model_dump(include={"update", "goto"})
    answer = Answer(body.answers, **more, config=body.plain_config, metadata=body.metadata, headers=dict(call.headers))
    return {"run_id": (await call.core.commands.respond(call.viewer, thread_id, answer)).run_id}


async def _state(call: Call, thread_id: str, params: Params) -> dict[str, Any]:
    body = read(StateBody, params)
    return state_to_wire(await call.core.commands.state(call.viewer, thread_id, body.namespace), body.keys)


async def _tree(call: Call, thread_id: str, params: Params) -> dict[str, Any]:
    body = read(TreeBody, params)
    run = await call.core.commands.run_of(call.viewer, thread_id, str(body.run_id) if body.run_id else None)
    return {"tree": tree_to_wire(await agent_tree(call.core.runs, run))}


COMMANDS: Mapping[str, Handler] = {
    "run.start": _start,
    "input.respond": _respond,
    "state.get": _state,
    "agent.getTree": _tree,
}


async def reply(
    call: Call, thread_id: str, sent: Any, more: Mapping[str, Handler] | None = None
) -> tuple[dict[str, Any], bool]:
    """Carry out what a client has sent; returns the reply, and whether it was a command at all.

    `more`: the commands of a connection.
    """
    try:
        command = read(CommandBody, sent, BadRequest)
    except BadRequest as exc:
        return malformed_to_wire(sent, exc), False
    try:
        handler = _handler(command.method, more or {})
        # before its run has told anything: a client that goes on behind this misses nothing of it
        through = await call.core.commands.applied_through(call.viewer, thread_id)
        return success_to_wire(command.id, await handler(call, thread_id, command.params), through), True
    except RunlineError as exc:
        return error_to_wire(command.id, exc), True


def _handler(method: str, more: Mapping[str, Handler]) -> Handler:
    if handler := COMMANDS.get(method) or more.get(method):
        return handler
    if method.startswith("subscription."):
        raise NotServed(f"{method} over HTTP: open a stream, or a WebSocket")
    raise UnknownCommand(method)
