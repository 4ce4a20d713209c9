"""Judges a history and the state it led to. Pure: each function returns the sentences of what is wrong."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaos.agent import STEPS
from chaos.audit import written_too_late
from chaos.history import ACTIVE, FOREVER, Asked, Final, History, Part, Reading, Seen
from chaos.spans import Span, spans_of


class Checker:
    """The promises, one method each."""

    def __init__(self, history: History, final: Final) -> None:
        self._history = history
        self._final = final
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        for seen in sorted(history.seen, key=lambda seen: seen.at):
            self._seen[seen.run_id].append(seen)

    def findings(self) -> dict[str, list[str]]:
        """What is wrong, by promise; all lists are empty when all is well."""
        return {promise: list(check(self)) for promise, check in PROMISES.items()}

    def troubles(self) -> Iterator[str]:
        """No answer was a 5xx but 503, and none was one that the load cannot explain."""
        yield from self._history.troubles

    def lost(self) -> Iterator[str]:
        """An acknowledged run is there, unless somebody asked for it to go while it was active."""
        for asked in self._history.acknowledged:
            if asked.run_id not in self._final.runs and not self._may_be_gone(asked):
                yield f"run {asked.run_id} ({asked.strategy}, thread {asked.thread_id}) is gone"

    def stuck(self) -> Iterator[str]:
        """Every run has ended, and no thread is busy."""
        for run in self._final.runs.values():
            if run.status in ACTIVE:
                yield f"run {run.run_id} is {run.status}"
        for thread_id, status in self._final.threads.items():
            if status == "busy":
                yield f"thread {thread_id} is busy"

    def overlaps(self) -> Iterator[str]:
        """One run of a thread at once, one attempt of a run at once but where it was lost, none after the run's end."""
        spans: dict[str, list[Span]] = defaultdict(list)
        for span in sorted(spans_of(self._final.marks, self._final.lives), key=lambda span: span.began):
            spans[span.thread].append(span)
            if over := next((seen for seen in self._seen[span.run] if _is_end(seen) and seen.at < span.ended), None):
                yield f"run {span.run} executed {span.ended - over.at:.3f} s after it was {over.status}"
        for thread_id, ordered in spans.items():
            latest: Span | None = None
            for span in ordered:
                if any(other.goes_on_from(span) for other in ordered):
                    continue
                if latest and span.began < latest.ended:
                    yield f"thread {thread_id}: {latest} and {span}"
                latest = span if latest is None or span.ended > latest.ended else latest

    def changed(self) -> Iterator[str]:
        """What was terminal stays what it is; a join answers no earlier than that."""
        for run_id, all_seen in self._seen.items():
            kept = self._final.runs.get(run_id)
            gone = {None} if self._thread_deleted(run_id) else set()
            for seen in all_seen:
                if seen.joined and seen.status in ACTIVE:
                    yield f"run {run_id} is {seen.status} after its join"
                later = {other.status for other in all_seen if other.sent_at > seen.at}
                later.add(kept.status if kept else None)
                if _is_end(seen) and (others := later - {seen.status} - gone):
                    yield f"run {run_id} was {seen.status}, then {others}"

    def unexplained(self) -> Iterator[str]:
        """No run asked to fail; one is interrupted only if somebody wanted that."""
        by_run = {asked.run_id: asked for asked in self._history.acknowledged}
        for run in self._final.runs.values():
            asked = by_run.get(run.run_id)
            wanted = asked is None or self._somebody_wanted(asked, "interrupt")
            if run.status not in (*ACTIVE, "success") and not (run.status == "interrupted" and wanted):
                yield f"run {run.run_id} ended in {run.status}"

    def steps(self) -> Iterator[str]:
        """The thread's log holds each run's steps once, in order, in one piece; nothing of runs that are gone."""
        for thread_id, log in self._final.logs.items():
            entries: dict[str, list[str]] = {}
            previous = ""
            for entry in log:
                token, _, step = entry.partition(":")
                if token in entries and token != previous:
                    yield f"thread {thread_id}: the steps of {token} are not in one piece"
                entries.setdefault(token, []).append(step)
                previous = token
            kept = {run.token: run for run in self._final.runs.values() if run.thread_id == thread_id}
            whole = ["input", *STEPS]
            for token, run in kept.items():
                steps = entries.get(token, [])
                if steps != whole[: len(steps)] or (run.status == "success" and steps != whole):
                    yield f"run {run.run_id} ({run.status}) left {steps} in thread {thread_id}"
            for token in entries.keys() - kept.keys():
                yield f"thread {thread_id} holds {entries[token]} of {token}, a run that is gone"

    def not_stopped(self) -> Iterator[str]:
        """What was accepted is done: rolled back runs and deleted threads are gone, interrupted runs have stopped."""
        for stop in self._history.stops:
            if stop.run_id is None:
                if stop.code in (204, 404) and stop.thread_id in self._final.threads:
                    yield f"thread {stop.thread_id} was deleted and is there"
                continue
            run = self._final.runs.get(stop.run_id)
            if stop.code == 202 and run and (stop.action == "rollback" or run.status == "success"):
                yield f"run {stop.run_id}: {stop.action} was accepted, it is {run.status}"

    def doubled(self) -> Iterator[str]:
        """One creation makes one run, however often it had to be sent."""
        made = Counter(run.token for run in self._final.runs.values())
        for token, times in made.items():
            if times > 1:
                yield f"{token} made {times} runs"
        for asked in self._history.asked:
            if asked.refused and asked.token in made:
                yield f"{asked} was refused and made a run"

    def gaps(self) -> Iterator[str]:
        """Numbers grow by one; each reader saw what a replay shows, from the start and to the end it was told."""
        for run_id, parts in self._final.streams.items():
            yield from _not_dense(f"the replay of run {run_id}", parts)
        for reading in self._history.readings:
            yield from self._wrong_reading(reading)

    def untold(self) -> Iterator[str]:
        """The stored stream of a run that succeeded has the events of all its steps, also of those before a death."""
        by_run = {asked.run_id: asked for asked in self._history.acknowledged}
        for run_id, parts in self._final.streams.items():
            run, all_numbers = self._final.runs[run_id], len(STEPS) * by_run[run_id].events
            told = {(said["step"], said["number"]) for _, said in _told(parts)}
            if run.status == "success" and len(told) != all_numbers:
                yield f"the replay of run {run_id} tells {len(told)} of {all_numbers} numbers"

    def too_late(self) -> Iterator[str]:
        """An attempt writes no checkpoint, event or row, and tells nothing, once another has begun."""
        yield from written_too_late(self._final.writes)
        for run_id, parts in self._final.streams.items():
            for attempt, said in _told(parts):
                if said["attempt"] != attempt:
                    yield f"run {run_id}: {said} was told in attempt {attempt}"

    def _wrong_reading(self, reading: Reading) -> Iterator[str]:
        about = f"a reader of run {reading.run_id} ({reading.connections} connections)"
        yield from _not_dense(about, reading.parts)
        replay = self._final.streams.get(reading.run_id)
        if replay is None:
            return
        if reading.gone and reading.parts:
            yield f"{about} was told that the rest is gone, which can be replayed: {reading.gone}"
        if reading.parts != replay[: len(reading.parts)]:
            yield f"{about} saw other events than the replay shows"
        if reading.ended and len(reading.parts) != len(replay):
            yield f"{about} saw {len(reading.parts)} of {len(replay)} events to the end"
        if reading.gone and replay:
            yield f"{about} was told that it is gone: {reading.gone}"

    def _may_be_gone(self, asked: Asked) -> bool:
        deleted = any(stop.run_id is None and stop.thread_id == asked.thread_id for stop in self._history.stops)
        return deleted or self._somebody_wanted(asked, "rollback")

    def _thread_deleted(self, run_id: str) -> bool:
        threads = {asked.thread_id for asked in self._history.acknowledged if asked.run_id == run_id}
        return any(stop.run_id is None and stop.thread_id in threads for stop in self._history.stops)

    def _somebody_wanted(self, asked: Asked, action: str) -> bool:
        """Whether a cancel, or a newcomer, was under way while the run was not yet seen at its end."""
        end = next((seen.at for seen in self._seen[asked.run_id or ""] if _is_end(seen)), FOREVER)
        newcomers = (
            other.thread_id == asked.thread_id
            and other.strategy == action
            and other is not asked
            and not other.refused
            and other.sent_at < end
            and other.done_at > asked.sent_at
            for other in self._history.asked
        )
        stops = (
            stop.run_id == asked.run_id and stop.action == action and stop.sent_at < end for stop in self._history.stops
        )
        return any(newcomers) or any(stops)


def _told(parts: list[Part]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the steps of a run told, and which attempt was telling."""
    attempt = 1
    for part in parts:
        if part.name == "metadata":
            attempt = json.loads(part.data)["attempt"]
        elif part.name == "custom":
            yield attempt, json.loads(part.data)


def _is_end(seen: Seen) -> bool:
    return seen.status is not None and seen.status not in ACTIVE


def _not_dense(about: str, parts: list[Part]) -> Iterator[str]:
    numbers = [part.seq for part in parts]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{about} has the ids {numbers}"


PROMISES: Mapping[str, Callable[[Checker], Iterator[str]]] = {
    "nothing acknowledged is lost": Checker.lost,
    "nothing is stuck": Checker.stuck,
    "no overlaps": Checker.overlaps,
    "an end is an end": Checker.changed,
    "every end has a reason": Checker.unexplained,
    "committed steps exactly once": Checker.steps,
    "stops are carried out": Checker.not_stopped,
    "one request, one run": Checker.doubled,
    "streams without gap or double": Checker.gaps,
    "every committed step is told": Checker.untold,
    "nothing is written too late": Checker.too_late,
    "no unexpected answers": Checker.troubles,
}
