"""All cases, in the order in which they are measured."""

from __future__ import annotations

from bench.cases import (
    agent_viewers,
    background,
    crons,
    first_event,
    insight,
    long_thread,
    memory,
    paced,
    reconnect,
    redis,
    replay,
    stream,
    threads,
    viewers,
    wait,
)

CASES = (
    first_event.CASE,
    wait.ONE,
    wait.MANY,
    background.CASE,
    crons.CASE,
    stream.ONE,
    stream.EIGHT,
    paced.FIFTY,
    paced.TWO_HUNDRED,
    paced.FIVE_HUNDRED,
    paced.ONE_CORE,
    redis.CASE,
    viewers.HUNDRED,
    viewers.FIVE_HUNDRED,
    agent_viewers.CASE,
    replay.CASE,
    replay.STORED,
    reconnect.CASE,
    long_thread.CASE,
    insight.CASE,
    threads.CASE,
    memory.JOINS,
    memory.THREAD_STREAMS,
    memory.AGENT_STREAMS,
    memory.RUNS,
)
