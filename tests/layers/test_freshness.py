"""Ages in words: fresh, stale, without expectation, without data; never a colour alone."""

from datetime import UTC, datetime, timedelta

import pytest

from layers.catalog import LAYERS, get
from layers.freshness import State, age
from layers.model import Freshness

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERMITS = get("permits").model_copy(update={"freshness": Freshness(days=30)})


@pytest.mark.parametrize(
    ("ago", "state", "th", "en"),
    [
        (timedelta(hours=5), State.FRESH, "ข้อมูลเมื่อวันนี้ · ควรใหม่ทุก 30 วัน", "Data of today"),
        (timedelta(days=1), State.FRESH, "ข้อมูลเมื่อ 1 วันก่อน", "Data of 1 day ago"),
        (
            timedelta(days=3),
            State.FRESH,
            "ข้อมูลเมื่อ 3 วันก่อน · ควรใหม่ทุก 30 วัน",
            "Data of 3 days ago · expected every 30 days",
        ),
        (
            timedelta(days=30, seconds=1),
            State.STALE,
            "⚠ เก่าเกินกำหนด: ",
            "⚠ Stale: Data of 30 days ago",
        ),
        (timedelta(days=-1), State.FRESH, "ข้อมูลเมื่อวันนี้", "Data of today"),
    ],
)
def test_the_words_of_an_age(ago: timedelta, state: State, th: str, en: str) -> None:
    told = age(PERMITS, NOW - ago, NOW)
    assert told.state is state
    assert told.says.th.startswith(th)
    assert told.says.en.startswith(en)


def test_without_expectation_nothing_is_stale_and_without_data_nothing_is_old() -> None:
    plain = PERMITS.model_copy(update={"freshness": Freshness()})
    old = age(plain, NOW - timedelta(days=4000), NOW)
    assert (old.state, old.age_days, old.says.en) == (
        State.TIMELESS,
        4000,
        "Data of 4,000 days ago",
    )
    none = age(PERMITS, None, NOW)
    assert (none.state, none.age_days, none.expected_days) == (State.EMPTY, None, 30)


def test_expectations_are_declared_where_data_grow_old() -> None:
    expected = {layer.id: layer.freshness.days for layer in LAYERS}
    assert expected["parcels"] == 365
    assert expected["permits"] == 30
    assert expected["town_boundary"] is None
    assert all(days is None or days > 0 for days in expected.values())
