"""How many bytes a thread's checkpoints take.

Divergence 49: SQLite's saver keeps the values of all channels in every checkpoint, so a value that did not change is
stored, and counted, as often as there are checkpoints that have it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ormsgpack

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
            self.channel(name).versions.add((namespace, version))
        for name, value in _object(opened, "channel_values").items():
            taken = len(ormsgpack.packb(value, option=_KEYS))
            self.channel(name).bytes += taken
            self.checkpoint_bytes -= taken

    def channel(self, name: str) -> ChannelWeight:
        """That of one channel."""
        return self.channels.setdefault(name, ChannelWeight())


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
