"""The events of a run that has ended, read again from the first: from memory, and from the database."""

from __future__ import annotations

from bench.asked import new_run, streamed_run_of, told
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server, Start, serving
from bench.sse import TOKEN, Count

_WORDS, _TIMES = 3000, 30
_FROM_THE_FIRST = "-1"


async def _served(server: Server, form: Form) -> Figures:
    async with server.client() as client:
        # the official server replays no others
        run = await _ended_run(client, form, resumable=server.name == OFFICIAL)
        return await _read_again(server, client, run, form)


async def _stored(server: Server, form: Form) -> Figures:
    with serving(server.name, Start({"RUNLINE_STREAMS__RETENTION_SECONDS": "0"})) as own:
        async with own.client() as client:
            run = await _ended_run(client, form, resumable=True)
            return await _read_again(own, client, run, form)


async def _ended_run(client: Client, form: Form, *, resumable: bool) -> str:
    words = told(" ".join(["word"] * form.of(_WORDS, 30)))
    run = await new_run(client, streamed_run_of("echo", words, resumable=resumable))
    await client.get(f"{run}/join")
    return run


async def _read_again(server: Server, client: Client, run: str, form: Form) -> Figures:
    times = form.of(_TIMES, 2)
    counts: list[int] = []
    with server.meter() as meter:
        for _ in range(times):
            count = Count(TOKEN)
            await client.get(f"{run}/stream", reader=count, after=_FROM_THE_FIRST)
            counts.append(count.number)
    expected = times * (form.of(_WORDS, 30) + 3)
    return {**meter.rate(max(sum(counts), 1), "event"), "events lost": expected - sum(counts)}


CASE = Case("replay", "Replay of a run that has ended", _served)
STORED = Case(
    "replay-stored",
    "Replay of a resumable run that is in memory no more",
    _stored,
    servers=(GATEWAY,),
    pairs=3,
    warm_up=False,
    note="On a gateway of its own with streams.retention_seconds at 0.",
)
