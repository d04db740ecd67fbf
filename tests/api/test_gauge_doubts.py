"""Records and levels that cannot be right are said: cm for m, thresholds out of order, no bed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.gauges import doubts, entry
from api.gauges.models import ReadingIn
from api.gauges.states import told
from db import readings
from db.queries.gauges import Station
from db.readings import LIMIT_FIELDS
from layers.errors import ConfirmError

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def station(*thresholds: tuple[str, float], **more: Any) -> Station:
    values = dict.fromkeys((*LIMIT_FIELDS, "name", "river", "datum", "source", "ground_m"))
    banks = {"bank_left_m": 113.0, "bank_right_m": 112.0}
    found = [
        {
            **dict.fromkeys(("rain_mm", "rain_hours", "set_on", "note")),
            "kind": kind,
            "name": f"{kind} {level:g}",
            "level_m": level,
        }
        for kind, level in thresholds
    ]
    floods = ({"year_be": 2565, "peak_m": 114.5, "note": None},)
    kind = {"code": "G", "kind": "river", "zero_m": 105.0}
    return Station({**values, **kind, **banks, **more}, 105.0, 15.0, tuple(found), floods)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"staff_m": 742}, "check the unit (cm or m)"),
        ({"level_m": 1.2}, "below the river bed"),
        ({"staff_m": -4.5}, "below the river bed"),
        ({"staff_m": -1.5}, None),
        ({"staff_m": 7.42}, None),
        ({"staff_m": 20.0}, None),
    ],
)
def test_the_first_reading_of_a_night_is_asked_about_where_it_cannot_be(
    sent: dict[str, float], says: str | None
) -> None:
    here = station(ground_m=101.0)
    reading = entry.reading_of(ReadingIn(**sent), here, entry.Writer("x", NOW, exercise=False))
    nothing = readings.columns([])
    if says is None:
        entry.ask_if_odd(reading, here, nothing)
        return
    with pytest.raises(ConfirmError) as asked:
        entry.ask_if_odd(reading, here, nothing)
    assert says in asked.value.detail.en
    assert "ตรวจ" in asked.value.detail.th


def test_a_feed_in_the_wrong_unit_is_said_first() -> None:
    row = ("G", 1, NOW, 847.0, None, NOW, "feed:x", 0, False)
    now = told(station(), readings.columns([row]), NOW).now
    assert "check the unit" in now.says[0].en
    right = told(station(), readings.columns([(*row[:3], 112.5, *row[4:])]), NOW).now
    assert "check" not in right.says[0].en


def test_thresholds_that_warn_too_late_are_said() -> None:
    assert (
        list(doubts.of_record(station(("watch", 111), ("warning", 112), ("critical", 113)))) == []
    )
    odd = told(station(("watch", 111.5), ("warning", 112.6), ("critical", 111.2)), None, NOW)
    said = [one.en for one in odd.doubts]
    assert len(said) == 3
    assert sum("is graver: it warns after it" in one for one in said) == 2
    assert sum("over the bank before it warns" in one for one in said) == 1
