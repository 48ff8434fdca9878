"""Logs: JSON lines in production, readable lines for developers. They never contain a token or a message text."""

import logging
import sys
from typing import Any

import structlog

from entrypoints.settings.model import Settings

# logged from the level warning on
_QUIET = ("aio_pika", "aiormq", "alembic", "asyncio", "_granian", "granian", "uvicorn")


def configure_logs(settings: Settings) -> None:
    """Sends the logging of the standard library, which all code here uses, through structlog to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        last: list[Any] = [
            # without local variables, which may hold tokens and messages
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ]
    else:
        plain = structlog.dev.plain_traceback  # for the same reason
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # its errors are raised to us, and logged by us
