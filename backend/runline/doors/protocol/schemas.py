"""What clients send: the envelope of commands, the params of each, subscriptions. Unknown fields are ignored."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationError, model_validator

from runline.doors.bodies import Body, Goto, OptionalObject, RunConfig, SendTarget, Update
from runline.doors.http import sentence
from runline.doors.protocol.filters import CHANNELS, NAMED, Filter
from runline.doors.protocol.words import WrongParams
from runline.errors import Invalid
from runline.model.lifecycle import MultitaskStrategy

T = TypeVar("T", bound=Body)

_MOST = 1000

# strict: a truth is no number
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Segments = Annotated[list[Annotated[str, Field(max_length=_MOST)]], Field(max_length=_MOST)]


def read(kind: type[T], value: Any, error: type[Invalid] = WrongParams) -> T:
    """Check what was sent. Raises `error` with a sentence."""
    try:
        return kind.model_validate(value)
    except ValidationError as exc:
        raise error(_sentence(exc)) from exc


def _sentence(exc: ValidationError) -> str:
    problem = exc.errors()[0]
    if problem["loc"]:
        return sentence({**problem, "loc": ("", *problem["loc"])})
    rule = problem["type"] == "value_error"
    return str(problem["msg"]).removeprefix("Value error, ") if rule else "It must be a JSON object"


class CommandBody(Body):
    """A command: `id` comes back in the reply."""

    id: Count
    method: Annotated[str, Field(strict=True)]
    params: OptionalObject = Field(default_factory=dict)


def _known(name: str) -> str:
    if name not in CHANNELS and not (name.startswith(NAMED) and len(name) > len(NAMED)):
        raise ValueError(f"unknown channel '{name}': it must be one of {', '.join(CHANNELS)} or custom:<name>")
    return name


Channels = Annotated[list[Annotated[str, AfterValidator(_known)]], Field(min_length=1, max_length=_MOST)]


class SubscribeBody(Body):
    """Which events to send: those of these channels and namespaces, with a seq larger than `since`."""

    channels: Channels
    namespaces: Annotated[list[Segments], Field(max_length=_MOST)] | None = None
    depth: Count | None = None
    since: Count | None = None

    @property
    def filter(self) -> Filter:
        """The events that are asked for."""
        return Filter(frozenset(self.channels), tuple(map(tuple, self.namespaces or ())), self.depth)


class ReconnectBody(SubscribeBody):
    """A subscription that goes on behind an event."""

    subscription_id: str
    since: Count


class UnsubscribeBody(Body):
    """Which subscription to end."""

    subscription_id: str


class RunFields(Body):
    """What all commands that make runs take."""

    config: RunConfig | None = None
    metadata: OptionalObject = Field(default_factory=dict)

    @property
    def plain_config(self) -> dict[str, Any]:
        """The config as it was sent."""
        return self.config.model_dump(mode="json", exclude_unset=True) if self.config else {}


class StartBody(RunFields):
    """`run.start`."""

    assistant_id: Annotated[str, Field(strict=True, min_length=1)]
    input: Any = None
    strategy: Annotated[MultitaskStrategy | None, Field(alias="multitaskStrategy")] = None
    langsmith_tracer: Any = None


class Response(Body):
    """An answer to one interrupt, whose id tells it from all others, in whatever namespace it was asked."""

    namespace: Segments = Field(default_factory=list)
    interrupt_id: Annotated[str, Field(min_length=1)]
    response: Any = None


class RespondBody(RunFields):
    """`input.respond`: one answer, or several at once."""

    namespace: Segments = Field(default_factory=list)
    interrupt_id: Annotated[str, Field(min_length=1)] | None = None
    response: Any = None
    responses: Annotated[list[Response], Field(min_length=1, max_length=_MOST)] | None = None
    update: Update | None = None
    goto: Goto | list[str | SendTarget] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.interrupt_id is None) is (self.responses is None):
            raise ValueError("give either 'interrupt_id' with 'response', or 'responses'")
        return self

    @property
    def answers(self) -> dict[str, Any]:
        """Responses by the id of their interrupt."""
        if self.responses is None:
            return {str(self.interrupt_id): self.response}
        return {each.interrupt_id: each.response for each in self.responses}


class StateBody(Body):
    """`state.get`: the namespace whose state to tell, and which of its keys."""

    namespace: Segments = Field(default_factory=list)
    keys: list[str] | None = None


class TreeBody(Body):
    """`agent.getTree`: of which run, instead of the newest."""

    run_id: UUID | None = None
