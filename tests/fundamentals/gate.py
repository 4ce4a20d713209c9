"""A gate in front of a node: it holds a run at a known place for as long as a test wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway import wait_until


class Gate:
    """Runs started with `context=gate.context` wait at it. See graphs_under_test/knobs.py."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.context: dict[str, Any] = {"gate": str(path)}

    def open(self) -> None:
        """Let everybody pass, now and later."""
        self._path.touch()

    def visits(self) -> int:
        """How often a node came to it so far."""
        book = self._path.with_name(f"{self._path.name}.visits")
        return book.read_text().count("\n") if book.exists() else 0

    async def reached(self, times: int = 1, *, within: float = 30) -> None:
        """Wait until a node has come to it so many times; fail if it has not within so many seconds."""

        async def often_enough() -> bool:
            return self.visits() >= times

        await wait_until(often_enough, within=within)
