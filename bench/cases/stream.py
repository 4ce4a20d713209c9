"""Tokens as fast as they come: one stream, and eight at once."""

from __future__ import annotations

from functools import partial

from bench.alone import Alone, fresh_config
from bench.asked import several, streamed_run_of, told
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, Figures
from bench.servers import Server
from bench.sse import TOKEN, Count

_EXTRA = 3
"""Tokens of a reply beside the words it repeats: `You said: ` and the usage."""

_TOKENS = 4000
_EIGHT = 8


def _words(streams: int, form: Form) -> int:
    return form.of(_TOKENS if streams == 1 else _TOKENS // 4, 50) - _EXTRA


async def _served(streams: int, server: Server, form: Form) -> Figures:
    words = _words(streams, form)
    figures = await _timed(server, streams, words, "plain", resumable=False)
    if server.name == GATEWAY:
        figures |= await _timed(server, streams, words, "resumable", resumable=True)
    return figures


async def _timed(server: Server, streams: int, words: int, kind: str, *, resumable: bool) -> Figures:
    body = streamed_run_of("echo", told(" ".join(["word"] * words)), resumable=resumable)
    expected = streams * (words + _EXTRA)
    counts: list[int] = []
    async with server.client() as client:

        async def one(_number: int) -> None:
            counts.append(await _tokens(client, body))

        with server.meter() as meter:
            await several(streams, streams, one)
    return {**meter.rate(expected, "token", kind), f"{kind}: tokens lost": expected - sum(counts)}


async def _tokens(client: Client, body: object) -> int:
    count = Count(TOKEN)
    await client.post("/runs/stream", body, reader=count)
    return count.number


async def _alone(streams: int, local: Alone, form: Form) -> Figures:
    words = _words(streams, form)
    given = told(" ".join(["word"] * words))

    async def one(_number: int) -> None:
        async for _ in local.graphs["echo"].astream(given, fresh_config(), stream_mode="messages"):
            pass

    with local.meter() as meter:
        await several(streams, streams, one)
    return meter.rate(streams * (words + _EXTRA), "token", "plain")


ONE = Case("stream-1", "One stream of tokens", partial(_served, 1), partial(_alone, 1))
EIGHT = Case("stream-8", "Eight streams of tokens", partial(_served, _EIGHT), partial(_alone, _EIGHT))
