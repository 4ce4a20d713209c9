"""What OpenTelemetry's variables ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runline.errors import ConfigError
from runline.tracing.wanted import read_wanted

PLACE = "http://collector:4318"


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "shop"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": PLACE}, PLACE),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{PLACE}/v1/traces"}, f"{PLACE}/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:secret@collector:4318"}, "https://collector:4318"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": PLACE}, None),
        ({"OTEL_SDK_DISABLED": "True", "OTEL_EXPORTER_OTLP_ENDPOINT": PLACE}, None),
    ],
)
def test_spans_go_where_the_environment_says(environ: dict[str, str], place: str | None) -> None:
    assert read_wanted(environ) == place


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": PLACE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "cannot be sent by 'grpc'"),
    ],
)
def test_what_cannot_be_done_is_refused(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read_wanted(environ)


def test_a_gateway_that_traces_nothing_imports_nothing_for_it() -> None:
    program = (
        "import sys, runline.app\n"
        "own = ('opentelemetry.exporter', 'runline.tracing.spans', 'runline.tracing.handler')\n"
        "print([name for name in sys.modules if name in own])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"
