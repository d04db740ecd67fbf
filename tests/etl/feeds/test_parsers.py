"""Each shape of feed: what it brings, what is refused and why, and that no answer breaks it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Geometry

from etl.feeds import gistda, mapper, thaiwater, usgs
from etl.feeds.mapping import Mapping, read_mapping
from etl.feeds.parsed import (
    AHEAD,
    BAD_VALUE,
    NO_STATION,
    NO_TIME,
    NO_VALUE,
    NO_ZERO,
    NOT_OURS,
    TWICE,
    Door,
    Observation,
    Parsed,
    Series,
    UnreadableAnswerError,
    once,
)
from layers.errors import BadRequestError
from layers.text import Text
from layers.zeros import Zeros
from tests.etl.feeds.answers import (
    at_thai,
    body,
    cell,
    flood_cells,
    level_row,
    nwis,
    nwis_series,
)
from tests.etl.feeds.answers import (
    thaiwater as water,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DOOR = Door(NOW, known=frozenset({"M.7", "M.4", "rain1"}), zeros={"M.4": Zeros(100.0)})
FLAT = Mapping(station="id", at="when", value="level")


def everywhere(_: Geometry) -> bool:
    return True


def in_the_east(outline: Geometry) -> bool:
    return bool(shapely.bounds(outline)[0] > 105)


def reasons(parsed: Parsed) -> dict[Text, int]:
    return {each.reason: each.count for each in parsed.refused}


def adds_up(parsed: Parsed) -> bool:
    return parsed.read == parsed.kept + sum(each.count for each in parsed.refused)


@pytest.mark.parametrize("second", [False, True], ids=["first envelope", "second envelope"])
def test_thaiwater_rows_become_readings_by_the_old_code(second: bool) -> None:
    row = level_row("M.7", "2026-11-21 09:50", "112.59", id=1)
    moved = level_row("M.7", "2026-11-21 10:00", 112.6, id=99)
    parsed = thaiwater.parse(water(row, moved, second=second), DOOR)
    ten_to = datetime(2026, 11, 21, 2, 50, tzinfo=UTC)
    assert parsed.observations == (
        Observation("M.7", ten_to, 112.59),
        Observation("M.7", ten_to + timedelta(minutes=10), 112.6),
    )
    assert (parsed.read, parsed.kept, parsed.refused) == (2, 2, ())
    station = parsed.stations[0]
    assert (station.bank_left_m, station.bank_right_m) == (113.0, None), "0 is not known"
    assert station.ground_m == 101.5


def test_thaiwater_refusals_each_have_their_reason() -> None:
    good = "2026-11-21 09:50"
    parsed = thaiwater.parse(
        water(
            level_row("M.7", good, "112.59"),
            level_row(None, good, "1"),
            level_row("X.9", good, "1"),
            level_row("M.7", "0000-00-00 00:00", "1"),
            level_row("M.7", at_thai(NOW + timedelta(days=3)), "1"),
            level_row("M.7", good, None),
            level_row("M.7", good, "-"),
            level_row("M.7", good, "high"),
            level_row("M.7", good, True),
            "no row",
        ),
        DOOR,
    )
    assert parsed.kept == 1
    assert adds_up(parsed)
    told = reasons(parsed)
    assert told[NO_STATION] == told[NOT_OURS] == told[NO_TIME] == told[AHEAD] == 1
    assert told[NO_VALUE] == told[BAD_VALUE] == 2


def test_times_six_hours_ahead_are_kept_to_be_flagged() -> None:
    ahead = NOW + timedelta(hours=6)
    parsed = thaiwater.parse(water(level_row("M.7", at_thai(ahead), "112.59")), DOOR)
    assert parsed.observations[0].at == ahead


def test_a_source_may_call_a_station_otherwise() -> None:
    door = Door(NOW, names={"TW-1": "M.7"}, known=frozenset({"M.7"}))
    parsed = thaiwater.parse(water(level_row("TW-1", "2026-11-21 09:50", "112")), door)
    assert parsed.observations[0].station == "M.7"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!doctype html><h1>502</h1>", "web page"),
        (b'{"waterlevel_data": {"data": [{"stat', "not whole JSON"),
        (b"[" * 100_000, "not whole JSON"),
        (b"\xff\xfe\x00", "not whole JSON"),
        (b"NaN", "not whole JSON"),
        (b"[]", "has no waterlevel_data"),
        (b'{"error": "x"}', "it has error"),
        (b'{"waterlevel_data": {"data": {"a": 1}}}', "has no waterlevel_data"),
    ],
)
def test_an_answer_of_another_kind_is_said_to_be_one(sent: bytes, said: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=said):
        thaiwater.parse(sent, DOOR)


def test_usgs_feet_become_metres_above_sea_level_by_the_recorded_zero() -> None:
    at = "2026-11-20T21:00:00.000-05:00"
    parsed = usgs.parse(
        nwis(
            nwis_series("M.4", "00065", "ft", (at, "10.00")),
            nwis_series(
                "M.4", "00060", "ft3/s", (at, "1000"), ("2026-11-20T21:15:00-05:00", -999999)
            ),
            nwis_series("M.7", "00065", "ft", (at, "10.00")),
            nwis_series("rain1", "00045", "in", (at, "0.5")),
            nwis_series("M.4", "00010", "deg C", (at, "21.5")),
        ),
        DOOR,
    )
    when = datetime(2026, 11, 21, 2, tzinfo=UTC)
    level, rain = parsed.observations
    assert (level.station, level.at) == ("M.4", when)
    assert level.value == pytest.approx(103.048)
    assert level.discharge_m3s == pytest.approx(28.316846592)
    assert rain == Observation("rain1", when, 12.7, series=Series.RAIN)
    assert reasons(parsed)[NO_ZERO] == reasons(parsed)[NO_VALUE] == 1
    assert adds_up(parsed)


def test_two_values_for_one_station_and_time_are_told_and_the_last_stands() -> None:
    mapping = read_mapping(
        {"station": "s", "at": "t", "value": "v", "discharge": "q", "stations": {"B": "M.7"}},
        "mapper",
    )
    when = "2026-11-21T09:00:00+07:00"
    rows = [
        {"s": "M.7", "t": when, "v": 1.0},
        # another station that was declared to be the same
        {"s": "B", "t": when, "v": 2.0},
        # level and discharge in two rows are one reading
        {"s": "M.4", "t": when, "v": 3.0},
        {"s": "M.4", "t": when, "q": 40.0},
        {"s": "M.7", "t": "2026-11-21T08:00:00+07:00", "v": 1.5},
    ]
    found = once(mapper.parse(body(rows), DOOR, mapping))
    told = {
        (one.station, one.at.hour): (one.value, one.discharge_m3s) for one in found.observations
    }
    assert told == {("M.7", 2): (2.0, None), ("M.4", 2): (3.0, 40.0), ("M.7", 1): (1.5, None)}
    assert reasons(found) == {TWICE: 1}
    assert adds_up(found)


def test_a_declared_json_is_read_by_its_paths_units_and_datum() -> None:
    told = {
        "stations": "from here on",
        "d": {"rows": [{"s": {"id": 7}, "v": ["x", "1250"], "q": "2,000", "t": 1_795_230_000}]},
    }
    mapping = read_mapping(
        {
            "rows": "d.rows",
            "station": "s.id",
            "at": "t",
            "time": "epoch_s",
            "value": "v.1",
            "unit": "cm",
            "discharge": "q",
            "discharge_unit": "l/s",
            "stations": {"7": "M.4"},
            "level_is": "staff",
        },
        "mapper",
    )
    (one,) = mapper.parse(body(told), DOOR, mapping).observations
    at = datetime.fromtimestamp(1_795_230_000, UTC)
    assert one == Observation("M.4", at, 112.5, 2.0, staff_m=12.5)


def test_a_declared_csv_in_thai_writing_with_years_of_the_buddhist_era() -> None:
    lines = "สถานี;เวลา;ระดับ (ซม.)\nM.7;21/11/2569 09:50;๑๑๒๕๙\nM.7;32/11/2569;1\nM.7;เมื่อวาน\n"
    mapping = Mapping(
        format="csv",
        delimiter=";",
        encoding="cp874",
        unit="cm",
        station="สถานี",
        at="เวลา",
        value="ระดับ (ซม.)",
    )
    parsed = mapper.parse(lines.encode("cp874"), DOOR, mapping)
    assert parsed.observations == (
        Observation("M.7", datetime(2026, 11, 21, 2, 50, tzinfo=UTC), 11259 * 0.01),
    )
    assert adds_up(parsed)
    with pytest.raises(UnreadableAnswerError, match="not utf-8"):
        mapper.parse(lines.encode("cp874"), DOOR, mapping.model_copy(update={"encoding": "utf-8"}))
    with pytest.raises(UnreadableAnswerError, match="has no ระดับ"):
        mapper.parse("สถานี;เวลา\n".encode("cp874"), DOOR, mapping)
    with pytest.raises(UnreadableAnswerError, match="web page"):
        mapper.parse(b"<html>", DOOR, mapping)


@pytest.mark.parametrize(
    ("cell_", "offset", "hour"),
    [
        ("2026-11-21 02:00", "+00:00", 2),
        ("2026-11-21T02:00:00Z", "+07:00", 2),
        ("2026-11-20T21:00:00-05:00", "+07:00", 2),
        ("01-11-2569 09:00", "+07:00", 2),
        ("01-11-2569 02:00", "+00:00", 2),
    ],
)
def test_an_offset_that_is_told_wins_over_the_declared_one(
    cell_: str, offset: str, hour: int
) -> None:
    mapping = FLAT.model_copy(update={"offset": offset})
    (one,) = mapper.parse(
        body([{"id": "M.7", "when": cell_, "level": 1}]), DOOR, mapping
    ).observations
    assert one.at.hour == hour


@pytest.mark.parametrize(
    "told",
    [
        {"station": "a"},
        {"station": "a", "at": "b", "value": "c", "unit": "furlong"},
        {"station": "a", "at": "b", "value": "c", "surprise": 1},
        {"station": "a", "at": "b", "value": "c", "series": "rain_readings", "unit": "m"},
        ["no object"],
        None,
    ],
)
def test_a_declaration_that_is_wrong_is_said_to_be(told: Any) -> None:
    with pytest.raises(BadRequestError):
        read_mapping(told, "mapper")


def test_flooded_cells_become_an_outline_a_pass_and_tambon_without_any_key() -> None:
    answer = flood_cells(
        cell(105.2, 15.2, seen="2026-11-20T22:45:00Z"),
        cell(105.201, 15.2, seen="2026-11-20T22:45:00Z"),
        cell(105.2, 15.3, seen="2026-11-20T22:45:00Z", f_area=0),
        cell(105.2, 15.4, seen="2026-11-20T22:45:00Z", f_area="much"),
        cell(100.0, 13.0, seen="2026-11-20T22:45:00Z"),
        cell(105.2, 15.2, seen="2026-11-20T22:45:00Z", tb_idn="341902"),
        {"type": "Feature", "geometry": None, "properties": {"f_area": 1}},
        key="k3y-of-the-town",
    )
    mapping = Mapping(seen_at="seen")
    parsed = gistda.parse(answer, DOOR, mapping, in_the_east)
    assert [zone.code for zone in parsed.zones] == [
        "gistda-20261120T2245Z-341901",
        "gistda-20261120T2245Z-341902",
    ]
    assert parsed.zones[0].outline.bounds == pytest.approx((105.2, 15.2, 105.202, 15.201))
    told = reasons(parsed)
    assert told[gistda.NOT_DRY] == told[gistda.NOT_NEAR] == told[BAD_VALUE] == 1
    assert told[gistda.NO_OUTLINE] == 1
    assert adds_up(parsed)
    kept = gistda.stripped(answer)
    assert b"k3y-of-the-town" in answer
    assert b"k3y-of-the-town" not in kept
    assert b"href" not in kept
    assert b"f_area" in kept


def test_a_pass_nobody_dated_is_not_dated_by_us() -> None:
    parsed = gistda.parse(flood_cells(cell(105.2, 15.2)), DOOR, Mapping(), everywhere)
    assert parsed.zones[0].seen_at is None
    assert gistda.NO_PASS in parsed.notes


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["M.7", "2026-11-21 09:50", "112.5", "9999-12-31 23:59", "0001-01-01 00:00"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
SHAPES: dict[str, tuple[Callable[[bytes], Parsed], dict[str, Any]]] = {
    "thaiwater": (
        lambda sent: thaiwater.parse(sent, DOOR),
        {"waterlevel_data": {"data": [level_row("M.7", "2026-11-21 09:50", "1")]}},
    ),
    "usgs": (
        lambda sent: usgs.parse(sent, DOOR),
        {"value": {"timeSeries": [nwis_series("M.4", "00065", "ft", ("2026-11-21T01:00Z", "1"))]}},
    ),
    "mapper": (
        lambda sent: mapper.parse(sent, DOOR, FLAT),
        {"id": "M.7", "when": "2026-11-21 09:50", "level": 1},
    ),
    "gistda": (
        lambda sent: gistda.parse(sent, DOOR, Mapping(seen_at="seen"), everywhere),
        {"features": [cell(105.2, 15.2, seen="2026-11-20T22:45:00Z")]},
    ),
    "csv": (
        lambda sent: mapper.parse(sent, DOOR, FLAT.model_copy(update={"format": "csv"})),
        {},
    ),
}


def parts(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of every part of a document."""
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [path, *(each for name, inner in items for each in parts(inner, (*path, name)))]


def with_part(document: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with another part at a path."""
    if not path:
        return new
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = with_part(document[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"csv"}))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_is_read_or_refused_and_adds_up(shape: str, data: st.DataObject) -> None:
    parse, good = SHAPES[shape]
    path = data.draw(st.sampled_from(parts(good)))
    sent = body(with_part(good, path, data.draw(JSON)))
    sent = sent[: data.draw(st.one_of(st.just(len(sent)), st.integers(0, len(sent))))]
    try:
        parsed = parse(sent)
    except UnreadableAnswerError as error:
        assert error.detail.en != error.detail.th  # noqa: PT017 - either end is right
        return
    assert adds_up(parsed)
    for one in parsed.observations:
        assert one.at.tzinfo is UTC
        assert one.at <= NOW + timedelta(days=1)
        assert one.station in {"M.7", "M.4", "rain1"}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(sent: bytes) -> None:
    for shape, (parse, _) in SHAPES.items():
        try:
            assert adds_up(parse(b"id,when,level\n" + sent if shape == "csv" else sent))
        except UnreadableAnswerError as error:
            assert error.detail.en  # noqa: PT017 - either end is right
