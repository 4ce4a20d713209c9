"""What a task writes onto a checkpoint, as rows of either database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import WRITES_IDX_MAP
from langgraph.checkpoint.serde.base import SerializerProtocol

Place = tuple[str, str, str, str]
"""Of a task's writes: the thread, the namespace, the checkpoint, the task."""

Row = tuple[str, str, str, str, str, int, str, str, bytes, str | None]
"""The place, the task's path, the index of the write, its channel, the type and bytes of its value, and the run."""


@dataclass(frozen=True, slots=True)
class TaskWrites:
    """`replaces`: errors, interrupts and resumes have fixed indexes and replace what is there; others come once."""

    place: Place
    rows: list[Row]
    replaces: bool

    @classmethod
    def of(
        cls,
        serde: SerializerProtocol,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str,
    ) -> TaskWrites:
        """What langgraph asks to be saved by these words."""
        key = config["configurable"]
        place = (str(key["thread_id"]), str(key["checkpoint_ns"]), str(key["checkpoint_id"]), task_id)
        rows: list[Row] = [
            (*place, task_path, WRITES_IDX_MAP.get(name, index), name, *serde.dumps_typed(value), key.get("run_id"))
            for index, (name, value) in enumerate(writes)
        ]
        return cls(place, rows, all(name in WRITES_IDX_MAP for name, _ in writes))
