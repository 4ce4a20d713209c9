"""The human messages that a run gives to its graph: in its input, or in the update of its command.

They are told as they were sent, and so without the ids that a graph gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runline.model.run import RunSpec

_HUMAN = ("human", "user")
_HIDDEN_IDS = "do-not-render-"
"""How LangChain's chat interfaces begin the ids of messages that they do not show."""


def human_messages(spec: RunSpec) -> Iterator[dict[str, Any]]:
    """Those that are to be seen, as LangChain writes messages: `type`, `content`, `id` and more.

    A message is hidden by its id, or by `hide_from_ui` in its `additional_kwargs`.
    """
    command = spec.command or {}
    for sent in _under_messages(command.get("update") or spec.input):
        message = _as_human(sent)
        if message and not _is_hidden(message):
            yield message


def _under_messages(values: Any) -> list[Any]:
    """What a graph that keeps `messages` takes for such, in an object or, as in commands, in a list of pairs."""
    if isinstance(values, list):
        pairs = [pair for pair in values if isinstance(pair, list) and len(pair) == 2]
        found = [value for key, value in pairs if key == "messages"]
        values = {"messages": found[0] if found else None}
    sent = values.get("messages") if isinstance(values, dict) else None
    if isinstance(sent, list):
        return sent
    return [sent] if sent else []


def _as_human(sent: Any) -> dict[str, Any] | None:
    """From a text, a role and a text, or an object with either `role` or `type`."""
    if isinstance(sent, str):
        return _message({"content": sent})
    if isinstance(sent, list) and len(sent) == 2 and sent[0] in _HUMAN:
        return _message({"content": sent[1]})
    if isinstance(sent, dict) and (sent.get("type") in _HUMAN or sent.get("role") in _HUMAN):
        return _message(sent)
    return None


def _message(sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "content": sent.get("content"),
        "additional_kwargs": sent.get("additional_kwargs") or {},
        "response_metadata": sent.get("response_metadata") or {},
        "type": "human",
        "name": sent.get("name"),
        "id": sent.get("id"),
    }


def _is_hidden(message: dict[str, Any]) -> bool:
    more, message_id = message["additional_kwargs"], message["id"]
    marked = isinstance(more, dict) and bool(more.get("hide_from_ui"))
    return marked or (isinstance(message_id, str) and message_id.startswith(_HIDDEN_IDS))
