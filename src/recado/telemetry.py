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
UNKNOWN_SESSIONS: Final = Counter(
    "recado_unknown_sessions_total", "What came for instances that are no more, and was let go", registry=REGISTRY
)
BATCH: Final = Histogram(
    "recado_commit_messages",
    "What the network gave, per transaction that stored it",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
    registry=REGISTRY,
)
HISTORY: Final = Counter(
    "recado_history_messages_total", "Messages of phones' histories that were stored", registry=REGISTRY
)
HISTORY_PIECES: Final = Counter(
    "recado_history_pieces_total", "Pieces of history, by what became of them", ["outcome"], registry=REGISTRY
)
DELIVERIES: Final = Counter(
    "recado_deliveries_total", "Attempts to deliver an event to a webhook, by outcome", ["outcome"], registry=REGISTRY
)
BACKUPS: Final = Counter(
    "recado_backups_total", "Backups that were made by themselves, by outcome", ["outcome"], registry=REGISTRY
)
INSTANCES: Final = Gauge("recado_instances", "Instances, by state", ["state"], registry=REGISTRY)
STREAMS: Final = Gauge("recado_streams", "Clients that follow the events right now", registry=REGISTRY)
ENGINE_DOWN: Final = Counter(
    "recado_engine_down_total", "Times that an engine host was lost", ["engine"], registry=REGISTRY
)
ENGINE_MEMORY: Final = Gauge(
    "recado_engine_memory_bytes", "Memory that an engine host really uses", ["engine"], registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "console", "json"]
Entry = MutableMapping[str, Any]

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_QUIET: Final = ("uvicorn.error", "aiohttp.access", "asyncio")
_NUMBER: Final = re.compile(r"(?<![\w-])\+?\d{3,}(\d{4})(?!\d{4}-)(?![\w-])")
_ROW: Final = re.compile(
    r"\n?(?:DETAIL|CONTEXT):.*?(?=\n(?:HINT|CONTEXT|STATEMENT|LINE|Traceback|The above|During)|\Z)", re.DOTALL
)
# What some errors quote of the value that they are about.
_QUOTED: Final = re.compile(
    r"(?<=input_value=).*?(?=, input_type=)|(?<=codeError\()'[^']*', .*?(?=, \d+, \d+, )", re.DOTALL
)
_WITHHELD: Final = frozenset({"text", "body", "content", "caption", "qr_code", "secret", "password"})
_SIGNS: Final = (
    ("instance.connected", "✅"),
    ("engine.attached", "✅"),
    ("postgres.started", "✅"),
    ("webhook.recovered", "✅"),
    ("instance.awaiting_scan", "🔳"),
    ("instance.", "📱"),
    ("", "  "),
)


def configure_log(level: Level, form: Form) -> None:
    """Log to stderr from now on, the libraries' lines too. Whole phone numbers and messages never reach it."""
    is_console = sys.stderr.isatty() if form == "auto" else form == "console"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending = [structlog.processors.format_exc_info, discreet, *(_for_people() if is_console else _for_machines())]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=_LEVELS[level], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))


def discreet(_: object, __: str, entry: Entry) -> Entry:
    """A log processor: of a number of seven digits and more only the last four stay, of a message nothing."""
    return {key: value if key == "timestamp" else _discreet(key, value) for key, value in entry.items()}


def signed(_: object, __: str, entry: Entry) -> Entry:
    """A log processor for people: a sign before each line that says how to take it."""
    signs = {"error": "❌", "critical": "❌", "warning": "⚠️ "}
    event = str(entry.get("event"))
    sign = signs.get(entry.get("level", "")) or next(sign for start, sign in _SIGNS if event.startswith(start))
    return {**entry, "event": f"{sign} {event}"}


def _for_people() -> list[Any]:
    # The plain traceback: the rich one shows local variables, and those hold messages.
    return [signed, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_machines() -> list[Any]:
    return [structlog.processors.JSONRenderer(ensure_ascii=False)]


def _discreet(key: str, value: Any) -> Any:
    if key in _WITHHELD and value:
        return "(withheld)"
    if isinstance(value, str):
        return _NUMBER.sub(r"…\1", _QUOTED.sub("(withheld)", _ROW.sub("", value)))
    if isinstance(value, dict):
        return {name: _discreet(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_discreet("", inner) for inner in value]
    return value
