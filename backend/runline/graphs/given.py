"""The human messages that a run gives to its graph: in its input, or in the update of its command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import HumanMessage, convert_to_messages

from runline.model.run import RunSpec

_HIDDEN_IDS = "do-not-render-"
"""How LangChain's chat interfaces begin the ids of messages that they do not show."""


def human_messages(spec: RunSpec) -> Iterator[HumanMessage]:
    """Those that are to be seen. A message is hidden by its id, or by `hide_from_ui` in its `additional_kwargs`."""
    command = spec.command or {}
    given = _under_messages(command.get("update")) if command.get("update") else _under_messages(spec.input)
    for sent in given:
        message = _as_human(sent)
        if message and not message.additional_kwargs.get("hide_from_ui") and not _is_hidden(message.id):
            yield message


def _under_messages(values: Any) -> list[Any]:
    """What a graph that keeps `messages` takes for such, in any of the forms of an update."""
    if isinstance(values, dict):
        found = values.get("messages")
    else:
        pairs = [pair for pair in values or () if isinstance(pair, list | tuple) and len(pair) == 2]
        found = next((value for key, value in pairs if key == "messages"), None) if isinstance(values, list) else None
    return found if isinstance(found, list) else [found] if found else []


def _as_human(sent: Any) -> HumanMessage | None:
    if isinstance(sent, dict) and not any(sent.get(key) in ("human", "user") for key in ("type", "role")):
        return None
    try:
        [message] = convert_to_messages([sent])
    except (KeyError, NotImplementedError, TypeError, ValueError):
        # no message to LangChain either, which tells the graph so
        return None
    return message if isinstance(message, HumanMessage) else None


def _is_hidden(message_id: str | None) -> bool:
    return bool(message_id and message_id.startswith(_HIDDEN_IDS))
