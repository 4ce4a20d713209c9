"""`runline db upgrade`, `current` and `check`, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.project import Project
from kit.postgres import Server
from runline.storage.migrating import newest_revision


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment that names a database which nobody has used."""
    if request.param == "sqlite":
        yield {}
    else:
        with request.getfixturevalue("postgres").database() as conninfo:
            yield {"DATABASE_URI": conninfo}


def test_an_upgrade_makes_the_tables_that_this_version_works_with(project: Project, settings: dict[str, str]) -> None:
    newest = newest_revision()
    before = project.run("db", "check", **settings)
    assert before.returncode == 1
    assert f"no tables yet; the newest is {newest}" in before.stdout
    assert "runline db upgrade" in before.stderr

    assert f"revision {newest}" in project.run("db", "upgrade", **settings).stdout

    assert project.run("db", "check", **settings).returncode == 0
    current = project.run("db", "current", **settings)
    assert (current.returncode, current.stdout.strip().endswith(f"revision {newest}")) == (0, True)


def test_looking_makes_no_file(project: Project) -> None:
    assert project.run("db", "current").returncode == 0
    assert not (project.folder / ".runline").exists()


def test_a_password_is_never_shown(project: Project) -> None:
    uri = "postgresql://me:secret@127.0.0.1:1/there"
    for arguments in (("db", "current"), ("db", "upgrade"), ("serve",), ("doctor",)):
        result = project.run(*arguments, POSTGRES_URI=uri)
        assert result.returncode == 1
        assert "secret" not in result.stdout + result.stderr
        assert "cannot" in result.stdout + result.stderr


@pytest.mark.parametrize("uri", ["mysql://me:secret@host/name", "sqlite:///file.db", "secret"])
def test_an_address_of_another_kind_is_refused_without_repeating_it(project: Project, uri: str) -> None:
    result = project.run("db", "current", DATABASE_URI=uri)
    assert result.returncode == 1
    assert "Setting 'database.uri' is wrong: it is not an address such as postgresql://" in result.stderr
    assert "secret" not in result.stderr


def test_doctor_looks_at_the_database(project: Project, postgres: Server, free_port: int) -> None:
    with postgres.database() as conninfo:
        result = project.run("doctor", "--port", str(free_port), RUNLINE_DATABASE__URI=conninfo)
    assert result.returncode == 0
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("database"))
    assert line.split()[1] == "ok"
    assert "no tables yet" in line
