"""Assistants as they were last read, so that the creation of a run need not read its own each time.

Others may change or delete them, here and in other processes: whoever makes a run of one has the transaction that
admits the run look whether it is still the same (`RunStore.admit`), and forgets it if it is not.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from runline.model.assistant import Assistant
from runline.model.viewer import Viewer

_MOST = 1000


class AssistantMemory:
    """Some that were read of late, for those who could see them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Viewer, str], Assistant] = {}

    def find(self, viewer: Viewer, assistant_id: str) -> Assistant | None:
        """One that was read before; what the caller does to its values stays with the caller."""
        found = self._kept.get((viewer, assistant_id))
        return _copied(found) if found else None

    def keep(self, viewer: Viewer, assistant: Assistant) -> None:
        """Take one that was just read. The one that was read first makes room for it."""
        self._kept.pop((viewer, assistant.assistant_id), None)
        if len(self._kept) == _MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[viewer, assistant.assistant_id] = _copied(assistant)


def _copied(assistant: Assistant) -> Assistant:
    config, context, metadata = deepcopy((assistant.config, assistant.context, assistant.metadata))
    return replace(assistant, config=config, context=context, metadata=metadata, remembered=True)
