"""The form of docker-compose.yml and backend/Dockerfile: what they name is there, and is what the gateway takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from runline.config import load_settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "backend" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
OURS = ("gateway", "worker")


def instructions(verb: str) -> list[str]:
    return [line.removeprefix(f"{verb} ") for line in DOCKERFILE.splitlines() if line.startswith(f"{verb} ")]


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"(RUNLINE_\w+)=(\S+)", " ".join(instructions("ENV"))))


def test_every_service_has_a_health_check_and_who_is_waited_for_is_there() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert name in OURS or service["healthcheck"]["test"][0] == "CMD"
        for other, how in service.get("depends_on", {}).items():
            assert (other in services, how) == (True, {"condition": "service_healthy"})
    assert COMPOSE["volumes"].keys() == {"postgres"}


@pytest.mark.parametrize("name", OURS)
def test_gateway_and_worker_share_one_database_and_one_redis(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["build"] == {"context": ".", "dockerfile": "backend/Dockerfile"}
    assert "container_name" not in service, "--scale makes several"
    settings = load_settings(environ={**image_environment(), **service["environment"]})
    assert settings.is_shared
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 8123)  # noqa: S104 - compared with
    assert settings.server.allow_unauthenticated


def test_the_gateway_is_published_to_this_machine_alone() -> None:
    published = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    assert {name: ports for name, ports in published.items() if ports} == {"gateway": ["127.0.0.1:8123:8123"]}


def test_there_is_time_to_drain() -> None:
    grace = {name: COMPOSE["services"][name]["stop_grace_period"] for name in OURS}
    assert all(float(seconds.removesuffix("s")) > load_settings(environ={}).workers.shutdown_grace_seconds + 5
               for seconds in grace.values())  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_the_command_is_one_that_runline_knows(name: str) -> None:
    command = COMPOSE["services"][name].get("command", ["serve"])
    flags = [word for word in command if word.startswith("--")]
    shown = subprocess.run(
        [sys.executable, "-m", "runline", command[0], "--help"], capture_output=True, text=True, check=True,
        env={"COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout  # fmt: skip
    assert all(flag in shown for flag in flags)


def test_what_the_image_copies_is_there_and_is_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for copy in instructions("COPY"):
        if copy.startswith("--from="):
            continue
        *sources, _ = shlex.split(copy)
        for source in sources:
            assert (ROOT / source).exists()
            assert any(source == name or source.startswith(f"{name}/") for name in kept)


def test_the_last_stage_runs_as_nobody_special_with_what_the_others_made() -> None:
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert "\nUSER runline\n" in last
    assert "HEALTHCHECK" in last
    assert last.index("\nUSER") < last.index("\nENTRYPOINT")
    assert '\nENTRYPOINT ["runline"]\n' in last
    assert (ROOT / "examples/agents/langgraph.json").exists()
