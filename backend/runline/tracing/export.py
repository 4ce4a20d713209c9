"""Opens the tracer that the environment asks for, and sends its last spans when the gateway stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runline import __version__
from runline.tracing.tracer import Tracer
from runline.tracing.wanted import read_wanted

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

_LAST_SPANS_SECONDS = 3.0
"""A collector that does not answer holds up no shutdown for longer."""


@asynccontextmanager
async def open_tracer(environ: Mapping[str, str]) -> AsyncIterator[Tracer]:
    """The tracer of one core. Raises ConfigError."""
    if read_wanted(environ) is None:
        yield Tracer()
        return
    # an extra: imported where it is asked for
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    from runline.tracing.spans import SpanTracer  # noqa: PLC0415

    exporter = OTLPSpanExporter()
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield SpanTracer(provider.get_tracer("runline", __version__))
    finally:
        giving_up = threading.Timer(_LAST_SPANS_SECONDS, exporter.shutdown)
        giving_up.start()
        await asyncio.to_thread(provider.shutdown)
        giving_up.cancel()


def _resource() -> Resource:
    """What the environment says this service is; else it is `runline`."""
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource  # noqa: PLC0415

    found = Resource.create()
    named = not str(found.attributes[SERVICE_NAME]).startswith("unknown_service")
    own = {SERVICE_VERSION: __version__} | ({} if named else {SERVICE_NAME: "runline"})
    return Resource({**own, **found.attributes}) if named else found.merge(Resource(own))
