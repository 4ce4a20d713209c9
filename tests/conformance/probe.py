"""What a probe is: a sentence about the API, and the calls that show it. Both servers are sent the same calls.

Texts of a call may hold `{name}`: what an earlier call of the probe kept under that name. `{probe}` is a text of the
probe's own, `{hook}` the address of a receiver of webhooks. A path such as "body.tasks.0.id" names a part of an answer
(`answers.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from conformance.accepted import Accepted


class Nothing:
    """No body at all, where `None` is the JSON null."""


NOTHING = Nothing()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that gives an answer. `only` are the parts of it that are compared, all if empty."""

    only: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()

    def but(self, *accepted: Accepted) -> Self:
        """With these differences, each of which must be there."""
        return replace(self, accepted=self.accepted + accepted)

    def comparing(self, *parts: str) -> Self:
        """Compare only these parts of the answers."""
        return replace(self, only=parts)

    def unseen(self) -> Self:
        """Compare nothing: the answer follows from an earlier difference."""
        return self.comparing("nothing")


@dataclass(frozen=True)
class Call(Step):
    """One request. `keeps` names parts of the answer for later calls; `until` repeats the call until a part of its
    answer is as given; `headers_compared` adds to the usual.

    `aside` lets the answer come while the probe goes on, under that name; `leave_after` hangs up after that event.
    """

    method: str
    path: str
    body: Any = NOTHING
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    until: tuple[str, Any] | None = None
    headers_compared: tuple[str, ...] = ()
    aside: str = ""
    leave_after: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def keeping(self, **keeps: str) -> Call:
        """Keep parts of the answer under these names."""
        return replace(self, keeps={**self.keeps, **keeps})

    def until_is(self, part: str, value: Any) -> Call:
        """Repeat it until that part of the answer is this value; what came before is not compared."""
        return replace(self, until=(part, value))

    def comparing_headers(self, *names: str) -> Call:
        """Compare these headers too."""
        return replace(self, headers_compared=names)

    def with_headers(self, headers: Mapping[str, str]) -> Call:
        """Send these headers."""
        return replace(self, headers={**self.headers, **headers})

    def aside_as(self, name: str) -> Call:
        """Go on once it has begun to answer; `Await(name)` takes the answer."""
        return replace(self, aside=name)

    def leaving_after(self, event: str) -> Call:
        """Hang up once this event has come."""
        return replace(self, leave_after=event)


@dataclass(frozen=True)
class Await(Step):
    """The answer of a call that was set aside, once it is complete."""

    aside: str

    def __str__(self) -> str:
        return f"the answer of '{self.aside}'"


@dataclass(frozen=True)
class Receive(Step):
    """The next request that the probe's webhook receives."""

    def __str__(self) -> str:
        return "the webhook"


@dataclass(frozen=True)
class Talk(Step):
    """Commands of the agent streaming protocol over a WebSocket, each sent when the last was answered; and the events
    up to one of the kind `until`, if it is given, or those that came before the last answer.
    """

    path: str
    commands: tuple[Any, ...]
    until: str = ""

    def __str__(self) -> str:
        return f"WS {self.path}"

    def until_told(self, kind: str) -> Talk:
        """Listen on for an event of that kind."""
        return replace(self, until=kind)


@dataclass(frozen=True)
class Probe:
    """A sentence and its steps. One that is `alone` disturbs others, or is disturbed by them."""

    says: str
    steps: tuple[Step, ...]
    alone: bool = False


def probe(says: str, *steps: Step, alone: bool = False) -> Probe:
    """Say something about the API and show it."""
    return Probe(says, steps, alone)


def talk(path: str, *commands: Any) -> Talk:
    """Commands over a WebSocket."""
    return Talk(path, commands)


def get(path: str) -> Call:
    """A GET request."""
    return Call("GET", path)


def post(path: str, body: Any = NOTHING) -> Call:
    """A POST request."""
    return Call("POST", path, body)


def put(path: str, body: Any = NOTHING) -> Call:
    """A PUT request."""
    return Call("PUT", path, body)


def patch(path: str, body: Any = NOTHING) -> Call:
    """A PATCH request."""
    return Call("PATCH", path, body)


def delete(path: str, body: Any = NOTHING) -> Call:
    """A DELETE request."""
    return Call("DELETE", path, body)
