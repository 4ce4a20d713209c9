"""Resuming, commanding and forking."""

from conformance.accepted import Text
from conformance.listed import ANY, CHECKED, DONE_RIGHT, NULL_ANSWER, REFUSED, only_here, only_official, status, worded
from conformance.probe import get, post, probe
from conformance.probes.shapes import READ_THREAD, STATE, THREAD, UNKNOWN, create, graph, steps, stream, wait

_ASKED = (THREAD, wait(graph("asks", input={"log": ["input"]})))
_TWO = (
    THREAD,
    wait(graph("asks_two", input={"log": ["input"]})).but(only_here(DONE_RIGHT, "body.log", ["input"])),
    STATE.keeping(left="body.tasks.0.interrupts.0.id", right="body.tasks.1.interrupts.0.id"),
)
_DONE = (THREAD, wait(steps()), post("/threads/{thread}/history", {"limit": 10}).keeping(middle="body.2.checkpoint_id"))


def _command(name: str, **command: object) -> dict[str, object]:
    return {"assistant_id": name, "command": command}


PROBES = (
    probe("an interrupt is resumed", *_ASKED, wait(_command("asks", resume="yes")), STATE, READ_THREAD),
    probe("an interrupt is resumed with an object", *_ASKED, wait(_command("asks", resume={"ok": True}))),
    probe(
        "an interrupt is resumed and streamed",
        *_ASKED,
        stream({**_command("asks", resume="yes"), "stream_mode": ["values", "updates"]}),
    ),
    probe("an interrupt is resumed with false", *_ASKED, wait(_command("asks", resume=False))),
    probe(
        "an interrupt is resumed with null",
        *_ASKED,
        wait(_command("asks", resume=None)).but(
            only_official(NULL_ANSWER, "body.__error__", Text("UnboundLocalError")),
            only_here(NULL_ANSWER, "body.*", ANY),
        ),
    ),
    probe("a new input drops the interrupt", *_ASKED, wait(graph("asks", input={"log": ["again"]})), STATE),
    probe("no input on an interrupt asks again", *_ASKED, wait(graph("asks")), STATE),
    probe(
        "two interrupts are resumed by their ids",
        *_TWO,
        wait(_command("asks_two", resume={"{left}": "l", "{right}": "r"})),
    ),
    probe(
        "one of two interrupts is resumed",
        *_TWO,
        wait(_command("asks_two", resume={"{left}": "l"})).but(only_here(DONE_RIGHT, "body.log.1", "left: l")),
        STATE,
        READ_THREAD.but(only_here(DONE_RIGHT, "body.values.log.1", "left: l")),
    ),
    probe("two interrupts need ids", *_TWO, wait(_command("asks_two", resume="both")), READ_THREAD),
    probe("a resume with nothing to resume", THREAD, wait(steps()), wait(_command("steps", resume="yes"))),
    probe(
        "a resume on an empty thread",
        THREAD,
        wait(_command("asks", resume="yes")).but(
            only_official(NULL_ANSWER, "body.__error__", Text("TypeError")), only_here(NULL_ANSWER, "body.*", ANY)
        ),
    ),
    probe(
        "a subgraph is resumed",
        THREAD,
        wait(graph("family", input={"log": ["input"]})),
        wait(_command("family", resume="yes")),
        STATE,
    ),
    probe("a command updates", *_ASKED, wait(_command("asks", update={"log": ["update"]}, resume="yes")), STATE),
    probe("a command updates with pairs", *_ASKED, wait(_command("asks", update=[["log", ["update"]]], resume="yes"))),
    probe("a command goes to a node", THREAD, wait(steps()), wait(_command("steps", goto="third"))),
    probe("a command goes to nodes", THREAD, wait(steps()), wait(_command("steps", goto=["second", "third"]))),
    probe(
        "a command sends to a node",
        THREAD,
        wait(steps()),
        wait(_command("steps", goto={"node": "third", "input": {"log": []}})),
    ),
    probe("a command goes to an unknown node", THREAD, wait(steps()), wait(_command("steps", goto="nobody"))),
    probe("an empty command does nothing", THREAD, wait(steps()), wait(_command("steps"))),
    probe(
        "a command with unknown keys",
        THREAD,
        wait(steps()),
        create(_command("steps", colour="red")).but(only_official(REFUSED, "body.kwargs.command.colour", "red")),
    ),
    probe("a command that is a text", THREAD, create({"assistant_id": "steps", "command": "go"})),
    probe("a command and an input", *_ASKED, wait({**_command("asks", resume="yes"), "input": {"log": ["both"]}})),
    probe("a run from a checkpoint forks", *_DONE, wait(graph("steps", input=None, checkpoint_id="{middle}")), STATE),
    probe(
        "a run from a checkpoint object forks",
        *_DONE,
        wait(graph("steps", input=None, checkpoint={"checkpoint_id": "{middle}"})),
        STATE,
    ),
    probe(
        "a run from a checkpoint with input",
        *_DONE,
        wait(graph("steps", input={"log": ["fork"]}, checkpoint_id="{middle}")),
        get("/threads/{thread}/history?limit=20"),
    ),
    probe(
        "a run from a configured checkpoint forks",
        *_DONE,
        wait(graph("steps", input=None, config={"configurable": {"checkpoint_id": "{middle}"}})),
    ),
    probe(
        "a run from an unknown checkpoint", *_DONE, wait(graph("steps", input={"log": ["new"]}, checkpoint_id=UNKNOWN))
    ),
    probe(
        "a run from a bad checkpoint",
        *_DONE,
        wait(graph("steps", input=None, checkpoint_id="bad")).but(
            worded("^Invalid checkpoint ID$", "^checkpoint_id: ")
        ),
    ),
    probe(
        "a run from a bad configured checkpoint",
        *_DONE,
        create(graph("steps", config={"configurable": {"checkpoint_id": "bad"}})).but(
            *status(CHECKED, 200, 422, "checkpoint_id must be a UUID")
        ),
    ),
)
