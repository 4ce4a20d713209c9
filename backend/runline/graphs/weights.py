"""How many bytes a thread takes in the checkpoint file.

Divergence 49: this saver keeps the values of all channels in every checkpoint, so a value that did not change is
stored, and counted, as often as there are checkpoints that have it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ormsgpack

from runline.graphs.checkpoints import RunlineSaver

_AT_ONCE = 100
_ROWS = (
    "SELECT checkpoint_ns, checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = ? "
    "AND (checkpoint_ns, checkpoint_id) > (?, ?) ORDER BY checkpoint_ns, checkpoint_id LIMIT ?"
)
_WRITES = (
    "SELECT count(*), coalesce(sum(length(CAST(value AS BLOB))), 0) FROM ("
    "SELECT value FROM writes WHERE thread_id = :thread "
    "UNION ALL SELECT value FROM replaced_writes WHERE thread_id = :thread)"
)
_KEYS = ormsgpack.OPT_NON_STR_KEYS


@dataclass(slots=True)
class ChannelWeight:
    """The versions of a channel that checkpoints name, and the bytes of its values."""

    versions: set[tuple[str, Any]] = field(default_factory=set)
    bytes: int = 0


@dataclass(slots=True)
class Weight:
    """Counts and bytes of a thread: of checkpoints without the values in them, of these by channel, and of writes."""

    checkpoints: int = 0
    checkpoint_bytes: int = 0
    channels: dict[str, ChannelWeight] = field(default_factory=dict)
    writes: int = 0
    write_bytes: int = 0

    @property
    def value_bytes(self) -> int:
        """Of all channels."""
        return sum(channel.bytes for channel in self.channels.values())

    @property
    def total_bytes(self) -> int:
        """Of everything."""
        return self.checkpoint_bytes + self.value_bytes + self.write_bytes

    def add(self, namespace: str, kind: str | None, checkpoint: bytes, metadata: bytes) -> None:
        """Count a checkpoint's row."""
        self.checkpoints += 1
        self.checkpoint_bytes += len(checkpoint) + len(metadata)
        opened = _opened(kind, checkpoint)
        for name, version in _object(opened, "channel_versions").items():
            self._channel(name).versions.add((namespace, version))
        for name, value in _object(opened, "channel_values").items():
            taken = len(ormsgpack.packb(value, option=_KEYS))
            self._channel(name).bytes += taken
            self.checkpoint_bytes -= taken

    def _channel(self, name: str) -> ChannelWeight:
        return self.channels.setdefault(name, ChannelWeight())


async def weigh(saver: RunlineSaver, thread_id: str) -> Weight:
    """Weigh what is stored of a thread, some checkpoints at a time, so that nobody waits for all of them."""
    weight, last = Weight(), ("", "")
    while rows := await saver.conn.run(partial(_rows, thread_id, last)):
        await asyncio.to_thread(_add_all, weight, rows)
        last = rows[-1][:2]
    weight.writes, weight.write_bytes = await saver.conn.run(partial(_written, thread_id))
    return weight


def _written(thread_id: str, connection: sqlite3.Connection) -> tuple[int, int]:
    count, taken = connection.execute(_WRITES, {"thread": thread_id}).fetchone()
    return count, taken


def _rows(thread_id: str, after: tuple[str, str], connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(_ROWS, (thread_id, *after, _AT_ONCE)).fetchall()


def _add_all(weight: Weight, rows: Iterable[Any]) -> None:
    for namespace, _, kind, checkpoint, metadata in rows:
        weight.add(namespace, kind, _raw(checkpoint), _raw(metadata))


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _opened(kind: str | None, checkpoint: bytes) -> Any:
    """The checkpoint with its values as they are stored; nothing if it cannot be read, or is of another form."""
    if kind != "msgpack":
        return None
    try:
        return ormsgpack.unpackb(checkpoint, ext_hook=ormsgpack.Ext, option=_KEYS)
    except ormsgpack.MsgpackDecodeError:
        return None


def _object(opened: Any, key: str) -> dict[str, Any]:
    found = opened.get(key) if isinstance(opened, dict) else None
    return found if isinstance(found, dict) else {}
