"""The flags that the commands share, and how they become Settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from runline.config import Settings
    from runline.graphs.project import GraphProject

CONFIG_FILE = Path("config.yaml")

HostFlag = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
PortFlag = Annotated[int | None, typer.Option("--port", help="Port to listen on.")]
ConfigFlag = Annotated[Path | None, typer.Option("--config", help="Settings file; config.yaml if it exists.")]
GraphsFlag = Annotated[Path | None, typer.Option("--graphs", help="The langgraph.json that names the graphs.")]
DataDirFlag = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the database files.")]
UrlFlag = Annotated[
    str | None, typer.Option("--url", help="Where the gateway is; server.host and server.port if not given.")
]
StrictFlag = Annotated[
    bool | None, typer.Option("--strict/--no-strict", help="Refuse to start when a graph fails to import.")
]


@dataclass(frozen=True)
class Flags:
    """What the command line said. None means that it said nothing, so that a weaker layer decides."""

    host: str | None = None
    port: int | None = None
    config: Path | None = None
    graphs: Path | None = None
    data_dir: Path | None = None
    strict: bool | None = None

    @property
    def config_file(self) -> Path | None:
        """The file that was asked for, else config.yaml if there is one."""
        if self.config is None and CONFIG_FILE.is_file():
            return CONFIG_FILE
        return self.config

    def load_settings(self, project_env: Mapping[str, str] | None = None) -> Settings:
        """All layers merged. Raises ConfigError."""
        from runline.config import load_settings

        return load_settings(flags=self._nested(), config_file=self.config_file, project_env=project_env)

    def load(self) -> tuple[Settings, GraphProject]:
        """Settings and graphs. The settings say where langgraph.json is, whose `env` is a layer of them."""
        from runline.graphs.project import read_project

        project = read_project(self.load_settings().graphs.file)
        return self.load_settings(project.env), project

    def _nested(self) -> dict[str, Any]:
        said: dict[str, dict[str, Any]] = {
            "server": {"host": self.host, "port": self.port},
            "graphs": {"file": self.graphs, "strict": self.strict},
        }
        nested: dict[str, Any] = {
            section: {name: value for name, value in values.items() if value is not None}
            for section, values in said.items()
        }
        return nested if self.data_dir is None else nested | {"data_dir": self.data_dir}
