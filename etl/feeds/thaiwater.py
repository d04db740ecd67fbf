"""ThaiWater-shaped water levels: pure, bytes in, observations and a report out.

Known of the source, and met here: two envelopes (`waterlevel_data.data[]` and `data[]`), numbers
as text, times without offset that are Thai time, times some hours ahead (kept, flagged later),
`min_bank` 0 for "not known", dead stations that repeat their last value (the same reading again
is no new one), and station numbers that change: a station is its `tele_station_oldcode`.
"""

from datetime import datetime

from etl.feeds.parsed import (
    BAD_ROW,
    NO_STATION,
    NO_VALUE,
    NOT_OURS,
    Door,
    Observation,
    Parsed,
    RowError,
    Rows,
    Series,
    Station,
)
from etl.feeds.reading import (
    document,
    known_or_none,
    listed,
    time_of,
    value_of,
    within,
    word,
    wrong_shape,
)
from layers.text import Text


def parse(body: bytes, door: Door, series: Series = Series.LEVEL) -> Parsed:
    """The town's readings of an answer. UnreadableAnswerError when it is another shape."""
    tally = Rows()
    found: list[Observation] = []
    stations: dict[str, Station] = {}
    for row in listed(_rows(document(body)), tally):
        try:
            station = _station(row)
            stations[station.code] = station
            found.append(_observation(row, station.code, door, series))
            tally.kept += 1
        except RowError as error:
            tally.refuse(error.reason, _shown(row))
    return Parsed(
        tally.read,
        tally.kept,
        observations=tuple(found),
        stations=tuple(stations.values()),
        refused=tally.finish(),
    )


def _rows(answer: object) -> list[object]:
    for path in (("waterlevel_data", "data"), ("data",)):
        rows = within(answer, *path)
        if isinstance(rows, list):
            return rows
    raise wrong_shape("waterlevel_data.data[]", answer)


def _station(row: object) -> Station:
    told = within(row, "station")
    if not isinstance(told, dict):
        raise RowError(BAD_ROW)
    code = word(told.get("tele_station_oldcode"))
    if code is None:
        raise RowError(NO_STATION)
    low = known_or_none(told.get("min_bank"))
    return Station(
        code=code,
        name=_name(told.get("tele_station_name")),
        lon=known_or_none(told.get("tele_station_long")),
        lat=known_or_none(told.get("tele_station_lat")),
        bank_left_m=known_or_none(told.get("left_bank")) or low,
        bank_right_m=known_or_none(told.get("right_bank")) or low,
        ground_m=known_or_none(told.get("ground_level")),
    )


def _name(told: object) -> Text | None:
    th, en = word(within(told, "th")), word(within(told, "en"))
    some = th or en
    return Text(th=th or some, en=en or some) if some else None


def _observation(row: object, code: str, door: Door, series: Series) -> Observation:
    ours = door.station(code)
    if ours is None:
        raise RowError(NOT_OURS)
    at: datetime = door.time(time_of(within(row, "waterlevel_datetime")))
    level = value_of(within(row, "waterlevel_msl"))
    if level is None:
        raise RowError(NO_VALUE)
    return Observation(ours, at, level, series=series)


def _shown(row: object) -> str:
    code = within(row, "station", "tele_station_oldcode")
    told = [code, within(row, "waterlevel_datetime"), within(row, "waterlevel_msl")]
    return " ".join(str(cell) for cell in told)
