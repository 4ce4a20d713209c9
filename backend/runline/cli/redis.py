"""What `runline doctor` looks at in Redis: whether it answers and runs scripts, its age, and what it does when full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runline.cli.finding import Finding, Grade, judge_version

if TYPE_CHECKING:
    from redis import Redis

    from runline.config import RedisSettings

REDIS_FLOOR = "6.2"
_HARMLESS = "noeviction"


def look_at_redis(settings: RedisSettings) -> Iterator[Finding]:
    """Ask it once."""
    from redis import Redis, RedisError

    uri = settings.uri.get_secret_value() if settings.uri else ""
    patience = settings.timeout_seconds
    try:
        with Redis.from_url(uri, socket_timeout=patience, socket_connect_timeout=patience) as client:
            facts: dict[str, Any] = client.info()
            yield from _look_for_scripts(client)
    except (RedisError, ValueError) as exc:
        yield Finding("redis", Grade.FAILED, f"does not answer: {exc}")
        return
    yield judge_version("redis", str(facts["redis_version"]), REDIS_FLOOR)
    policy = str(facts["maxmemory_policy"])
    if facts["maxmemory"] and policy != _HARMLESS:
        detail = f"{policy} lets Redis forget the streams of live runs when it is full; {_HARMLESS} does not"
        yield Finding("redis maxmemory-policy", Grade.WARNING, detail)


def _look_for_scripts(client: Redis) -> Iterator[Finding]:
    from redis import ResponseError

    try:
        client.eval("return 1", 0)
    except ResponseError as exc:
        yield Finding("redis scripts", Grade.FAILED, f"events are entered by EVAL, which is refused: {exc}")
