"""The goals, as sentences and as bounds on what the cases measure, and which of them were reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.names import AEGRA, ALONE, GATEWAY, MINIMAL, OFFICIAL
from bench.results import Results
from bench.tables import Row, number

Value = Callable[[Results], float | None]


def _ours(case: str, figure: str, scale: float = 1) -> Value:
    def value(results: Results) -> float | None:
        measured = results.median(case, GATEWAY, figure)
        return None if measured is None else measured * scale

    return value


def _worst(case: str, figure: str) -> Value:
    return lambda results: results.worst(case, GATEWAY, figure)


def _least(case: str, figure: str) -> Value:
    return lambda results: min(results.values(case, GATEWAY, figure).values(), default=None)


def _total(case: str, figure: str) -> Value:
    return lambda results: results.total(case, GATEWAY, figure)


def _ours_by(other: str, case: str, figure: str) -> Value:
    return lambda results: results.ratio(case, figure, GATEWAY, other)


def _by_ours(other: str, case: str, figure: str) -> Value:
    return lambda results: results.ratio(case, figure, other, GATEWAY)


def _growth(case: str, later: str, earlier: str) -> Value:
    def value(results: Results) -> float | None:
        one, other = results.median(case, GATEWAY, later), results.median(case, GATEWAY, earlier)
        return one / other if one and other else None

    return value


@dataclass(frozen=True)
class Check:
    """One bound: the value is to be at most, or at least, so much."""

    text: str
    value: Value
    at_most: float | None = None
    at_least: float | None = None
    stretch: bool = False

    def row(self, results: Results) -> Row:
        """What it is, measured, bound, and whether it was reached."""
        measured = self.value(results)
        bound = f"<= {number(self.at_most)}" if self.at_most is not None else f">= {number(self.at_least)}"
        return [self.text, number(measured), f"{bound}{' (stretch)' if self.stretch else ''}", self._verdict(measured)]

    def _verdict(self, measured: float | None) -> str:
        if measured is None:
            return "not measured"
        over = self.at_most is not None and measured > self.at_most
        under = self.at_least is not None and measured < self.at_least
        return "no" if over or under else "yes"


@dataclass(frozen=True)
class Goal:
    """A goal and what is measured of it."""

    text: str
    checks: tuple[Check, ...]


_OUTPUT = ("first-event", "thread: first output p50, ms")
_PER_RUN = "CPU per run, us"
_ON_TIME = "share of tokens on time"
_PER_EVENT, _PER_DELIVERY = "CPU per event, us", "CPU per delivered event, us"
_TOKENS = ("stream-1", "plain: tokens/s")
_THREADS = ("wait-32", "existing threads: runs/s")
_RESUME = "first event after a resume p50, ms"
_DRAINED = ("background", "drained: runs/s")
_AFTER_FEW, _AFTER_MANY = "after 2,000 runs, MiB", "after 10,000 runs, MiB"
_RARE, _COMMON = (f"{kind}: of 20,000 / of 200" for kind in ("rare", "common"))
_CREATION = "creation, of 20,000: p50, ms"
_MISSED = "viewers that missed something"
_SUBSCRIBERS_MISSED = "protocol: who missed something"
_BY_CLASSIC = ("subscribers-200", *(f"{kind}: CPU per delivered token, us" for kind in ("protocol", "classic")))

_AEGRA_BY_OURS = f"{AEGRA} / ours"

GOALS = {
    1: Goal(
        "First output in milliseconds",
        (
            Check("first output on a thread p50, ms", _ours(*_OUTPUT), at_most=9),
            Check("times better than official", _by_ours(OFFICIAL, *_OUTPUT), at_least=50),
            Check("/ minimal", _ours_by(MINIMAL, *_OUTPUT), at_most=5),
            Check("/ minimal", _ours_by(MINIMAL, *_OUTPUT), at_most=2.5, stretch=True),
        ),
    ),
    2: Goal(
        "Paced streams come on time and cost little",
        (
            Check("50 streams: CPU per event / minimal", _ours_by(MINIMAL, "paced-50", _PER_EVENT), at_most=1.5),
            Check("200 streams: CPU per event / minimal", _ours_by(MINIMAL, "paced-200", _PER_EVENT), at_most=1.5),
            Check("200 streams: share on time", _ours("paced-200", _ON_TIME), at_least=0.99),
            Check("400 on one core: share on time", _ours("paced-400-one-core", _ON_TIME), at_least=0.99, stretch=True),
        ),
    ),
    3: Goal(
        "Reconnects lose nothing and replay is quick",
        (
            Check("cuts", _total("reconnect", "cuts"), at_least=1000),
            Check("tokens lost", _total("reconnect", "tokens lost"), at_most=0),
            Check("tokens doubled", _total("reconnect", "tokens doubled"), at_most=0),
            Check("first event after a resume p50, ms", _ours("reconnect", f"plain: {_RESUME}"), at_most=3),
            Check("the same of resumable runs", _ours("reconnect", f"resumable: {_RESUME}"), at_most=3),
            Check("replay, events/s", _ours("replay", "events/s"), at_least=30_000),
            Check("replay, events/s", _ours("replay", "events/s"), at_least=60_000, stretch=True),
        ),
    ),
    4: Goal(
        "One stream of tokens, every event replayable",
        (
            Check("tokens/s", _ours(*_TOKENS), at_least=10_600),
            Check("/ minimal", _ours_by(MINIMAL, *_TOKENS), at_least=0.5),
        ),
    ),
    5: Goal(
        "/runs/wait near the limit",
        (
            Check("32 clients on threads / in process", _ours_by(ALONE, *_THREADS), at_least=0.6),
            Check("32 clients on threads / official", _ours_by(OFFICIAL, *_THREADS), at_least=2),
            Check("one client, p50 / in process", _ours_by(ALONE, "wait-1", "existing threads: p50, ms"), at_most=3),
        ),
    ),
    6: Goal(
        "A durable run costs little CPU time, and waiting never polls",
        (
            Check("on threads, ms per run", _ours("wait-32", f"existing threads: {_PER_RUN}", 1e-3), at_most=3),
            Check("stateless, ms per run", _ours("wait-32", f"stateless: {_PER_RUN}", 1e-3), at_most=3),
            Check(
                "on threads, ms per run",
                _ours("wait-32", f"existing threads: {_PER_RUN}", 1e-3),
                at_most=2.2,
                stretch=True,
            ),
        ),
    ),
    7: Goal(
        "Background runs start at once and are worked off quickly",
        (
            Check("queue wait p50, ms", _ours("background", "queue wait p50 at low load, ms"), at_most=10),
            Check("500 runs drained, runs/s", _ours(*_DRAINED), at_least=230),
            Check("runs without success", _total("background", "drained: runs without success"), at_most=0),
        ),
    ),
    8: Goal(
        "Many viewers of one run cost little",
        (
            Check("100 viewers: CPU per delivery, us", _ours("viewers-100", _PER_DELIVERY), at_most=30),
            Check("500 viewers: fewest that watched", _least("viewers-500", "viewers"), at_least=500),
            Check("500 viewers: missed something", _total("viewers-500", _MISSED), at_most=0),
            Check("200 subscribers: CPU per delivery / classic", _growth(*_BY_CLASSIC), at_most=1.3),
            Check("200 subscribers: who missed something", _total("subscribers-200", _SUBSCRIBERS_MISSED), at_most=0),
        ),
    ),
    9: Goal(
        "Long threads grow no slower than langgraph's own, and searches not with the number of threads",
        (
            Check(
                "turn 200 / turn 10, by the same in process",
                _ours_by(ALONE, "long-thread", "turn 200 / turn 10"),
                at_most=1.1,
            ),
            Check("by metadata that few have, 20,000 threads / 200", _ours("threads", _RARE), at_most=1.5),
            Check("by metadata that all have, 20,000 threads / 200", _ours("threads", _COMMON), at_most=1.5),
            Check("creating the 20,000th thread p50, ms", _ours("threads", _CREATION), at_most=2),
            Check("token usage of a thread of 500 runs p50, ms", _ours("insight", "token usage: p50, ms"), at_most=15),
            Check("its messages missed or repeated", _total("insight", "messages missed or repeated"), at_most=0),
        ),
    ),
    10: Goal(
        "Little memory, and no more of it over time",
        (
            Check("KiB per idle /join", _worst("joins", "KiB per /join"), at_most=40),
            Check("KiB per idle /stream", _worst("joins", "KiB per /stream"), at_most=40),
            Check("KiB per idle subscriber", _worst("agent-streams", "KiB per subscriber"), at_most=40),
            Check("KiB per idle thread stream", _worst("thread-streams", "KiB per thread stream"), at_most=40),
            Check("at rest, MiB", _ours("memory", "at rest, MiB"), at_most=120),
            Check(
                "after 10,000 runs / after 2,000, events kept 1 s",
                _growth("memory", f"events kept 1 s: {_AFTER_MANY}", f"events kept 1 s: {_AFTER_FEW}"),
                at_most=1.1,
            ),
            Check(
                "after 10,000 runs / after 2,000",
                _growth("memory", _AFTER_MANY, _AFTER_FEW),
                at_most=1.1,
            ),
        ),
    ),
    11: Goal(
        "On PostgreSQL and Redis: cheaper and sooner than Aegra, and more by two workers than by one",
        (
            Check(f"first output on a thread, {_AEGRA_BY_OURS}", _by_ours(AEGRA, *_OUTPUT), at_least=1.5),
            Check(
                f"CPU per run on threads, {_AEGRA_BY_OURS}",
                _by_ours(AEGRA, "wait-32", f"existing threads: {_PER_RUN}"),
                at_least=4,
            ),
            Check(
                f"CPU per token, {_AEGRA_BY_OURS}", _by_ours(AEGRA, "stream-8", "plain: CPU per token, us"), at_least=3
            ),
            Check(
                f"one client waits, {_AEGRA_BY_OURS}",
                _by_ours(AEGRA, "wait-1", "stateless: p50, ms"),
                at_least=50,
            ),
            Check("two workers / one, runs that wait", _ours("workers", "waiting: two / one"), at_least=1.7),
        ),
    ),
}


def goal_rows(results: Results) -> list[Row]:
    """The final table: a head, then each goal with its checks."""
    rows: list[Row] = [["goal", "measured", "bound", "reached"]]
    for place, goal in GOALS.items():
        rows.append([f"{place}. {goal.text}", "", "", ""])
        for check in goal.checks:
            text, *rest = check.row(results)
            rows.append([f"   {text}", *rest])
    return rows
