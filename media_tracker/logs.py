"""Logging: one line per event, for people on a terminal or as JSON for collectors. Never bodies, cookies, forms or passwords.

Traces are plain: a trace that shows local variables would show cookies and passwords.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor


def configure(log_format: str) -> None:
    """Set up logging for this process; ``log_format`` is ``console`` or ``json``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
