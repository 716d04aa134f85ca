"""The service's log: one JSON object a line, on stderr. Secrets are in none of it.

log.info("call", route=..., status=...)        Without to_stderr() only warnings and errors are printed.
"""

import logging
import sys

import structlog

_LOGGER = logging.getLogger("enrich.service")

log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    _LOGGER,
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
).bind()


def to_stderr() -> None:
    """Logs to stderr, from level INFO on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False
