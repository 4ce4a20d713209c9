"""`runline serve` and `runline dev`: what they print, what they refuse, how they end."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from cli.project import READY, Project, read_until

FOREVER = """
import asyncio
from langgraph.graph import START, MessagesState, StateGraph

async def wait(state):
    await asyncio.Event().wait()

graph = StateGraph(MessagesState).add_node("wait", wait).add_edge(START, "wait").compile()
"""

BODY = {"assistant_id": "hello", "input": {"messages": [{"role": "user", "content": "Hello"}]}}


def test_the_banner_shows_addresses_data_file_and_graphs(project: Project, free_port: int) -> None:
    with project.start("serve", "--port", str(free_port), "--data-dir", "kept") as process:
        banner = read_until(process, "curl")

    assert f"http://127.0.0.1:{free_port}\n" in re.sub(" +\n", "\n", banner)
    assert f"http://127.0.0.1:{free_port}/console/\n" in re.sub(" +\n", "\n", banner)
    assert f"http://127.0.0.1:{free_port}/docs" in banner
    assert str(Path("kept/runline.db")) in banner
    assert re.search(r"hello +Greets", banner)


def test_the_curl_line_of_the_banner_streams_a_run(project: Project, free_port: int) -> None:
    with project.start("serve", "--port", str(free_port)) as process:
        line = read_until(process, "curl").splitlines()[-1]
        _curl, _no_buffer, url, _header, header, _data, body = shlex.split(line)
        answer = httpx.post(url, headers=dict([header.split(": ")]), content=body, timeout=30)

    assert answer.status_code == 200
    assert "Hello back" in answer.text


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0(project: Project, free_port: int, sent: signal.Signals) -> None:
    with project.start("serve", "--port", str(free_port)) as process:
        read_until(process, READY)
        process.send_signal(sent)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in output


def test_a_broken_graph_is_named_and_the_others_are_served(broken_project: Project, free_port: int) -> None:
    with broken_project.start("serve", "--port", str(free_port)) as process:
        banner = read_until(process, "curl")

    assert re.search(r"lost +broken: .*a_module_that_is_not_there", banner)
    assert '"assistant_id": "hello"' in banner


def test_strict_mode_refuses_a_broken_graph_by_name(broken_project: Project, free_port: int) -> None:
    result = broken_project.run("serve", "--strict", "--port", str(free_port))

    assert result.returncode == 1
    assert "lost" in result.stderr
    assert "a_module_that_is_not_there" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_one_sentence_with_a_port_that_is_free(project: Project) -> None:
    # somebody else may take what is suggested, but not time and again
    assert any(can_be_taken(suggested_port(project)) for _ in range(3))


def suggested_port(project: Project) -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = project.run("serve", "--port", str(taken.getsockname()[1]))

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    suggested = re.search(r"try --port (\d+), which is free", result.stderr)
    assert suggested
    return int(suggested[1])


def can_be_taken(port: int) -> bool:
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def test_a_gateway_starts_on_the_port_of_one_that_was_killed(project: Project, free_port: int) -> None:
    """Connections of the last gateway still fade away (TIME_WAIT) when the next one starts."""
    for _start in range(2):
        with project.start("serve", "--port", str(free_port)) as process:
            read_until(process, READY)
            httpx.get(f"http://127.0.0.1:{free_port}/ok", timeout=30)
            process.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "gateway.example"])  # noqa: S104 - refused
def test_a_host_that_others_can_reach_is_refused_without_the_setting(project: Project, host: str) -> None:
    result = project.run("serve", "--host", host)

    assert result.returncode == 1
    assert "server.allow_unauthenticated" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_signal_ends_open_streams_after_the_grace_period(project: Project, free_port: int) -> None:
    project.write("agent.py", FOREVER)
    project.write("config.yaml", {"workers": {"shutdown_grace_seconds": 0.1}})
    with project.start("serve", "--port", str(free_port)) as process:
        read_until(process, READY)
        with httpx.stream("POST", f"http://127.0.0.1:{free_port}/runs/stream", json=BODY, timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)  # the run is running
            process.terminate()
            # the answer breaks off rather than ends, so that a client knows to come again
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in output


def test_a_second_signal_ends_it_at_once(project: Project, free_port: int) -> None:
    project.write("agent.py", FOREVER)
    project.write("config.yaml", {"workers": {"shutdown_grace_seconds": 600}})
    with project.start("serve", "--port", str(free_port)) as process:
        read_until(process, READY)
        with httpx.stream("POST", f"http://127.0.0.1:{free_port}/runs/stream", json=BODY, timeout=30) as stream:
            next(stream.iter_lines())  # the run is running
            assert press_until_it_ends(process) == 128 + signal.SIGINT


def press_until_it_ends(process: subprocess.Popen[str]) -> int:
    """Press Ctrl-C again and again, as people do; signals that arrive together count as one."""
    while True:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=0.1)


def test_dev_starts_again_when_a_graph_changes(project: Project, free_port: int) -> None:
    changed = {"graphs": {"hello": {"path": "./agent.py:graph", "description": "Greets anew"}}}
    with project.start("dev", "--port", str(free_port)) as process:
        read_until(process, READY)
        project.write("langgraph.json", json.dumps(changed))

        assert "Greets anew" in read_until(process, "Greets anew")


def test_dev_leaves_it_to_langgraph_json_who_may_call_if_that_says_so(project: Project, free_port: int) -> None:
    cors = {"allow_origins": ["http://own.example"]}
    project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph"}, "http": {"cors": cors}})
    with project.start("dev", "--port", str(free_port)) as process:
        read_until(process, READY)
        own, other = (
            httpx.get(
                f"http://127.0.0.1:{free_port}/ok", headers={"Origin": f"http://{name}.example"}, timeout=30
            ).headers
            for name in ("own", "other")
        )

    assert own["access-control-allow-origin"] == "http://own.example"
    assert "access-control-allow-origin" not in other


def test_the_banner_names_the_mount_prefix(project: Project, free_port: int) -> None:
    project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph"}, "http": {"mount_prefix": "/agents"}})
    with project.start("serve", "--port", str(free_port)) as process:
        line = read_until(process, "curl").splitlines()[-1]

    assert f"http://127.0.0.1:{free_port}/agents/runs/stream" in line


PROMISES = {
    "auth": {"auth": {"path": "./auth.py:auth"}},
    "checkpointer.path": {"checkpointer": {"path": "./saver.py:make"}},
    "http.enable_custom_route_auth": {"http": {"enable_custom_route_auth": True}},
    "http.app": {"http": {"app": "./missing.py:app"}},
}


@pytest.mark.parametrize(("key", "keys"), PROMISES.items(), ids=list(PROMISES))
def test_what_cannot_be_kept_is_not_started(
    project: Project, free_port: int, key: str, keys: dict[str, object]
) -> None:
    project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph"}, **keys})
    result = project.run("serve", "--port", str(free_port))

    assert result.returncode == 1
    assert f"'{key}'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_dev_lets_browser_apps_of_any_origin_call(project: Project, free_port: int) -> None:
    with project.start("dev", "--port", str(free_port)) as process:
        read_until(process, READY)
        answer = httpx.get(f"http://127.0.0.1:{free_port}/ok", headers={"Origin": "http://app.example"}, timeout=30)

    assert answer.headers["access-control-allow-origin"] in ("*", "http://app.example")
