"""Values as people read them, whatever kind of nothing or date the data brings."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from layers.catalog import get
from layers.declare import yes_no
from maps.words import spoken


@pytest.mark.parametrize("nothing", [None, "", float("nan"), pd.NaT, pd.NA, [], np.array([])])
def test_what_is_not_known_is_not_said(nothing: object) -> None:
    assert spoken(get("permits").field("issued_on"), nothing, "th") is None


@pytest.mark.parametrize(
    "value",
    [date(2026, 11, 20), "2026-11-20"],
)
def test_dates_are_in_the_era_of_the_language(value: object) -> None:
    field = get("permits").field("issued_on")
    assert spoken(field, value, "th") == "20 พ.ย. 2569"
    assert spoken(field, value, "en") == "20 Nov 2026"


def test_times_keep_their_hour() -> None:
    field = get("flood_zones").field("observed_at")
    for value in (
        datetime(2026, 11, 20, 10, 21, tzinfo=UTC),
        pd.Timestamp("2026-11-20T10:21:00Z"),
        "2026-11-20T10:21:00+00:00",
    ):
        assert spoken(field, value, "th") == "20 พ.ย. 2569 10:21"
    assert spoken(field, "เมื่อวาน", "th") == "เมื่อวาน"


def test_codes_become_their_labels_and_unknown_codes_stay() -> None:
    use = get("parcels").field("use")
    assert spoken(use, "residential", "th") == "อยู่อาศัย"
    assert spoken(use, "residential", "en") == "Residential"
    assert spoken(use, "castle", "en") == "castle"
    days = get("waste_routes").field("weekdays")
    assert spoken(days, ["mon", "thu"], "th") == "จันทร์, พฤหัสบดี"
    assert spoken(days, np.array(["mon"]), "en") == "Monday"


def test_numbers_carry_their_unit() -> None:
    area = get("parcels").field("area_m2")
    assert spoken(area, 12345.678, "th") == "12,345.68 ตร.ม."
    assert spoken(area, np.float64(1600), "en") == "1,600 m²"
    assert spoken(get("shelters").field("capacity"), 200.0, "en") == "200"
    assert spoken(get("flood_zones").field("stage_m"), 112.4, "th") == "112.4 ม. รทก."


def test_yes_and_no() -> None:
    ramp = yes_no("ramp", "ทางลาด", "Ramp")
    assert spoken(ramp, True, "th") == "ใช่"
    assert spoken(ramp, np.False_, "en") == "No"
