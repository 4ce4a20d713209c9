"""The transport over Redis: what is put together where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from runline.streams.memory import KeepLimits, MemoryStreamBridge
from runline.streams.redis_bells import RedisBell, RedisStopBell, RedisThreadBells
from runline.streams.redis_bridge import RedisStreamBridge
from runline.streams.redis_line import RedisLink
from runline.streams.redis_notes import RedisNotes
from runline.streams.redis_options import RedisOptions
from runline.streams.redis_rings import RedisRings
from runline.streams.redis_writer import RedisWriter
from runline.streams.transport import Transport

_FLUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class RedisSide:
    """What there is with Redis only."""

    link: RedisLink
    bridge: RedisStreamBridge
    writer: RedisWriter
    rings: RedisRings
    notes: RedisNotes

    async def flush(self) -> None:
        """Wait until all is sent that others wait for, if Redis takes it."""
        await self.writer.flushed(_FLUSH_SECONDS if self.link.up else 0)

    async def close(self) -> None:
        """Let go of all connections; the loops have ended."""
        for part in (self.writer, self.bridge.mirrors, self.rings, self.notes):
            await part.close()


def redis_transport(limits: KeepLimits, options: RedisOptions) -> tuple[Transport, RedisSide]:
    """A transport over a Redis that need not answer yet. Raises ConfigError (not an address)."""
    link = RedisLink(options)
    writer = RedisWriter(link)
    rings = RedisRings(link, writer)
    notes = RedisNotes(link, writer)
    bridge = RedisStreamBridge(link, writer, MemoryStreamBridge(limits), notes)
    side = RedisSide(link, bridge, writer, rings, notes)
    loops = {
        "send to Redis": link.patient("send", writer.send_step),
        "mirror streams": link.patient("mirror", bridge.mirrors.tail_step),
        "hear bells": link.patient("hear", rings.hear_step),
        "listen to bells": link.patient("listen", rings.speak_step),
    }
    thread_bells, log_bells = (RedisThreadBells(name, rings, options.timeout_seconds) for name in ("thread", "log"))
    bell, cron_bell, stop_bell = RedisBell("runs", rings), RedisBell("crons", rings), RedisStopBell(rings)
    return Transport(bridge, bell, cron_bell, thread_bells, log_bells, stop_bell, loops, side), side
