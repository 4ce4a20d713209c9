"""The checker finds what is wrong: a history that is in order passes, and each thing put out of order is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chaos.agent import STEPS
from chaos.audit import Write
from chaos.checker import PROMISES, Checker
from chaos.history import Asked, Final, History, KeptRun, Life, Mark, Part, Reading, Seen, Stop

PID, THREAD = 7, "thread"
Damage = Callable[[History, Final], None]


def asked(token: str, at: float, strategy: str = "enqueue") -> Asked:
    """A creation of the run that has the same name."""
    return Asked(token, THREAD, strategy, True, 1, True, at, at + 0.1, run_id=token)


def parts_of(first: int, steps: tuple[str, ...]) -> list[Part]:
    """The events of these steps."""
    return [Part(seq, "custom", said(step)) for seq, step in enumerate(steps, first)]


def said(step: str, attempt: int = 1) -> str:
    """What a step tells."""
    return json.dumps({"step": step, "number": 0, "attempt": attempt})


def writes_of(run: str, attempt: int, node: str) -> list[Write]:
    """An attempt is claimed, saves and tells."""
    return [
        Write(node, "runs", run, attempt, "running", 10 * attempt),
        Write(node, "segments", run),
        Write(node, "checkpoint_writes", run),
        Write(node, "checkpoints", run, attempt),
    ]


def marks_of_run(run: str, began: float) -> list[Mark]:
    """Three steps, each 0.1 s long."""
    return [
        Mark(run, THREAD, 1, PID, step, what, began + number / 10 + offset)
        for number, step in enumerate(STEPS)
        for what, offset in (("enter", 0.0), ("leave", 0.1))
    ]


def in_order() -> tuple[History, Final]:
    """Runs a and b succeed on one thread, one after the other; a was watched, and its stream read."""
    history = History(
        asked=[asked("a", 1), asked("b", 1.5)],
        seen=[Seen("a", "running", 2, 2.1), Seen("a", "success", 4, 4.1, joined=True)],
        readings=[Reading("a", parts_of(1, STEPS), connections=2, ended=True)],
        threads=[THREAD],
    )
    runs = {token: KeptRun(token, THREAD, "success", token) for token in "ab"}
    log = [f"{token}:{step}" for token in "ab" for step in ("input", *STEPS)]
    streams = {"a": parts_of(1, STEPS), "b": parts_of(1, STEPS)}
    marks = [*marks_of_run("a", 2), *marks_of_run("b", 3)]
    writes = [
        *writes_of("a", 1, "one"),
        # what it has still to tell is written as it is given back
        Write("one", "runs", "a", 1, "pending", 11),
        Write("one", "run_events", "a", 1, transaction=11),
        *writes_of("a", 2, "two"),
        Write("two", "runs", "a", 2, "success", 21),
    ]
    return history, Final(runs, {THREAD: "idle"}, {THREAD: log}, streams, marks, [Life(PID, 0, 1)], writes)


def broken(history: History, final: Final) -> list[str]:
    """The promises that the checker finds broken."""
    return [promise for promise, sentences in Checker(history, final).findings().items() if sentences]


def test_what_is_in_order_passes() -> None:
    assert broken(*in_order()) == []


def lose(history: History, final: Final) -> None:
    del final.runs["b"], final.streams["b"]
    del final.logs[THREAD][4:]


def leave_stuck(history: History, final: Final) -> None:
    final.threads[THREAD] = "busy"


def overlap(history: History, final: Final) -> None:
    assert isinstance(final.marks, list)
    final.marks[6:] = marks_of_run("b", 2.25)


def go_on_too_long(history: History, final: Final) -> None:
    """The process that lost the run to another stops only after 1.5 seconds."""
    assert isinstance(final.marks, list)
    final.marks[:] = [mark._replace(attempt=2) for mark in final.marks]
    final.marks.extend(Mark("a", THREAD, 1, PID + 1, "one", what, at) for what, at in (("enter", 1.9), ("leave", 3.5)))


def execute_after_the_end(history: History, final: Final) -> None:
    history.seen[0] = Seen("b", "success", 3, 3.1)


def change_the_end(history: History, final: Final) -> None:
    history.seen[0] = Seen("a", "interrupted", 2.4, 2.5)


def join_early(history: History, final: Final) -> None:
    history.seen[0] = Seen("a", "running", 2, 2.1, joined=True)


def interrupt_unasked(history: History, final: Final) -> None:
    final.runs["b"] = final.runs["b"]._replace(status="interrupted")


def repeat_a_step(history: History, final: Final) -> None:
    final.logs[THREAD].append("b:three")


def leave_a_trace(history: History, final: Final) -> None:
    history.stops.append(Stop("rollback", THREAD, "b", 1.7, 202))
    del final.runs["b"], final.streams["b"]


def ignore_a_stop(history: History, final: Final) -> None:
    history.stops.append(Stop("rollback", THREAD, "b", 1.7, 202))


def make_two(history: History, final: Final) -> None:
    final.runs["c"] = final.runs["b"]._replace(run_id="c")


def skip_an_id(history: History, final: Final) -> None:
    final.streams["b"][2] = Part(4, "custom", said("three"))


def repeat_an_event(history: History, final: Final) -> None:
    parts = history.readings[0].parts
    parts.insert(1, parts[0])


def cut_a_stream_short(history: History, final: Final) -> None:
    history.readings[0].parts.pop()


def refuse_the_rest(history: History, final: Final) -> None:
    reading = history.readings[0]
    reading.ended, reading.gone = False, "gone"


def forget_events(history: History, final: Final) -> None:
    final.streams["b"].pop()


def write_too_late(kind: str, attempt: int | None, place: int) -> Damage:
    """The first attempt writes, although its run was given back (6), to another (7), or has ended (9)."""

    def damage(history: History, final: Final) -> None:
        assert isinstance(final.writes, list)
        final.writes.insert(place, Write("one", kind, "a", attempt))

    return damage


def tell_too_late(history: History, final: Final) -> None:
    final.streams["b"][2] = Part(3, "custom", said("three", attempt=2))


def answer_with_a_500(history: History, final: Final) -> None:
    history.troubles.append("GET /threads: 500")


DAMAGES: list[tuple[Damage, str]] = [
    (lose, "nothing acknowledged is lost"),
    (leave_stuck, "nothing is stuck"),
    (overlap, "no overlaps"),
    (go_on_too_long, "no overlaps"),
    (execute_after_the_end, "no overlaps"),
    (change_the_end, "an end is an end"),
    (join_early, "an end is an end"),
    (interrupt_unasked, "every end has a reason"),
    (repeat_a_step, "committed steps exactly once"),
    (leave_a_trace, "committed steps exactly once"),
    (ignore_a_stop, "stops are carried out"),
    (make_two, "one request, one run"),
    (skip_an_id, "streams without gap or double"),
    (repeat_an_event, "streams without gap or double"),
    (cut_a_stream_short, "streams without gap or double"),
    (refuse_the_rest, "streams without gap or double"),
    (forget_events, "every committed step is told"),
    (write_too_late("checkpoints", 1, place=6), "nothing is written too late"),
    (write_too_late("checkpoints", 1, place=7), "nothing is written too late"),
    (write_too_late("run_events", 1, place=7), "nothing is written too late"),
    (write_too_late("segments", None, place=7), "nothing is written too late"),
    (write_too_late("checkpoint_writes", None, place=9), "nothing is written too late"),
    (tell_too_late, "nothing is written too late"),
    (answer_with_a_500, "no unexpected answers"),
]


@pytest.mark.parametrize(("damage", "promise"), DAMAGES)
def test_what_is_out_of_order_is_noticed(damage: Damage, promise: str) -> None:
    history, final = in_order()

    damage(history, final)

    assert promise in broken(history, final)


def test_a_process_that_lost_a_run_may_take_a_second_to_stop() -> None:
    history, final = in_order()
    assert isinstance(final.marks, list)
    final.marks[:6] = [mark._replace(attempt=2) for mark in final.marks[:6]]
    final.marks.extend(Mark("a", THREAD, 1, PID + 1, "one", what, at) for what, at in (("enter", 1.9), ("leave", 2.5)))
    assert broken(history, final) == []


def test_every_promise_was_seen_broken() -> None:
    """A check that cannot fail is none."""
    assert {promise for _, promise in DAMAGES} == set(PROMISES)
