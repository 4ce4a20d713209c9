"""Where a setting comes from, strongest first: flags, environment, config.yaml, langgraph.json's env, default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from runline.config import Settings, load_settings
from runline.errors import ConfigError

CONFIG_YAML = Path(__file__).parents[1] / "config.yaml"

LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("project_env", {"RUNLINE_SERVER__PORT": "9001"}),
    ("config_file", {"server": {"port": 9002}}),
    ("environ", {"PORT": "9003"}),
    ("environ", {"PORT": "9003", "RUNLINE_SERVER__PORT": "9004"}),
    ("flags", {"server": {"port": 9005}}),
]


def test_config_yaml_holds_every_setting_with_its_default() -> None:
    assert yaml.safe_load(CONFIG_YAML.read_text(encoding="utf-8")) == Settings().model_dump(mode="json")


def test_config_yaml_changes_nothing() -> None:
    assert load_settings(config_file=CONFIG_YAML, environ={}) == load_settings(environ={})


def test_every_setting_of_config_yaml_has_a_comment() -> None:
    lines = CONFIG_YAML.read_text(encoding="utf-8").splitlines()
    settings = [line for line in lines if line.strip() and not line.startswith("#") and not line.endswith(":")]

    assert [line for line in settings if "# " not in line] == []


@pytest.mark.parametrize("strongest", range(len(LAYERS)))
def test_a_stronger_layer_wins(strongest: int, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"environ": {}} | dict(LAYERS[: strongest + 1])
    if "config_file" in arguments:
        arguments["config_file"] = write_yaml(tmp_path, arguments["config_file"])

    assert load_settings(**arguments).server.port == 9001 + strongest


def test_layers_are_merged_setting_by_setting(tmp_path: Path) -> None:
    settings = load_settings(
        flags={"server": {"host": "::1"}},
        environ={"RUNLINE_SERVER__PORT": "9000"},
        config_file=write_yaml(tmp_path, {"server": {"cors_origins": ["http://a.example"]}}),
    )

    assert settings.server.model_dump(include={"host", "port", "cors_origins"}) == {
        "host": "::1",
        "port": 9000,
        "cors_origins": ("http://a.example",),
    }


def test_a_list_in_the_environment_is_json() -> None:
    settings = load_settings(environ={"RUNLINE_SERVER__CORS_ORIGINS": '["http://a.example"]'})

    assert settings.server.cors_origins == ("http://a.example",)


def test_an_empty_config_file_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").touch()

    assert load_settings(config_file=tmp_path / "empty.yaml", environ={}) == load_settings(environ={})


def test_a_price_is_taken_digit_by_digit(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("insight: {prices: {my-model: {input: 0.1, output: '0.30'}}}")
    price = load_settings(config_file=tmp_path / "config.yaml", environ={}).insight.prices["my-model"]
    assert (str(price.input), str(price.output), price.cache_read, price.currency) == ("0.1", "0.30", None, "USD")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings(environ={}).data_dir = Path("elsewhere")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("server: {prot: 1}", "Unknown setting 'server.prot'"),
        ("servers: {}", "Unknown setting 'servers'"),
        ("server: {port: 0}", "Setting 'server.port' is wrong"),
        ("log: {level: loud}", "Setting 'log.level' is wrong"),
        ("insight: {prices: {m: {input: -1, output: 1}}}", "Setting 'insight.prices.m.input' is wrong"),
        ("insight: {prices: {m: {input: .nan, output: 1}}}", "Setting 'insight.prices.m.input' is wrong"),
        ("insight: {prices: {m: {input: 1}}}", "Setting 'insight.prices.m.output' is wrong"),
        (
            "insight: {prices: {m: {input: 1, output: 1, currency: euro}}}",
            "Setting 'insight.prices.m.currency' is wrong",
        ),
        ("- a list", "must hold a mapping"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_wrong_config_file_is_a_sentence_that_names_the_setting(content: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=sentence):
        load_settings(config_file=tmp_path / "config.yaml", environ={})


def test_a_config_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config_file=tmp_path / "none.yaml", environ={})


def test_a_wrong_environment_variable_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"server\.port"):
        load_settings(environ={"PORT": "http"})


def write_yaml(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["REDIS_URI", "REDIS_URL", "RUNLINE_REDIS__URI"])
def test_redis_is_found_by_the_names_that_others_use_too(name: str) -> None:
    settings = load_settings(environ={name: "redis://:hunter2@host:6380/1"})

    assert settings.redis.uri
    assert settings.redis.uri.get_secret_value() == "redis://:hunter2@host:6380/1"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("prefix", ["", "a b", "a\nb", "x" * 65])
def test_a_prefix_that_is_no_name_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"redis\.prefix"):
        load_settings(environ={"RUNLINE_REDIS__PREFIX": prefix})
