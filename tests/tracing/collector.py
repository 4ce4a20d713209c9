"""Somebody's collector of spans: it takes what comes over OTLP/HTTP, and decodes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from kit.receiver import Receiver, receiving
from kit.waiting import wait_until


@dataclass(frozen=True)
class SentSpan:
    """One span; ids in hex, `parent` empty for a root, times in nanoseconds."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    begun: int
    ended: int
    attributes: Mapping[str, Any]
    failed: bool
    service: Mapping[str, Any]


@dataclass(frozen=True)
class Collector:
    """Spans by name, as they have come so far."""

    receiver: Receiver

    @property
    def environ(self) -> dict[str, str]:
        """What makes a gateway send its spans here, at once."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.receiver.url(""),
            "OTEL_BSP_SCHEDULE_DELAY": "20",
        }

    @property
    def spans(self) -> list[SentSpan]:
        return [span for call in self.receiver.calls for span in _decoded(call.body)]

    def named(self, name: str) -> list[SentSpan]:
        """In the order of their beginning."""
        return sorted((span for span in self.spans if span.name == name), key=lambda span: span.begun)

    async def until(self, name: str, times: int = 1) -> list[SentSpan]:
        """Wait until so many spans of that name have come, and return them."""
        await wait_until(lambda: len(self.named(name)) >= times, timeout=20)
        return self.named(name)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    async with receiving() as receiver:
        yield Collector(receiver)


def _decoded(body: bytes) -> Iterator[SentSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        service = _plain(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SentSpan(
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    name=span.name,
                    kind=span.kind,
                    begun=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    attributes=_plain(span.attributes),
                    failed=span.status.code == 2,
                    service=service,
                )


def _plain(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    value: AnyValue = pair.value
    return getattr(value, value.WhichOneof("value") or "string_value")
