"""One event, one line, on standard error: JSON for machines or text for people, for our own log and for libraries'."""

import logging.config
from typing import Any

import structlog


def configure(log_format: str, *, events: bool = True) -> None:
    """`log_format`: "json" or "text". What a library logs with the standard module comes out the same way.

    `events`: also what goes well, of which a command that is watched says enough itself.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper("iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=events,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(log_format)],
    }
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO" if events else "WARNING"},
        "loggers": {name: {"level": "WARNING"} for name in ("uvicorn", "httpx2", "httpcore2", "asyncio")},
    })


def _last(log_format: str) -> list[Any]:
    if log_format == "text":
        # Values are quoted, so that none can begin a line of its own.
        return [structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback, repr_native_str=True)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
