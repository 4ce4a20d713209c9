"""Assistants as they were last read, so that the creation of a run need not read its own each time.

Others may change or delete them, here and in other processes: whoever makes a run of one has the transaction that
admits the run look whether it is still the same (`RunStore.admit`), and reads it anew if it is not.
"""

from __future__ import annotations

from dataclasses import replace

from runline.kit.json import dumps, loads
from runline.model.assistant import Assistant
from runline.model.viewer import Viewer

_MOST = 1000
_MOST_BYTES = 16384
"""Of one; what is larger is read each time."""


class AssistantMemory:
    """Some that were read of late, for those who could see them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Viewer, str], tuple[Assistant, bytes]] = {}

    def find(self, viewer: Viewer, assistant_id: str) -> Assistant | None:
        """One that was read before; what the caller does to its values stays with the caller."""
        if not (found := self._kept.get((viewer, assistant_id))):
            return None
        assistant, values = found
        return replace(assistant, **loads(values))

    def keep(self, viewer: Viewer, assistant: Assistant) -> None:
        """Take one that was just read. The one that was read first makes room for it."""
        self.forget(viewer, assistant.assistant_id)
        values = {"config": assistant.config, "context": assistant.context, "metadata": assistant.metadata}
        if len(encoded := dumps(values)) > _MOST_BYTES:
            return
        if len(self._kept) == _MOST:
            del self._kept[next(iter(self._kept))]
        bare = replace(assistant, config={}, context={}, metadata={}, remembered=True)
        self._kept[viewer, assistant.assistant_id] = bare, encoded

    def forget(self, viewer: Viewer, assistant_id: str) -> None:
        """It is not there any more."""
        self._kept.pop((viewer, assistant_id), None)
