"""Numbers on the other datum than the file says are known by what the layer holds already."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from etl import crs, datum, shift
from etl.crs import TownArea
from layers import catalog
from layers.errors import RefusedError
from tests.conftest import TownHandle
from tests.etl.files import do, order, rows

RNG = np.random.default_rng(11)
STORED = RNG.uniform((524050, 1685050), (524950, 1685950), (60, 2))


def known(points: list[tuple[float, float]]) -> list[float]:
    return [float(np.hypot(*(STORED - point).T).min()) for point in points]


TOWN = TownArea(32648, shapely.box(524000, 1685000, 525000, 1686000), known)


def old_numbers() -> np.ndarray:
    """The stored places in Indian 1975 / UTM 48, as an old tax map has them."""
    pinned = datum.pin(crs.parse("EPSG:24048"), TOWN, "EPSG:1304", "f").transformer
    assert pinned is not None
    return np.column_stack(pinned.transform(*STORED.T, direction="INVERSE"))


def look(points: np.ndarray, name: str, town: TownArea = TOWN) -> None:
    source = crs.parse(name)
    operation = datum.pin(source, town, "EPSG:1304" if name == "EPSG:24048" else None, "f.shp")
    shift.suspect(source, operation, crs.sample(shapely.points(points)), town, "f.shp")


def test_old_numbers_labelled_wgs_84_are_refused_with_both_distances_and_both_commands() -> None:
    with pytest.raises(RefusedError) as refused:
        look(old_numbers(), "EPSG:32648")
    said = refused.value.detail.en
    assert "read as EPSG:24048 it lies 0.0 m from it" in said
    assert "--crs EPSG:24048 --datum-operation EPSG:1304" in said
    assert "--crs EPSG:32648 if the file is right" in said
    assert "--crs EPSG:24048" in refused.value.detail.th


def test_modern_numbers_labelled_indian_are_refused_too() -> None:
    with pytest.raises(RefusedError, match="--crs EPSG:32648, or with --crs EPSG:24048"):
        look(STORED, "EPSG:24048")


def test_what_is_right_new_or_unknown_is_not_doubted() -> None:
    look(STORED + RNG.normal(0, 1, STORED.shape), "EPSG:32648")
    look(old_numbers(), "EPSG:24048")
    look(RNG.uniform((524050, 1685050), (524950, 1685950), (60, 2)), "EPSG:32648")
    look(old_numbers(), "EPSG:32648", TownArea(32648, TOWN.boundary))
    look(old_numbers(), "EPSG:32648", TownArea(32648, TOWN.boundary, lambda _points: []))
    look(old_numbers()[:10], "EPSG:32648")


def test_an_import_asks_the_layer_itself(shared_town: TownHandle, tmp_path: Path) -> None:
    degrees = Transformer.from_crs(32648, 4326, always_xy=True)

    def write(name: str, points: np.ndarray) -> Path:
        made = [
            {
                "type": "Feature",
                "properties": {"code": f"F{n}", "name": f"จุด {n}"},
                "geometry": {"type": "Point", "coordinates": degrees.transform(x, y)},
            }
            for n, (x, y) in enumerate(points)
        ]
        file = tmp_path / name
        file.write_text(json.dumps({"type": "FeatureCollection", "features": made}))
        return file

    layer = catalog.get("shelters")
    first = order("shelters", "shelters.geojson", mode="replace")
    done = do(shared_town, _order(first, write("new.geojson", STORED)))
    assert done.loaded == 60
    # the same places with Indian numbers: as far off as the two datums are
    old = Transformer.from_crs(24048, 4240, always_xy=True).transform(*old_numbers().T)
    wrong = np.column_stack(Transformer.from_crs(4326, 32648, always_xy=True).transform(*old))
    before = rows(shared_town, f"SELECT count(*), max(id) FROM town.{layer.id}")  # noqa: S608
    with pytest.raises(RefusedError, match="it says EPSG:4326, but read so it lies") as refused:
        do(shared_town, _order(first, write("old.geojson", wrong)))
    assert "--crs EPSG:4240 --datum-operation EPSG:1304" in refused.value.detail.en
    assert rows(shared_town, f"SELECT count(*), max(id) FROM town.{layer.id}") == before  # noqa: S608
    as_said = do(
        shared_town,
        _order(first, tmp_path / "old.geojson", crs="EPSG:4240", datum_operation="EPSG:1304"),
    )
    assert as_said.loaded == 60


def _order(first: object, file: Path, **said: str) -> object:
    from dataclasses import replace  # noqa: PLC0415

    return replace(first, files=(file,), **said)  # type: ignore[type-var]
