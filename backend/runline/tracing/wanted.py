"""What the environment says of tracing, in OpenTelemetry's own variables. Looking imports none of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import urlsplit

from runline.errors import ConfigError

_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_DEFAULT_ENDPOINT = "http://localhost:4318"


def read_wanted(environ: Mapping[str, str]) -> str | None:
    """Where spans are to go, without credentials; None if there is to be no tracing.

    Raises ConfigError for what is asked for and cannot be done.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip()
    endpoint = _of_traces(environ, "ENDPOINT")
    if exporter == "none" or not (exporter or endpoint):
        return None
    _check(exporter, _of_traces(environ, "PROTOCOL"))
    place = urlsplit(endpoint or _DEFAULT_ENDPOINT)
    return f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"


def _of_traces(environ: Mapping[str, str], name: str) -> str:
    """The variable for traces, else the one for all signals."""
    own = environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}", "").strip()
    return own or environ.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()


def _check(exporter: str, protocol: str) -> None:
    if exporter not in ("", "otlp"):
        raise ConfigError(f"OTEL_TRACES_EXPORTER is '{exporter}': Runline knows 'otlp' and 'none'.")
    if protocol not in ("", "http/protobuf"):
        raise ConfigError(f"Spans cannot be sent by '{protocol}': set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf.")
    if not all(map(_is_installed, _PACKAGES)):
        raise ConfigError(
            "The environment asks for traces (OTEL_...), and OpenTelemetry is not installed:"
            " pip install 'runline[otel]', or set OTEL_SDK_DISABLED=true."
        )


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
