"""Structured logs: one JSON object a line on stderr, holding no query values and no bodies."""

import logging
import sys
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import orjson
from starlette.types import Scope

from api.exchange import Exchange

access = logging.getLogger("muang.access")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; `facts` given with `extra` become its members."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def set_up() -> None:
    """Send our logs to stderr as JSON lines, unless somebody already decided where they go."""
    ours = logging.getLogger("muang")
    if ours.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def answered(scope: Scope, exchange: Exchange) -> None:
    """Write the access line. Names of query parameters only: their values may name persons."""
    names = [name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), True)]
    access.info(
        "%s %s %s",
        scope["method"],
        scope["path"],
        exchange.status or "gone",
        extra={
            "facts": {
                "id": exchange.id,
                "method": scope["method"],
                "path": scope["path"],
                "parameters": names,
                "status": exchange.status,
                "bytes": exchange.sent,
                "ms": exchange.elapsed_ms,
                "role": exchange.role,
                "principal": exchange.principal,
            }
        },
    )
