"""`runline worker` and `runline serve --no-work`: what they print, what they refuse, how they end."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import httpx
import pytest

from cli.project import Project, read_until
from kit.postgres import Server
from kit.redis_server import RedisPlace

READY = r"A worker of Runline .* is ready"


@pytest.fixture
def shared(project: Project, postgres: Server, redis_uri: str) -> Iterator[Project]:
    """A project whose config.yaml names a database and a Redis."""
    with postgres.database() as uri:
        redis = {"uri": redis_uri, "prefix": RedisPlace(redis_uri).prefix}
        project.write("config.yaml", {"database": {"uri": uri}, "redis": redis})
        yield project


@pytest.mark.parametrize("command", [("worker",), ("serve", "--no-work")])
@pytest.mark.parametrize("config", [{}, {"database": {"uri": "postgresql:///x"}}, {"redis": {"uri": "redis:///"}}])
def test_a_part_of_a_gateway_is_refused_where_there_can_be_no_other_part(
    project: Project, command: tuple[str, ...], config: dict[str, object]
) -> None:
    project.write("config.yaml", config)
    refused = project.run(*command)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "database.uri" in refused.stderr
    assert "redis.uri" in refused.stderr


def test_a_worker_that_would_execute_nothing_is_refused(shared: Project) -> None:
    refused = shared.run("worker", RUNLINE_WORKERS__CONCURRENCY="0")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--concurrency" in refused.stderr


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_listens_nowhere_unless_it_is_told_and_a_signal_ends_it(shared: Project, sent: signal.Signals) -> None:
    with shared.start("worker", "--concurrency", "7") as process:
        banner = read_until(process, "hello")
        process.send_signal(sent)
        output, _ = process.communicate(timeout=30)
    assert re.search(READY, banner)
    assert "up to 7 at once" in banner
    assert "http" not in banner
    assert process.returncode == 0
    assert "Traceback" not in output


def test_a_worker_with_a_port_tells_of_its_health_and_metrics_and_serves_no_api(
    shared: Project, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    with httpx.Client(timeout=30) as http, shared.start("worker", "--port", str(free_port)) as process:
        assert f"{url}/metrics" in read_until(process, "hello")
        assert http.get(f"{url}/ok").json()["ok"]
        assert http.get(f"{url}/ready").json() == {"ready": True, "redis": True}
        assert "runline_live_runs 0.0" in http.get(f"{url}/metrics").text
        assert http.post(f"{url}/threads", json={}).status_code == 404
        assert http.get(f"{url}/docs").status_code == 404
