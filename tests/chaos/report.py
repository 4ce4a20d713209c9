"""A scenario in numbers."""

from __future__ import annotations

from statistics import median

from chaos.scenario import Outcome

_SHOWN = 5


def report_of(title: str, outcome: Outcome) -> str:
    """Counts, recovery times, and the first sentences of what is wrong."""
    history, final = outcome.history, outcome.final
    deaths = [life.by for life in final.lives]
    lines = [
        f"{title}: {outcome.seconds:.0f} s, {deaths.count('kill')} x SIGKILL, {deaths.count('stop')} x SIGTERM",
        f"  acknowledged {len(history.acknowledged)} of {len(history.asked)} sent, kept {len(final.runs)}, "
        f"threads {len(history.threads)}, stops {len(history.stops)}, looks {len(history.seen)}",
        f"  readers {len(history.readings)} over {sum(reading.connections for reading in history.readings)} "
        f"connections, {sum(map(len, final.streams.values()))} events replayed",
        "  " + ", ".join(f"{promise} {len(sentences)}" for promise, sentences in outcome.findings.items()),
        f"  complaints in the log {len(outcome.complaints)}",
        f"  start to ready: {_times([life.ready_at - life.started_at for life in final.lives])}",
        f"  ready to running again: {_times(outcome.recovery)}",
        f"  death to running again: {_times(outcome.takeover)}",
    ]
    if outcome.wrong or outcome.complaints:
        lines += [f"  {each.began:.3f} to {each.over:.3f}: {each.fault}, {each.whom}" for each in history.befallen]
    for promise, sentences in outcome.wrong.items():
        lines += [f"  {promise}: {sentence}" for sentence in sentences[:_SHOWN]]
    return "\n".join([*lines, *(f"  {line[:2000]}" for line in outcome.complaints[:_SHOWN])])


def _times(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return f"p50 {median(seconds):.2f} s, max {max(seconds):.2f} s, of {len(seconds)}"
