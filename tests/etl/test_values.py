"""Cells to values: commas, Thai digits, Buddhist dates, yes and no, units."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import dates, units, values
from etl.dates import DateStyle
from etl.values import Unreadable


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,234.50", 1234.5),
        ("฿1,200", 1200.0),
        ("๑๒๓.๕", 123.5),
        ("1500 บาท", 1500.0),
        ("-3", -3.0),
        ("1e3", 1000.0),
        (7, 7.0),
        ("", None),
        ("<Null>", None),
        (float("nan"), None),
    ],
)
def test_numbers_as_people_write_them(cell: object, number: float | None) -> None:
    assert values.number(cell) == number


@pytest.mark.parametrize("cell", ["1.234,5", "12a", "1,23", ".", "e5", "1 234", True, "1e999"])
def test_what_is_no_number_is_said_to_be_none(cell: object) -> None:
    with pytest.raises(Unreadable):
        values.number(cell)


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_a_number_with_thousands_commas_reads_back(number: float) -> None:
    assert values.number(f"{number:,.4f}") == pytest.approx(number, abs=1e-4)


def test_whole_numbers() -> None:
    assert values.integer("1,200") == 1200
    assert values.integer(3.0) == 3
    with pytest.raises(Unreadable):
        values.integer(3.5)


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("29/02/2567", "dmy", date(2024, 2, 29)),
        ("2567-02-29", "dmy", date(2024, 2, 29)),
        ("๑/๒/๒๕๖๘", "dmy", date(2025, 2, 1)),
        ("11/21/1979 0:00:00", "mdy", date(1979, 11, 21)),
        ("18-09-2568 23:00:00", "dmy", date(2025, 9, 18)),
        ("2024/05/06", "dmy", date(2024, 5, 6)),
    ],
)
def test_dates_in_both_eras(cell: str, order: dates.Order, day: date) -> None:
    assert dates.day(cell, DateStyle(order)) == day


@pytest.mark.parametrize("cell", ["29/02/2566", "31/04/2024", "06/10/69", "เมื่อวาน", "2024"])
def test_what_is_no_date_is_not_guessed(cell: str) -> None:
    with pytest.raises(Unreadable):
        dates.day(cell)


def test_times_without_an_offset_are_thai_time() -> None:
    seven = timedelta(hours=7)
    assert dates.moment("06/10/2565 13:45 น.") == datetime(
        2022, 10, 6, 13, 45, tzinfo=dates.THAI_TIME
    )
    assert dates.moment("2022-10-06T13:45:00Z") == datetime(2022, 10, 6, 13, 45, tzinfo=UTC)
    found = dates.moment("2022-10-06")
    assert found is not None
    assert found.utcoffset() == seven
    with pytest.raises(Unreadable):
        dates.moment("2022-10-06 25:00")


def test_yes_and_no() -> None:
    assert [values.boolean(cell) for cell in ("มี", "ไม่มี", "YES", 0, None)] == [
        True,
        False,
        True,
        False,
        None,
    ]
    with pytest.raises(Unreadable):
        values.boolean("อาจจะ")


def test_thai_typed_in_another_order_becomes_one_spelling() -> None:
    water = "น้ำ"
    assert values.text("น\u0e4d\u0e49\u0e32") == water
    assert values.text("น\u0e49\u0e4d\u0e32") == water
    assert values.text(" ทำ ") == "ทำ"


def test_keys_have_arabic_digits_and_single_blanks() -> None:
    assert values.key(" ๐๑A  ๐๐๑ ") == "01A 001"
    assert values.key(12.0) == "12"


def test_lists() -> None:
    assert values.text_list("a, b;c") == ["a", "b", "c"]
    assert values.text_list('["x", "y"]') == ["x", "y"]
    assert values.text_list(" ") is None
    with pytest.raises(Unreadable):
        values.text_list("[broken")


def test_units() -> None:
    assert units.convert("1,000", "ft2") == pytest.approx(92.90304)
    assert units.rai_ngan_wa("2-1-35.5") == 2 * 1600 + 400 + 35.5 * 4
    assert units.rai_ngan_wa("๐-๓-๑๒") == 3 * 400 + 12 * 4
    with pytest.raises(Unreadable):
        units.rai_ngan_wa("2-4-0")
    assert units.fits("rai-ngan-wa", "m2")
    assert not units.fits("ft2", "THB")
    assert units.fits("USD", "THB")
