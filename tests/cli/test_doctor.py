"""`runline doctor` looks at everything and says with its exit code whether the gateway would start."""

from __future__ import annotations

import socket

import pytest
from redis import Redis

from cli.project import Project
from kit.redis_server import redis_server


def rows(output: str) -> dict[str, tuple[str, str]]:
    """The printed table: check -> (result, detail)."""
    lines = (line.split("  ", 1) for line in output.splitlines()[1:])
    cells = ((check, rest.split(maxsplit=1)) for check, rest in lines)
    return {check: (result, detail.strip()) for check, (result, detail) in cells}


def test_a_sound_project_passes_every_check(project: Project, free_port: int) -> None:
    result = project.run("doctor", "--port", str(free_port))

    found = rows(result.stdout)
    assert {word for word, _ in found.values()} == {"ok"}
    assert found["graph hello"] == ("ok", "imports")
    assert found["port"] == ("ok", f"{free_port} on 127.0.0.1 is free")
    assert {"python", "langgraph", "langgraph-checkpoint", "langgraph-checkpoint-sqlite", "sqlite"} <= found.keys()
    assert result.returncode == 0


def test_looking_leaves_nothing_behind(project: Project, free_port: int) -> None:
    before = {path.name for path in project.folder.iterdir()}
    project.run("doctor", "--port", str(free_port), PYTHONDONTWRITEBYTECODE="1")

    assert {path.name for path in project.folder.iterdir()} == before


def test_a_broken_graph_fails_and_the_others_are_still_looked_at(broken_project: Project, free_port: int) -> None:
    result = broken_project.run("doctor", "--port", str(free_port))

    found = rows(result.stdout)
    assert found["graph hello"][0] == "ok"
    assert found["graph lost"][0] == "failed"
    assert "a_module_that_is_not_there" in found["graph lost"][1]
    assert result.returncode == 1


def test_keys_without_effect_are_warnings_and_do_not_fail(project: Project, free_port: int) -> None:
    project.write(
        "langgraph.json",
        {"graphs": {"hello": "./agent.py:graph"}, "encryption": {}, "colour": 1, "node_version": "20"},
    )
    result = project.run("doctor", "--port", str(free_port))

    found = rows(result.stdout)
    assert found["unsupported key"][0] == "warning"
    assert found["unknown key"] == ("warning", "'colour' is not a key of langgraph.json")
    assert found["ignored key"][0] == "ok"
    assert result.returncode == 0


def test_a_custom_app_is_imported_like_a_graph(project: Project, free_port: int) -> None:
    graphs = {"hello": "./agent.py:graph"}
    project.write("web.py", "from starlette.applications import Starlette\napp = Starlette()\n")
    project.write("langgraph.json", {"graphs": graphs, "http": {"app": "./web.py:app", "logging_headers": {}}})
    sound = project.run("doctor", "--port", str(free_port))
    project.write("web.py", "app = 3\n")
    broken = project.run("doctor", "--port", str(free_port))

    assert rows(sound.stdout)["custom app"] == ("ok", "imports")
    assert rows(sound.stdout)["unsupported key"][1].startswith("'http.logging_headers' is not supported")
    assert sound.returncode == 0
    assert rows(broken.stdout)["custom app"][0] == "failed"
    assert broken.returncode == 1


def test_a_wrong_setting_fails_with_its_name(project: Project) -> None:
    project.write("config.yaml", {"server": {"port": "many"}})
    result = project.run("doctor")

    word, detail = rows(result.stdout)["settings"]
    assert (word, result.returncode) == ("failed", 1)
    assert "server.port" in detail


def test_an_unreadable_langgraph_json_fails_and_the_rest_is_still_looked_at(project: Project, free_port: int) -> None:
    project.write("langgraph.json", "{")
    result = project.run("doctor", "--port", str(free_port))

    found = rows(result.stdout)
    assert (found["graphs file"][0], found["port"][0], result.returncode) == ("failed", "ok", 1)


@pytest.mark.parametrize("data_dir", ["agent.py/data", "agent.py"])
def test_a_data_folder_that_cannot_be_written_fails(project: Project, free_port: int, data_dir: str) -> None:
    result = project.run("doctor", "--port", str(free_port), "--data-dir", data_dir)

    assert (rows(result.stdout)["data folder"][0], result.returncode) == ("failed", 1)


def test_a_taken_port_fails(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = project.run("doctor", "--port", str(port))

    word, detail = rows(result.stdout)["port"]
    assert (word, result.returncode) == ("failed", 1)
    assert detail.startswith(f"Port {port} on 127.0.0.1 is already in use")


def test_an_embedding_that_cannot_be_made_fails_and_keeps_the_gateway_from_starting(
    project: Project, free_port: int
) -> None:
    def write(embed: str) -> None:
        index = {"dims": 1, "embed": embed}
        project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph"}, "store": {"index": index}})

    project.write("embed.py", "def embed(texts):\n    return [[1.0]] * len(texts)\n")
    write("./embed.py:embed")
    assert rows(project.run("doctor", "--port", str(free_port)).stdout)["store index"][0] == "ok"

    write("./embed.py:lost")
    result = project.run("doctor", "--port", str(free_port))
    assert (rows(result.stdout)["store index"][0], result.returncode) == ("failed", 1)
    refused = project.run("serve", "--port", str(free_port))
    assert refused.returncode != 0
    assert "'store.index.embed' is ./embed.py:lost" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_webhooks_are_looked_at(project: Project, free_port: int) -> None:
    graphs, headers = {"hello": "./agent.py:graph"}, {"X-Token": "${{ env.LG_WEBHOOK_AUTH }}"}
    project.write("langgraph.json", {"graphs": graphs, "webhooks": {"headers": headers}})

    found = rows(project.run("doctor", "--port", str(free_port)).stdout)
    assert found["webhooks"][0] == "failed"
    assert "LG_WEBHOOK_AUTH, which is not set" in found["webhooks"][1]
    result = project.run("doctor", "--port", str(free_port), LG_WEBHOOK_AUTH="canary")
    assert (rows(result.stdout)["webhooks"][0], result.returncode) == ("ok", 0)
    assert "canary" not in result.stdout


def test_a_redis_that_answers_is_found(project: Project, free_port: int, redis_uri: str) -> None:
    found = rows(project.run("doctor", "--port", str(free_port), REDIS_URI=redis_uri).stdout)

    assert found["redis"][0] == "ok"
    assert "redis maxmemory-policy" not in found


def test_a_redis_that_does_not_answer_fails(project: Project, free_port: int) -> None:
    result = project.run("doctor", "--port", str(free_port), REDIS_URI="redis://127.0.0.1:1/0")

    assert rows(result.stdout)["redis"][0] == "failed"
    assert result.returncode == 1


def test_an_address_that_is_none_fails(project: Project, free_port: int) -> None:
    result = project.run("doctor", "--port", str(free_port), REDIS_URI="http://host/0")

    assert rows(result.stdout)["redis"][0] == "failed"


def test_a_redis_that_may_forget_live_streams_is_a_warning(project: Project, free_port: int) -> None:
    with redis_server() as server, Redis.from_url(server.uri) as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        result = project.run("doctor", "--port", str(free_port), REDIS_URI=server.uri)

    assert rows(result.stdout)["redis maxmemory-policy"][0] == "warning"
    assert result.returncode == 0


def test_a_redis_that_runs_no_scripts_for_us_fails(project: Project, free_port: int) -> None:
    with redis_server() as server, Redis.from_url(server.uri) as client:
        client.acl_setuser("plain", enabled=True, nopass=True, keys=["*"], channels=["*"], categories=["+@all"])
        client.execute_command("ACL", "SETUSER", "plain", "-eval")
        uri = server.uri.replace("redis://", "redis://plain:any@")
        result = project.run("doctor", "--port", str(free_port), REDIS_URI=uri)

    found = rows(result.stdout)
    assert (found["redis"][0], found["redis scripts"][0], result.returncode) == ("ok", "failed", 1)


def test_doctor_says_whether_runs_are_traced(project: Project, free_port: int) -> None:
    off = project.run("doctor", "--port", str(free_port), OTEL_SERVICE_NAME="shop")
    on = project.run("doctor", "--port", str(free_port), OTEL_EXPORTER_OTLP_ENDPOINT="http://me:secret@collector:4318")

    assert rows(off.stdout)["tracing"] == ("ok", "off")
    assert rows(on.stdout)["tracing"] == ("ok", "on: spans go to http://collector:4318")


def test_tracing_without_its_extra_is_told_before_the_start(project: Project, free_port: int) -> None:
    """A package in the way of OpenTelemetry's exporters, as if there were none."""
    (project.folder / "opentelemetry" / "exporter").mkdir(parents=True)
    project.write("opentelemetry/exporter/__init__.py", "")
    environ = {"OTEL_TRACES_EXPORTER": "otlp", "PYTHONPATH": str(project.folder)}
    found = rows(project.run("doctor", "--port", str(free_port), **environ).stdout)
    served = project.run("serve", "--port", str(free_port), **environ)

    assert found["tracing"][0] == "failed"
    assert "pip install 'runline[otel]'" in found["tracing"][1]
    assert served.returncode == 1
    assert "pip install 'runline[otel]'" in served.stderr
