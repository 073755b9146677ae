"""Structured logs: one JSON object a line on standard output, with event id and authority where there is one.

Invariant: no log line holds the data of an event or anything else that could name a person.
"""

import logging
import sys

import structlog


def configure_logs(service: str, level: str) -> None:
    """Send all logs of this process and its libraries through one JSON renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_details,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    if level != "DEBUG":
        # These tell of every reconnect, rebalance and poll; what matters of it stands in the metrics.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        logging.getLogger("broker").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def _without_details(
    _: structlog.typing.WrappedLogger, __: str, entry: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Leave out PostgreSQL's DETAIL lines: they repeat the row that failed, and so the data of an event."""
    if "exception" in entry:
        entry["exception"] = without_details(entry["exception"])
    return entry


def without_details(text: str) -> str:
    """An error's text without the lines in which PostgreSQL repeats data."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("DETAIL:"))


def get_log(name: str) -> structlog.stdlib.BoundLogger:
    """The log of one module."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log
