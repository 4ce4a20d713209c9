"""A run's events for people: messages as text while they come, all else as one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from runline.cli.output import printable

if TYPE_CHECKING:
    from runline.cli.events import SentEvent

_LONGEST = 160
_MOST_KEYS = 8


class Transcript:
    """Prints events. A message that is streamed in parts stays on its line until something else is said."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._speaking: str | None = None
        self._said: dict[str, int] = {}

    def show(self, event: SentEvent) -> None:
        """Print one event of any mode; of a subgraph's, the name says which."""
        mode, _, place = event.name.partition("|")
        match mode, event.data:
            case "messages", [dict(message), dict(metadata)]:
                self._say(message, str(metadata.get("langgraph_node", place)))
            case "messages/partial" | "messages/complete", list(messages):
                for message in messages:
                    self._say_again(message)
            case "messages/metadata", _:
                pass
            case "metadata", {"run_id": run_id, **rest}:
                self.line(f"run {run_id}, attempt {rest.get('attempt', 1)}", "dim")
            case "error", {"error": kind, "message": text}:
                self.line(f"{kind}: {text}", "red")
            case "updates", dict(updates):
                for node, update in updates.items():
                    self.line(f"{_placed(node, place)}: {brief(update)}")
            case _:
                self.line(f"{event.name}: {brief(event.data)}")

    def line(self, text: str, style: str | None = None) -> None:
        """Print a line of its own."""
        self._hush()
        self._console.print(printable(text), style=style, soft_wrap=True)

    def end(self) -> None:
        """Nothing more is said."""
        self._hush()

    def _say(self, message: dict[str, Any], speaker: str) -> None:
        """A message, or the next part of one."""
        name = message.get("name") or speaker
        key = str(message.get("id"))
        if text := text_of(message.get("content")):
            self._speak(key, f"{name}> ", text)
        for call in message.get("tool_call_chunks") or message.get("tool_calls") or ():
            arguments = call.get("args") or ""
            text = arguments if isinstance(arguments, str) else brief(arguments)
            if call.get("name"):
                self._speak(f"{key} {call.get('id')}", f"{name} calls {call['name']} ", text)
            else:
                self._speak(self._speaking or key, "", text)

    def _say_again(self, message: dict[str, Any]) -> None:
        """A message that is sent whole each time it grows."""
        key, text = str(message.get("id")), text_of(message.get("content"))
        known = self._said.get(key, 0)
        self._said[key] = len(text)
        grown = {name: value for name, value in message.items() if name not in ("tool_calls", "tool_call_chunks")}
        self._say({**grown, "content": text[known:]}, str(message.get("type", "message")))

    def _speak(self, key: str, opening: str, text: str) -> None:
        if key != self._speaking:
            self._hush()
            self._console.print(opening, style="bold", end="")
            self._speaking = key
        self._console.print(printable(text), end="", soft_wrap=True)
        self._console.file.flush()

    def _hush(self) -> None:
        if self._speaking is not None:
            self._console.print()
            self._speaking = None


def text_of(content: Any) -> str:
    """What a message says, of content that may be text or a list of blocks."""
    if isinstance(content, list):
        return "".join(text_of(block) for block in content)
    if isinstance(content, dict):
        return str(content.get("text") or "")
    return str(content or "")


def brief(value: Any) -> str:
    """A value in one line: of what is deep or long, how much of it there is."""
    text = _brief(value, 2)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _brief(value: Any, depth: int) -> str:
    if isinstance(value, dict) and isinstance(value.get("content"), str | list) and "type" in value:
        return f"{value['type']} {text_of(value['content'])!r}"
    if isinstance(value, dict):
        inner = [f"{key}: {_brief(item, depth - 1)}" for key, item in list(value.items())[:_MOST_KEYS]]
        more = [f"{len(value) - _MOST_KEYS} more"] if len(value) > _MOST_KEYS else []
        return "{" + (", ".join(inner + more) if depth else f"{len(value)} keys") + "}" if value else "{}"
    if isinstance(value, list) and value:
        last = _brief(value[-1], depth - 1)
        return f"[{last}]" if len(value) == 1 else f"[{len(value)}, last {last}]" if depth else f"[{len(value)}]"
    return repr(value) if isinstance(value, str) else str(value)


def _placed(node: str, place: str) -> str:
    return f"{place}|{node}" if place else node
