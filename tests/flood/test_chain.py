"""The gauges above a gauge, and the time water takes down the whole way."""

from flood.chain import Above, Link, above
from flood.hydrograph import StageLag


def link(
    upper: str, lower: str, low: float, high: float, klass: str = "all", **more: object
) -> Link:
    return Link(upper, lower, klass, StageLag(low, high, **more))  # type: ignore[arg-type]


def test_ways_add_up_and_the_nearest_come_first() -> None:
    found = above([link("B", "C", 10, 14), link("A", "B", 20, 30), link("T", "C", 3, 5)], "C")
    assert [each.gauge for each in found] == ["B", "T", "A"]
    (lag,) = found[2].lags
    assert (lag.low_h, lag.high_h, lag.middle_h) == (30, 44, 37)


def test_each_class_goes_on_in_its_own_class() -> None:
    links = [
        link("A", "B", 20, 24, "low", to_stage=105.0),
        link("A", "B", 10, 12, "high", from_stage=105.0),
        link("B", "C", 30, 40, "low"),
        link("B", "C", 15, 19, "high"),
    ]
    low, high = above(links, "C")[1].lags
    assert (low.low_h, low.high_h, low.to_stage) == (50, 64, 105.0)
    assert (high.low_h, high.high_h, high.from_stage) == (25, 31, 105.0)


def test_a_circle_ends_and_a_reach_without_times_of_staff_leaves_none() -> None:
    links = [
        link("A", "B", 5, 6),
        link("B", "A", 5, 6),
        link("B", "C", 9, 9, source="estimated"),
        link("C", "B", 1, 1),
    ]
    assert above(links, "C") == (Above("B", ()), Above("A", ()))
    assert above([], "C") == ()
