"""Fields worked out from others."""

import pandas as pd

from etl.derive import derive
from layers.catalog import get

CARE = get("care_locations")


def bands(**columns: list[object]) -> list[object]:
    frame = pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})
    made, _ = derive(frame, CARE)
    return [None if pd.isna(value) else value for value in made["band"]]


def test_the_band_follows_the_score() -> None:
    scores: list[object] = [0, 4, 5, 11, 12, 20]
    expected = ["bedridden", "bedridden", "homebound", "homebound", "social", "social"]
    assert bands(adl_score=scores, kind=["home"] * 6) == expected


def test_a_home_nobody_assessed_is_still_a_home() -> None:
    assert bands(adl_score=[None, 3], kind=["home", "home"]) == ["unknown", "bedridden"]
    assert bands(kind=["home", "facility"]) == ["unknown", None]
    assert bands(band=[None, "social", None], kind=["home", "home", "facility"]) == [
        "unknown",
        "social",
        None,
    ]
