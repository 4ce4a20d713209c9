"""PostgreSQL and Redis of what is measured on them: what they use is counted, and told apart."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from bench.fleet import drained
from bench.meter import Meter, Tree
from bench.names import AEGRA, GATEWAY, MINIMAL, POSTGRES, REDIS
from bench.rounds import Field
from bench.servers import Start, serving


def test_the_cpu_time_of_stores_is_part_of_what_work_costs_and_told_apart() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        tree = Tree(psutil.Process(process.pid))
        with Meter(lambda: 0.0, stores={POSTGRES: tree}) as meter:
            used = tree.cpu_seconds()
            while tree.cpu_seconds() < used + 0.03:
                pass
        process.kill()
    figures = meter.rate(2, "run")
    # a tick less: a difference of two times is not exact
    assert figures["of it PostgreSQL per run, us"] > 0.02 / 2 * 1e6
    assert figures["CPU per run, us"] == figures["of it PostgreSQL per run, us"]


async def test_a_gateway_on_stores_of_its_own_leaves_none_behind() -> None:
    with serving(GATEWAY, Start(shared=True)) as server:
        trees = server.store_trees()
        assert sorted(trees) == sorted((POSTGRES, REDIS))
        assert all(tree.root.is_running() for tree in trees.values())
        assert await drained(server) == 0
    _, left = psutil.wait_procs([tree.root for tree in trees.values()], timeout=30)
    assert left == []


async def test_a_server_with_files_of_its_own_has_no_runs_to_look_for_elsewhere() -> None:
    with serving(MINIMAL) as server:
        assert server.store_trees() == {}
        with pytest.raises(ValueError, match="a server with a database of its own"):
            await drained(server)


def test_aegra_takes_part_where_it_is_installed_and_the_stores_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNLINE_BENCH_AEGRA", raising=False)
    assert not Field(official=False, shared=True).takes_part(AEGRA)
    monkeypatch.setenv("RUNLINE_BENCH_AEGRA", sys.executable)
    assert Field(official=False, shared=True).takes_part(AEGRA)
    assert not Field(official=False).takes_part(AEGRA)
