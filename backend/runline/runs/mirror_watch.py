"""The slow poll behind mirrors: what Redis does not tell of a run's stream, the database does.

A run that has ended, though its end does not come through Redis, is given up after a second look, and its readers go on
with what is stored, or are told that the rest is gone. While Redis is away the stored events of resumable runs are
told from the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runline.storage.claims import ClaimStore
from runline.storage.segments import SegmentStore

if TYPE_CHECKING:
    from runline.streams.redis_side import RedisSide


class MirrorWatch:
    """Looks after the mirrors of this process."""

    def __init__(self, redis: RedisSide, claims: ClaimStore, segments: SegmentStore) -> None:
        self._redis = redis
        self._claims = claims
        self._segments = segments
        self._ended: set[str] = set()

    async def look(self) -> None:
        """Look once; for a supervised loop."""
        mirrored = list(self._redis.bridge.mirrors)
        if not mirrored:
            return
        active = await self._claims.active_among(mirrored)
        ended = set(mirrored) - active
        if not self._redis.link.up:
            for run_id in mirrored:
                await self._tell(run_id)
        for run_id in ended & self._ended:
            self._redis.bridge.lose(run_id)
        self._ended = ended - self._ended

    async def _tell(self, run_id: str) -> None:
        bridge = self._redis.bridge
        while events := await self._segments.read(run_id, bridge.last_seq(run_id)):
            if not bridge.feed(run_id, events):
                return
