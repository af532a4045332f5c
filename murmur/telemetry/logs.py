"""Structured logs on standard error: readable on a terminal, JSON lines elsewhere. Secrets and texts are never logged."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's loggers for the process. `level` is a name such as `INFO`."""
    terminal = sys.stderr.isatty()
    # Local variables hold passwords, tokens and texts, so tracebacks go without them.
    render_traceback = structlog.dev.RichTracebackFormatter(show_locals=False)
    tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(exception_formatter=render_traceback) if terminal else tracebacks,
            *([] if terminal else [structlog.processors.JSONRenderer()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # While an engine is away its driver writes a hundred lines a second; what becomes of it is ours to tell.
    for driver in ("aiokafka", "neo4j"):
        logging.getLogger(driver).setLevel(logging.CRITICAL)
