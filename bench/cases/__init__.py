"""All cases, in the order in which they are measured."""

from __future__ import annotations

from bench.cases import background, first_event, stream, wait

CASES = (first_event.CASE, wait.ONE, wait.MANY, background.CASE, stream.ONE, stream.EIGHT)
