"""Any CSV or JSON whose shape somebody declared: pure, bytes in, observations and a report out."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from etl.dates import DateStyle
from etl.feeds.mapping import DEPTHS_MM, FLOWS, LENGTHS, Mapping, follow
from etl.feeds.parsed import (
    BAD_ROW,
    NO_STATION,
    NO_TIME,
    NO_VALUE,
    NOT_OURS,
    Door,
    Observation,
    Parsed,
    RowError,
    Rows,
    Series,
    UnreadableAnswerError,
    brief,
)
from etl.feeds.reading import document, listed, time_of, value_of, word, wrong_shape
from layers.text import Text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_S = 1e11
_LONGEST_CELL = 100_000


@dataclass(frozen=True)
class _Reader:
    mapping: Mapping
    door: Door
    missing: frozenset[str]

    def observation(self, row: object) -> Observation:
        if not isinstance(row, dict | list):
            raise RowError(BAD_ROW)
        theirs = word(follow(row, self.mapping.station or ""))
        if theirs is None:
            raise RowError(NO_STATION)
        ours = self.door.station(theirs)
        if ours is None:
            raise RowError(NOT_OURS)
        at = self.door.time(self._time(follow(row, self.mapping.at or "")))
        value, flow = self._cell(row, self.mapping.value), self._cell(row, self.mapping.discharge)
        if value is None and flow is None:
            raise RowError(NO_VALUE)
        level = None if value is None else self._in_our_unit(value)
        staff = None
        if self.mapping.level_is == "staff" and self.mapping.series is not Series.RAIN:
            staff, level = level, None if level is None else self.door.level(ours, level, at)
        return Observation(
            ours,
            at,
            level,
            None if flow is None else flow * FLOWS[self.mapping.discharge_unit],
            self.mapping.series,
            staff,
        )

    def _cell(self, row: object, path: str | None) -> float | None:
        cell = None if path is None else follow(row, path)
        return None if str(cell).strip() in self.missing else value_of(cell)

    def _in_our_unit(self, value: float) -> float:
        if self.mapping.series is Series.RAIN:
            return value * DEPTHS_MM[self.mapping.unit]
        return value * LENGTHS[self.mapping.unit] + self.mapping.add_m

    def _time(self, cell: object) -> datetime:
        if self.mapping.time != "auto":
            count = value_of(cell)
            seconds = (count or 0.0) / (1000 if self.mapping.time == "epoch_ms" else 1)
            if count is None or abs(seconds) > _FAR_S:
                raise RowError(NO_TIME)
            return _EPOCH + timedelta(seconds=seconds)
        order = DateStyle("mdy" if self.mapping.month_first else "dmy", self.mapping.short_buddhist)
        found = time_of(cell, order)
        # `etl.dates` takes a time without an offset for Thai time
        told = isinstance(cell, str) and _tells_offset(cell)
        return found if told else found.replace(tzinfo=self.mapping.zone)


def parse(body: bytes, door: Door, mapping: Mapping) -> Parsed:
    """The town's readings of an answer. UnreadableAnswerError when it is another shape."""
    tally = Rows()
    reader = _Reader(mapping, _named(door, mapping), frozenset(mapping.missing))
    rows = _csv_rows(body, mapping) if mapping.format == "csv" else _json_rows(body, mapping)
    found = []
    for row in listed(rows, tally):
        try:
            found.append(reader.observation(row))
            tally.kept += 1
        except RowError as error:
            tally.refuse(error.reason, _shown(row))
    return Parsed(tally.read, tally.kept, observations=tuple(found), refused=tally.finish())


def _named(door: Door, mapping: Mapping) -> Door:
    return replace(door, names={**door.names, **mapping.stations})


_OFFSET = re.compile(r":\d{2}(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})\s*")


def _tells_offset(cell: str) -> bool:
    return any(match.end() == len(cell) for match in _OFFSET.finditer(cell))


def _json_rows(body: bytes, mapping: Mapping) -> list[object]:
    answer = document(body)
    rows = follow(answer, mapping.rows) if mapping.rows else answer
    if isinstance(rows, dict) and not mapping.rows:
        return [rows]
    if not isinstance(rows, list):
        raise wrong_shape(f"{mapping.rows or ''}[]", answer)
    return rows


def _csv_rows(body: bytes, mapping: Mapping) -> Iterator[object]:
    if body.lstrip()[:1] == b"<":
        document(body)  # says that it is a web page
    try:
        text = body.decode("utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding)
    except UnicodeDecodeError:
        raise UnreadableAnswerError(
            Text(
                th=f"คำตอบไม่ใช่ข้อความแบบ {mapping.encoding} ลองเปลี่ยน encoding",
                en=f"The answer is not {mapping.encoding} text; try another encoding.",
            )
        ) from None
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter)
    try:
        names = [name.strip() for name in next(lines, [])]
        wanted = [mapping.station, mapping.at, mapping.value, mapping.discharge]
        absent = [name for name in wanted if name and name[0] != "=" and name not in names]
        if absent:
            raise wrong_shape(", ".join(absent), dict.fromkeys(names))
        for line in lines:
            if line:
                whole = len(line) == len(names) and max(map(len, line)) < _LONGEST_CELL
                yield dict(zip(names, line, strict=True)) if whole else tuple(line)
    except csv.Error as error:
        raise UnreadableAnswerError(
            Text(th=f"ตาราง CSV เสีย: {error}", en=f"The CSV is damaged: {error}")
        ) from None


def _shown(row: object) -> str:
    cells = row.values() if isinstance(row, dict) else row if isinstance(row, tuple) else (row,)
    return brief(", ".join(map(str, cells)))
