"""Connections to Redis, and whether it answers.

Redis is never the only copy of anything, so its absence is a state and not an error: loops wait until it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from runline.errors import ConfigError
from runline.kit.ids import new_id
from runline.streams.redis_options import RedisOptions

log = structlog.get_logger()

UNREACHABLE = (RedisConnectionError, RedisTimeoutError, OSError, TimeoutError)
_PAUSE_SECONDS = 0.25

Command = tuple[str | bytes | int, ...]


def _pool_of(options: RedisOptions) -> ConnectionPool:
    """What makes connections; none is made yet. Raises ConfigError."""
    try:
        return ConnectionPool.from_url(
            options.uri,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=options.timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            client_name="runline",
        )
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"redis.uri is no address of a Redis server: {exc}") from exc


class RedisLink:
    """What the users of one Redis share: its address, the names of keys, and which of them it answers.

    Raises ConfigError if the address is none.
    """

    def __init__(self, options: RedisOptions) -> None:
        self.options = options
        self.node = new_id()
        self._pool = _pool_of(options)
        self._away: set[str] = set()

    @property
    def up(self) -> bool:
        """Whether Redis answered whenever it was last asked."""
        return not self._away

    @property
    def timeout_seconds(self) -> float:
        """How long Redis may take to answer."""
        return self.options.timeout_seconds

    def key(self, *parts: str) -> str:
        """The name of a key or channel."""
        return ":".join((self.options.prefix, *parts))

    def open_line(self) -> RedisLine:
        """A connection of one's own."""
        return RedisLine(self._pool, self.timeout_seconds)

    def answered(self, part: str) -> None:
        """Redis answers this part."""
        if part in self._away:
            self._away.discard(part)
            if self.up:
                log.info("Redis is back")

    def patient(self, part: str, step: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The step, for a supervised loop that waits while Redis is away."""

        async def attempt() -> None:
            try:
                await step()
            except UNREACHABLE as exc:
                if self.up:
                    log.warning("Redis is away: runs go on, other processes see them later", reason=str(exc))
                self._away.add(part)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self.answered(part)

        return attempt


class RedisLine:
    """One connection for one task. It is made when it is needed, and left after every failure."""

    def __init__(self, pool: ConnectionPool, timeout_seconds: float) -> None:
        self._connection: Connection = pool.make_connection()  # type: ignore[no-untyped-call]
        self._timeout = timeout_seconds

    async def ask(self, commands: Sequence[Command], *, patience: float = 0.0) -> list[Any]:
        """Send all, return the replies in order; a command that Redis refuses has the ResponseError as its reply.

        `patience`: seconds that a command may block on purpose. Raises one of UNREACHABLE.
        """
        try:
            async with asyncio.timeout(self._timeout + patience):
                await self.send(commands)
                return [await self._reply() for _ in commands]
        except BaseException:
            await self.close()
            raise

    async def send(self, commands: Sequence[Command]) -> None:
        """Send without waiting for replies, as a subscriber does."""
        await self._connection.connect()  # type: ignore[no-untyped-call]
        await self._connection.send_packed_command(_packed(commands), check_health=False)

    async def hear(self, timeout: float) -> Any:
        """The next thing that Redis says by itself; None after so many seconds of silence."""
        return await self._connection.read_response(timeout=timeout)

    async def _reply(self) -> Any:
        try:
            return await self._connection.read_response(disconnect_on_error=False)
        except ResponseError as exc:
            return exc

    async def close(self) -> None:
        """Let go; the next use connects anew."""
        await self._connection.disconnect(nowait=True)


def _packed(commands: Iterable[Command]) -> bytes:
    """Commands as Redis reads them: arrays of words. The driver's own way takes longer than Redis itself."""
    pieces = []
    for command in commands:
        pieces.append(b"*%d\r\n" % len(command))
        for word in command:
            value = word if isinstance(word, bytes) else str(word).encode()
            pieces.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(pieces)
