"""The instruments: readers, the client, what servers use, and how they start and end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import psutil
import pytest

from bench.client import Client, RefusedError
from bench.launching import StartError
from bench.meter import Tree
from bench.names import GATEWAY, MINIMAL
from bench.servers import Start, serving
from bench.sse import TOKEN, Count, Numbers

Answer = Callable[[StreamReader, StreamWriter], Awaitable[None]]
STREAM = b"".join(
    b'event: messages\r\ndata: [{"content":"%d "}]\r\nid: %d\r\n\r\n' % (number, number + 7) for number in range(3)
)


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_no_event_is_missed_or_counted_twice_wherever_the_stream_is_cut(cut: int) -> None:
    count, seen = Count(TOKEN), list[int]()
    numbers = Numbers(seen.append)
    for piece in (STREAM[:cut], STREAM[cut:]):
        count(piece)
        numbers(piece)
    assert count.number == 3
    assert seen == [0, 1, 2]
    assert numbers.last_id == "9"


def test_a_stream_without_the_marker_has_no_first() -> None:
    with pytest.raises(ValueError, match="event: messages"):
        Count(TOKEN).milliseconds_since(0)


@asynccontextmanager
async def _listening(answer: Answer) -> AsyncIterator[Client]:
    answers: list[asyncio.Task[None]] = []

    def accept(reader: StreamReader, writer: StreamWriter) -> None:
        answers.append(asyncio.create_task(_answered(answer, reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        async with Client(server.sockets[0].getsockname()[1]) as client:
            yield client
        await asyncio.gather(*answers)


async def _answered(answer: Answer, reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionResetError):
        await answer(reader, writer)
        writer.close()
        await writer.wait_closed()


async def test_the_client_keeps_its_connection_and_says_what_was_refused() -> None:
    peers: list[object] = []

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername"))
        while (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /good"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")

    async with _listening(answer) as client:
        assert (await client.get("/good")).json() == {}
        assert (await client.get("/good")).status == 200
        with pytest.raises(RefusedError, match="GET /bad: 404 none"):
            await client.get("/bad")
    assert len(peers) == 1


async def test_a_reader_that_has_hung_up_is_given_no_more() -> None:
    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3\r\none\r\n3\r\ntwo\r\n")
        await reader.read()

    pieces: list[bytes] = []

    def read(piece: bytes) -> bool:
        pieces.append(piece)
        return True

    async with _listening(answer) as client:
        assert (await client.get("/", reader=read)).status == 200
    assert pieces == [b"one"]


async def test_an_answer_that_is_cut_off_is_an_error() -> None:
    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with _listening(answer) as client:
        with pytest.raises(ConnectionResetError):
            await client.get("/")


def test_a_tree_has_the_children_of_its_process() -> None:
    busy = (
        "import time; exec('while time.process_time() < 0.05: pass'); print(time.process_time(), flush=True); input()"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        used_by_child = float(process.stdout.readline())
        tree = Tree(psutil.Process(process.pid))
        alone = tree.root.memory_info().rss / 2**20
        assert len(list(tree.processes())) == 2
        assert tree.resident_mib() > alone
        assert tree.cpu_seconds() > used_by_child
        process.communicate(b"\n")


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(StartError, match=r"Setting 'log\.level' is wrong"),
        serving(GATEWAY, Start({"RUNLINE_LOG__LEVEL": "loud"})),
    ):
        pass


def test_a_server_is_gone_at_the_end() -> None:
    with serving(MINIMAL, Start(core=0)) as server:
        assert server.tree.root.cpu_affinity() == [0]
    assert not server.tree.root.is_running()
