"""How Recado is seen from outside: its metrics, listed once, and its log."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

REGISTRY: Final = CollectorRegistry()

REQUESTS: Final = Counter(
    "recado_requests_total", "HTTP requests answered, by method and status", ["method", "status"], registry=REGISTRY
)
EVENTS: Final = Counter("recado_events_total", "Events that entered the log, by type", ["type"], registry=REGISTRY)
TROUBLES: Final = Counter(
    "recado_troubles_total", "Messages that could not be read whole and were kept raw", registry=REGISTRY
)
BATCH: Final = Histogram(
    "recado_commit_messages",
    "What the network gave, per transaction that stored it",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
    registry=REGISTRY,
)
DELIVERIES: Final = Counter(
    "recado_deliveries_total", "Attempts to deliver an event to a webhook, by outcome", ["outcome"], registry=REGISTRY
)
INSTANCES: Final = Gauge("recado_instances", "Instances, by state", ["state"], registry=REGISTRY)
STREAMS: Final = Gauge("recado_streams", "Clients that follow the events right now", registry=REGISTRY)
ENGINE_DOWN: Final = Counter(
    "recado_engine_down_total", "Times that an engine host was lost", ["engine"], registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_NUMBER: Final = re.compile(r"(?<![\w-])(\+?\d{4})\d{3,}(\d{3})(?![\w-])")
_QUIET: Final = ("uvicorn.error", "aiohttp.access", "asyncio")


Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "console", "json"]


def configure_log(level: Level, form: Form) -> None:
    """Log to stderr from now on, the libraries' lines too. Whole phone numbers never reach it."""
    is_console = sys.stderr.isatty() if form == "auto" else form == "console"
    renderer: Any = structlog.dev.ConsoleRenderer() if is_console else structlog.processors.JSONRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any] = [without_numbers] if is_console else [structlog.processors.format_exc_info, without_numbers]
    structlog.configure(
        processors=[*shared, *ending, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=_LEVELS[level], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))


def without_numbers(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log processor: of every number of ten digits and more only the first four and the last three stay."""
    for key, value in entry.items():
        if isinstance(value, str) and key != "timestamp":
            entry[key] = _NUMBER.sub(r"\1…\2", value)
    return entry
