"""The agent streaming protocol: commands and their replies, and what the sample graphs tell by it."""

from typing import Any

from conformance.accepted import Accepted, Text
from conformance.compare import ABSENT
from conformance.listed import (
    ALL_CHANNELS,
    ANY,
    COMMANDS_ANSWERED,
    COMMANDS_CHECKED,
    ENDS_LAST,
    LAST_RUN,
    ONE_SEQ,
    TEXTS,
    only_here,
    only_official,
)
from conformance.probe import Call, Talk, post, probe, talk
from conformance.probes.shapes import BUSY, THREAD, UNKNOWN

_COMMANDS = "/threads/{thread}/commands"
_EVENTS = "/threads/{thread}/stream/events"
_INPUT = {"log": ["input"]}
_CHAT = {"messages": [{"type": "human", "content": "hi", "id": "mine"}]}
_NO_SUCH = {"namespace": [], "interrupt_id": "x", "response": 1}
_BOTH = ("lifecycle", "values", "updates", "checkpoints", "tasks", "custom", "tools", "messages", "input")


def _message(official: str, runline: str, place: str = "body.message") -> Accepted:
    """The same code in other words; both are patterns."""
    return Accepted(TEXTS, place, Text(official), Text(runline))


def _refused(number: int, code: str, place: str = "body") -> tuple[Accepted, ...]:
    """What is carried out officially, and is refused here."""
    return (
        only_official(number, f"{place}.meta", {"applied_through_seq": 0}),
        only_official(number, f"{place}.result", ANY),
        Accepted(number, f"{place}.type", "success", "error"),
        only_here(number, f"{place}.error", code),
        only_here(number, f"{place}.message", ANY),
    )


def _answered(error: str, place: str = "body") -> tuple[Accepted, ...]:
    """What is refused officially, and is answered here."""
    return (
        only_official(COMMANDS_ANSWERED, f"{place}.error", error),
        only_official(COMMANDS_ANSWERED, f"{place}.message", ANY),
        Accepted(COMMANDS_ANSWERED, f"{place}.type", "error", "success"),
        only_here(COMMANDS_ANSWERED, f"{place}.meta", ANY),
        only_here(COMMANDS_ANSWERED, f"{place}.result", ANY),
    )


def _no_command(runline: str, place: str = "body") -> tuple[Accepted, ...]:
    """What is no command, in other words."""
    message = _message("must include an integer id and string method", runline, f"{place}.message")
    return (message, only_here(COMMANDS_CHECKED, f"{place}.detail", Text(runline)))


def _more(number: int, place: str = "events.*") -> Accepted:
    """Events, or parts of them, that officially are not there, or come later."""
    return Accepted(number, place, ABSENT, ANY)


def _other(number: int, place: str = "events.*") -> Accepted:
    """Events, or parts of them, that come in another order."""
    return Accepted(number, place, ANY, ANY)


def _less(number: int, place: str = "events.*") -> Accepted:
    """Events, or parts of them, that come elsewhere here."""
    return Accepted(number, place, ANY, ABSENT)


def _sent(method: str, **params: Any) -> dict[str, Any]:
    return {"id": 7, "method": method, "params": params}


def _command(method: str, **params: Any) -> Call:
    return post(_COMMANDS, _sent(method, **params))


def _start(name: str = "steps", **more: Any) -> Call:
    return _command("run.start", assistant_id=name, **{"input": _INPUT, **more}).keeping(run="body.result.run_id")


def _told(until: str, *channels: str, **more: Any) -> Call:
    return post(_EVENTS, {"channels": list(channels), **more}).leaving_after(until)


def _talk(*commands: Any) -> Talk:
    return talk(_EVENTS, *commands)


_ENDED = _told("root completed", "lifecycle").unseen()
_RAN = (THREAD, _start(), _ENDED)
_QUESTION = only_here(ALL_CHANNELS, "events.*.params.data.value", ANY)
_ASKED = (
    THREAD,
    _start("asks"),
    _told("root interrupted", "lifecycle", "input").keeping(id="events.1.params.data.interrupt_id").but(_QUESTION),
)
_ALL = (_more(ALL_CHANNELS), _other(ALL_CHANNELS), _less(ALL_CHANNELS))
_SEQ = Accepted(ONE_SEQ, "*.meta.applied_through_seq", 0, ANY)

PROBES = (
    probe("a run is started", THREAD, _start()),
    probe(
        "a run is started without an assistant",
        THREAD,
        _command("run.start", input=_INPUT).but(_message("requires an assistant_id", "assistant_id: Field required")),
    ),
    probe("a run of an unknown assistant is started", THREAD, _start("nobody")),
    probe(
        "a run is started with an odd strategy",
        THREAD,
        _start(multitaskStrategy="odd").but(*_refused(COMMANDS_CHECKED, "invalid_argument")),
    ),
    probe(
        "a run is forked from what is no id",
        THREAD,
        _start(config={"configurable": {"checkpoint_id": "odd"}}).but(_message("checkpoint_id", "must be a UUID")),
    ),
    probe(
        "a run is forked from an unknown checkpoint",
        THREAD,
        _start(config={"configurable": {"checkpoint_id": UNKNOWN}}).but(
            *_refused(COMMANDS_CHECKED, "no_such_checkpoint")
        ),
    ),
    probe(
        "a run is started with odd metadata",
        THREAD,
        _start(metadata=[]).but(*_refused(COMMANDS_CHECKED, "invalid_argument")),
    ),
    probe(
        "a run is started with an odd config",
        THREAD,
        _start(config=[]).but(*_refused(COMMANDS_CHECKED, "invalid_argument")),
    ),
    probe(
        "an answer where nothing ran",
        THREAD,
        _command("input.respond", **_NO_SUCH).but(_message("already-consumed", "already answered")),
    ),
    probe(
        "an answer where no thread is",
        post(f"/threads/{UNKNOWN}/commands", _sent("input.respond", **_NO_SUCH)).but(
            _message("No interrupted run", "Nothing has run on thread")
        ),
    ),
    probe(
        "an answer that nothing has asked for",
        *_RAN,
        _command("input.respond", **_NO_SUCH).but(_message("already-consumed", "already answered")),
    ),
    probe(
        "an answer without its interrupt",
        *_RAN,
        _command("input.respond", namespace=[], response=1).but(_message("requires an interrupt_id", "give either")),
    ),
    probe(
        "no answers at all",
        *_RAN,
        _command("input.respond", responses=[]).but(_message("at least one response", "at least 1 item")),
    ),
    probe(
        "an answer, and what follows",
        *_ASKED,
        _command("input.respond", namespace=[], interrupt_id="{id}", response="yes").but(
            _SEQ, only_here(COMMANDS_ANSWERED, "body.result.run_id", ANY)
        ),
        _told("root completed", "lifecycle", "input", "values").but(_more(LAST_RUN), _other(LAST_RUN), _less(LAST_RUN)),
    ),
    probe("the state is asked for", *_RAN, _command("state.get").but(*_answered("unknown_command"))),
    probe("the tree is asked for", *_RAN, _command("agent.getTree").but(*_answered("no_such_run"))),
    probe(
        "the tree of nothing",
        THREAD,
        _command("agent.getTree").but(_message("No active run", "Nothing has run on thread")),
    ),
    probe(
        "a subscription without a connection",
        THREAD,
        _command("subscription.subscribe", channels=["values"]).but(*_refused(COMMANDS_ANSWERED, "not_supported")),
    ),
    probe(
        "an end to a subscription without a connection",
        THREAD,
        _command("subscription.unsubscribe", subscription_id="x").but(
            Accepted(COMMANDS_ANSWERED, "body.error", "no_such_subscription", "not_supported"),
            Accepted(COMMANDS_ANSWERED, "body.message", Text("Unknown subscription"), Text("open a stream")),
        ),
    ),
    probe("an unknown command", THREAD, _command("run.stop")),
    probe(
        "a command without an id",
        THREAD,
        post(_COMMANDS, {"method": "run.start", "params": {}}).but(*_no_command("id: Field required")),
    ),
    probe(
        "a command with an odd id",
        THREAD,
        post(_COMMANDS, {"id": "1", "method": "run.start", "params": {}}).but(
            *_no_command("id: Input should be"), Accepted(COMMANDS_CHECKED, "body.id", "1", None)
        ),
    ),
    probe(
        "a command without a method",
        THREAD,
        post(_COMMANDS, {"id": 1, "params": {}}).but(*_no_command("method: Field required")),
    ),
    probe(
        "a command with odd params",
        THREAD,
        post(_COMMANDS, {"id": 1, "method": "run.start", "params": []}).but(
            Accepted(COMMANDS_ANSWERED, "status", 200, 400), Accepted(COMMANDS_ANSWERED, "body", ANY, Text("params"))
        ),
    ),
    probe("a command that is a list", THREAD, post(_COMMANDS, []).but(*_no_command("must be a JSON object"))),
    probe("a command that is no JSON", THREAD, post(_COMMANDS, b"{")),
    probe(
        "events of three steps", THREAD, _start(), _told("root completed", "lifecycle", "values", "input", "messages")
    ),
    probe(
        "events of a message",
        THREAD,
        _start("chat", input=_CHAT),
        _told("root completed", "lifecycle", "messages").but(
            _more(ALL_CHANNELS), _other(ALL_CHANNELS), _less(ALL_CHANNELS)
        ),
    ),
    probe(
        "the states of a chat",
        THREAD,
        _start("chat", input=_CHAT),
        _told("root completed", "lifecycle", "values").but(_more(ALL_CHANNELS, "events.*.params.data.messages.*")),
    ),
    probe(
        "events of a graph in a graph",
        THREAD,
        _start("family"),
        _told("root interrupted", "lifecycle", "input").but(
            _QUESTION, _more(ENDS_LAST, "events.3.*"), _more(ENDS_LAST, "events.4"), _less(ENDS_LAST, "events.3.*")
        ),
    ),
    probe(
        "events of a graph in a graph, at the root",
        THREAD,
        _start("family"),
        _told("root interrupted", "lifecycle", "input", namespaces=[[]], depth=0),
    ),
    probe(
        "events of a question",
        THREAD,
        _start("asks"),
        _told("root interrupted", "lifecycle", "values", "input").but(
            _QUESTION, _more(ENDS_LAST), _other(ENDS_LAST), _less(ENDS_LAST)
        ),
    ),
    probe(
        "events of two questions",
        THREAD,
        _start("asks_two"),
        _told("root interrupted", "lifecycle", "input").but(
            only_here(ALL_CHANNELS, "events.1.params.data.value", "left"),
            _more(ENDS_LAST),
            _other(ENDS_LAST),
            _less(ENDS_LAST),
        ),
    ),
    probe(
        "events of an error",
        THREAD,
        _start(input={"log": ["input"], "task": "fail"}),
        _told("root failed", "lifecycle", "values"),
    ),
    probe(
        "events of a run that is cancelled",
        THREAD,
        _start(input={"log": ["input"], "task": "slow"}),
        BUSY,
        post("/threads/{thread}/runs/{run}/cancel?wait=0&action=interrupt"),
        _told("root interrupted", "lifecycle"),
    ),
    probe("events of all channels", THREAD, _start(), _told("root completed", *_BOTH).but(*_ALL)),
    probe(
        "events of no channels",
        THREAD,
        post(_EVENTS, {"channels": []}).but(_message("non-empty array", "at least 1 item", "body.detail")),
    ),
    probe(
        "events without channels",
        THREAD,
        post(_EVENTS, {}).but(_message("non-empty array", "Field required", "body.detail")),
    ),
    probe(
        "events of an unknown channel",
        THREAD,
        post(_EVENTS, {"channels": ["odd"]}).but(_message("unsupported entries: odd", "'odd'", "body.detail")),
    ),
    probe("events that are asked for by no JSON", THREAD, post(_EVENTS, b"{")),
    probe(
        "a conversation",
        THREAD,
        _talk(
            _sent("subscription.subscribe", channels=["lifecycle", "values"]),
            _sent("run.start", assistant_id="steps", input=_INPUT),
        ).until_told("root completed"),
    ),
    probe(
        "a conversation about what was",
        *_RAN,
        # whether the official server replays it depends on how long ago it was
        _talk(_sent("subscription.subscribe", channels=["lifecycle", "values"])).comparing("replies.0.type"),
    ),
    probe("a conversation about nothing", THREAD, _talk(_sent("subscription.unsubscribe", subscription_id="x"))),
    probe(
        "a conversation about odd channels",
        THREAD,
        _talk(_sent("subscription.subscribe", channels=["odd"])).but(
            _message("unsupported channel", "'odd'", "replies.0.message")
        ),
    ),
    probe(
        "a conversation without channels",
        THREAD,
        _talk(_sent("subscription.subscribe")).but(_message("non-empty", "Field required", "replies.0.message")),
    ),
    probe(
        "a conversation that is taken up from nowhere",
        THREAD,
        _talk(_sent("subscription.reconnect", channels=["values"], subscription_id="x")).but(
            Accepted(COMMANDS_CHECKED, "replies.0.error", "no_such_run", "invalid_argument"),
            Accepted(COMMANDS_CHECKED, "replies.0.message", Text("No active run"), Text("since: Field required")),
        ),
    ),
    probe(
        "a conversation about a tree",
        THREAD,
        _talk(_sent("agent.getTree")).but(
            _message("No active run", "Nothing has run on thread", "replies.0.message"),
        ),
    ),
    probe(
        "a conversation about the state",
        *_RAN,
        _talk(_sent("state.get")).but(*_answered("unknown_command", "replies.0")),
    ),
    probe(
        "a conversation in no JSON",
        THREAD,
        _talk("{").but(
            _message("must be valid JSON", "Invalid JSON", "replies.0.message"),
            only_here(COMMANDS_CHECKED, "replies.0.detail", "Invalid JSON"),
        ),
    ),
    probe(
        "a conversation of odd commands",
        THREAD,
        _talk({"id": "1", "method": "run.start"}, {"id": 1, "params": {}}, []).but(
            *_no_command("id: Input should be", "replies.0"),
            Accepted(COMMANDS_CHECKED, "replies.0.id", "1", None),
            *_no_command("method: Field required", "replies.1"),
            *_no_command("must be a JSON object", "replies.2"),
        ),
    ),
)
