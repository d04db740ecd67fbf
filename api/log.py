"""Structured logs: one JSON object a line on stderr, holding no query values and no bodies."""

import asyncio
import atexit
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO
from urllib.parse import parse_qsl

import orjson

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


class Lines:
    """Access lines on their way to stderr: written together, a twentieth of a second late at most.

    A line of its own through `logging` costs as much as all the rest of a finished tile.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._waiting: list[str] = []

    def add(self, line: str) -> None:
        """Take one line of JSON."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(_LATE_SECONDS, self.write)
            except RuntimeError:
                self.write()
        elif len(self._waiting) >= _TOGETHER:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._out.write("\n".join([*waiting, ""]))
            self._out.flush()


_LATE_SECONDS = 0.05
_TOGETHER = 500
_lines: Lines | None = None


def flush() -> None:
    """Write the access lines that wait: the server is stopping."""
    if _lines:
        _lines.write()


def set_up() -> None:
    """Send our logs to stderr as JSON lines, unless somebody already decided where they go."""
    global _lines  # noqa: PLW0603 - as the loggers themselves, one for the process
    ours = logging.getLogger("muang")
    if ours.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
    # what the server below us has to say: requests that are none, faults of the application
    logging.getLogger("uvicorn").addHandler(handler)
    _lines = Lines(sys.stderr)
    atexit.register(flush)


def answered(method: str, path: str, query: bytes, exchange: Exchange) -> None:
    """Write the access line. Names of query parameters only: their values may name persons."""
    status = exchange.status
    if _lines is None or access.handlers:
        facts = {
            "id": exchange.id,
            **_facts(method, path, query, status, exchange.sent),
            "ms": exchange.elapsed_ms,
            "role": exchange.role,
            "principal": exchange.principal,
        }
        access.info("%s %s %s", method, path, status or "gone", extra={"facts": facts})
        return
    before, between = _line(method, path, query, status, exchange.sent)
    whose = _whose(exchange.role, exchange.principal)
    _lines.add(f"{_now()}{before}{exchange.id}{between}{exchange.elapsed_ms}{whose}")


def _facts(
    method: str, path: str, query: bytes, status: int | None, sent: int
) -> dict[str, object]:
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), True)] if query else []
    return {"method": method, "path": path, "parameters": names, "status": status, "bytes": sent}


@lru_cache(maxsize=4096)
def _line(method: str, path: str, query: bytes, status: int | None, sent: int) -> tuple[str, str]:
    """An access line between its time and its id, and from there to its milliseconds."""
    told = {
        "level": "info",
        "log": access.name,
        "message": f"{method} {path} {status or 'gone'}",
    }
    facts = _facts(method, path, query, status, sent)
    return f'",{_members(told)},"id":"', f'",{_members(facts)},"ms":'


@lru_cache(maxsize=4096)
def _whose(role: str | None, principal: str | None) -> str:
    return f",{_members({'role': role, 'principal': principal})}}}"


def _members(facts: Mapping[str, object]) -> str:
    return orjson.dumps(facts).decode()[1:-1]


def _now() -> str:
    now = time.time()
    return f'{{"at":"{_second(int(now))}.{int(now * 1000) % 1000:03d}+00:00'


@lru_cache(maxsize=2)
def _second(number: int) -> str:
    return datetime.fromtimestamp(number, UTC).strftime("%Y-%m-%dT%H:%M:%S")
