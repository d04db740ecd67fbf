"""The table of vehicles: what the town sets goes before the defaults, field by field."""

from flood.vehicles import DEFAULTS, by_id, table_of


def row(vehicle: str, **given: float | None) -> dict[str, object]:
    names = ("wades_m", "speed_kmh", "places", "stretchers", "draught_m")
    return {"vehicle": vehicle, "reference": "manual", **{n: given.get(n) for n in names}}


def test_defaults_stand_where_the_town_says_nothing() -> None:
    assert table_of([]) == DEFAULTS
    assert table_of([row("rocket", wades_m=3.0)]) == DEFAULTS, "a kind nobody knows"
    found = table_of([row("car", speed_kmh=30.0), row("pickup", wades_m=0.0)])
    car, pickup = by_id("car", found), by_id("pickup", found)
    assert (car.speed_kmh, car.wades_m, car.wades_default) == (30.0, 0.2, True)
    assert (pickup.wades_m, pickup.wades_default, pickup.reference) == (0.0, False, "manual")
    assert by_id("truck_6", found) == by_id("truck_6")


def test_the_last_row_of_a_kind_counts_and_leaves_what_it_does_not_say() -> None:
    found = by_id("car", table_of([row("car", wades_m=0.5, places=2.0), row("car", wades_m=0.1)]))
    assert (found.wades_m, found.places) == (0.1, 2)
