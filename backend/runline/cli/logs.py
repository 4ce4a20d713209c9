"""Logging: one stream on standard error, for structlog and for libraries that use `logging`."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

from runline.config import LogSettings

CHATTY = ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "uvicorn", "watchfiles")
"""Libraries whose everyday remarks are no news to an operator: only their warnings are shown."""

UNFINISHED = "without completing response"
"""uvicorn's word for an answer that was cut on purpose, so that its client reconnects; we say so ourselves."""


def configure_logs(settings: LogSettings) -> None:
    """Send every log record of this process to standard error, in the format and from the level asked for."""
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.level.upper(), force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(lambda record: UNFINISHED not in record.getMessage())


def _rendering(settings: LogSettings) -> list[Processor]:
    if settings.format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    plain = structlog.dev.plain_traceback  # a rich traceback would print the values of local variables
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
