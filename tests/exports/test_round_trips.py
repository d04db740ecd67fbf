"""What is exported imports again equal; where a format cannot hold something, what differs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from db.connect import Machine
from db.datasets import Dataset
from db.load import Incoming, load
from db.towns import drop_town
from etl.order import ImportOrder
from etl.run import run
from layers.catalog import LAYERS, get
from layers.model import FieldType, Layer
from tests.conftest import TownHandle, make_town
from tests.exports.files import written
from tests.tiny import ORIGIN

EXACT = ("gpkg", "fgb", "parquet", "csv")
"""Formats in the town's own CRS whose coordinates come back as they were, to the last bit."""
_NAMES = {"shp.zip": 10}
"""Bytes of a column's name."""
_NEAR_M = 1e-6
"""Metres a coordinate moves on its way to degrees and back."""
LOADED = tuple(layer for layer in LAYERS if not layer.computed)
_FEW = ("parcels", "care_locations", "roads", "households", "flood_zones")
"""A layer of areas, of points with lists and days, of lines, without geometry, with times."""


def place(easting: float, northing: float) -> tuple[float, float]:
    """A place with every digit a coordinate has."""
    return ORIGIN[0] + easting * 1.000_000_1, ORIGIN[1] + northing / 0.999_999_9


TRIANGLE = shapely.MultiPolygon(
    [shapely.Polygon([place(1 / 3, 7.1), place(33.3, 0.123456789), place(17.7, 29.9)])]
)
HARD: dict[str, list[dict[str, Any]]] = {
    "parcels": [
        {
            "code": code,
            "deed_no": text,
            "address": text,
            "use": use,
            "area_m2": number,
            "assessments": count,
            "geom": TRIANGLE,
        }
        for code, text, use, number, count in (
            ("007", "น้ำท่วม, “ริมมูล”; 'บ้าน' \"เดิม\"", "residential", 0.1 + 0.2, 0),
            ("008", "บรรทัดหนึ่ง\nบรรทัดสอง", "vacant", 1e-9, 1),
            ("009", "=SUM(A1)", None, 123_456_789.123_456_78, 2**53),
            ("010", "1/2/2569", "public", None, None),
            ("011", "0012", "agriculture", 0.0, 10),
            ("012", None, None, 1e15 + 0.5, None),
            ("ก-12", "ทํา น้ํา ๓๔".replace("ํา", "ำ"), "commercial", 3.0, 5),
        )
    ],
    "care_locations": [
        {
            "code": f"K{number}",
            "kind": "home",
            "household": None,
            "adl_score": number,
            "band": "bedridden",
            "adl_on": day,
            "needs": needs,
            "person_name": "ยาย [ทดสอบ] {ก}",
            "geom": shapely.Point(place(number * 1.1, 1 / 7)),
        }
        for number, day, needs in (
            (0, date(1950, 2, 28), ["oxygen", "cold_medicine"]),
            (1, date(2024, 2, 29), ["wheelchair"]),
            (2, None, None),
        )
    ],
    "flood_zones": [
        {
            "code": code,
            "kind": "observed",
            "observed_at": moment,
            "stage_m": stage,
            "geom": TRIANGLE,
        }
        for code, moment, stage in (
            ("A", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC), -1.5),
            ("B", datetime(1999, 12, 31, 17, tzinfo=UTC), 112.345),
            ("C", None, None),
        )
    ],
}


@pytest.fixture(scope="module")
def hard_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A town of values formats stumble over."""
    made = make_town(server_url, secret)
    with made.connect(Machine.LOADER) as conn:
        for layer_id, rows in HARD.items():
            values: Any = [
                tuple(shapely.to_wkb(v) if name == "geom" else v for name, v in row.items())
                for row in rows
            ]
            said = Dataset(layer=layer_id, source="ทะเบียน", actor="t", licence="CC BY 4.0")
            loaded = load(
                conn, get(layer_id), Incoming(tuple(rows[0]), values), mode="append", dataset=said
            )
            assert not loaded.refused
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def other_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """An empty town to import into."""
    made = make_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


def brought(
    source: TownHandle, target: TownHandle, layer: Layer, suffix: str, folder: Path
) -> dict[str, Any]:
    """Export a layer here, import it there; the report of the import."""
    path = written(source, layer, suffix, folder)
    # a table of text does not say its CRS; every other file does
    crs = "EPSG:32648" if suffix in ("csv", "xlsx") and layer.geometry else None
    # lists about persons are never guessed, whatever their column is called
    lists = [field for field in layer.fields if field.type is FieldType.TEXT_LIST]
    mapping = {
        field.name: field.title.th if suffix == "xlsx" else field.name[: _NAMES.get(suffix)]
        for field in lists
    }
    inside = layer.title.th if suffix == "xlsx" else None
    order = ImportOrder(
        layer=layer,
        files=(path,),
        actor="t",
        mode="replace",
        crs=crs,
        layer_in_file=inside,
        mapping=mapping,
    )
    with target.connect(Machine.LOADER) as conn:
        report: dict[str, Any] = run(conn, order).model_dump()
    assert report["read"] == report["loaded"] > 0, report["refusals"]
    return report


def rows_of(town: TownHandle, layer: Layer) -> list[dict[str, Any]]:
    """The layer's own fields and its geometry, in an order that does not hang on ids."""
    names = [field.name for field in layer.fields]
    shape = ", ST_AsBinary(geom) AS geom" if layer.geometry else ""
    with town.connect(Machine.LOADER) as conn:
        columns = ", ".join(f'"{name}"' for name in names)
        found = conn.execute(f"SELECT {columns}{shape} FROM town.{layer.id}".encode()).fetchall()  # noqa: S608
    made = [dict(zip([*names, "geom"], row, strict=False)) for row in found]
    for row in made:
        # tiny's short name; an import writes the whole one
        if row.get("deed_type") == "โฉนด":
            row["deed_type"] = "โฉนดที่ดิน"
        for field in layer.fields:
            # an import takes an empty list for none, whatever file it comes from
            if field.type is FieldType.TEXT_LIST:
                row[field.name] = row[field.name] or None
    return sorted(made, key=lambda row: [str(row[name]) for name in [*layer.natural_key, *names]])


def assert_equal(source: TownHandle, target: TownHandle, layer: Layer, *, exact: bool) -> None:
    """Attributes equal; geometry equal to the bit, or as near as degrees allow."""
    before, after = rows_of(source, layer), rows_of(target, layer)
    assert len(before) == len(after)
    for was, now in zip(before, after, strict=True):
        if not exact and layer.geometry:
            shapes = [shapely.from_wkb(row.pop("geom")) for row in (was, now)]
            assert shapely.equals_exact(*shapes, tolerance=_NEAR_M), layer.id
        assert now == was, layer.id


@pytest.mark.parametrize("layer", LOADED, ids=lambda layer: layer.id)
@pytest.mark.parametrize("suffix", ["gpkg", "geojson"])
def test_every_layer_comes_back(
    tiny_town: TownHandle, other_town: TownHandle, tmp_path: Path, layer: Layer, suffix: str
) -> None:
    brought(tiny_town, other_town, layer, suffix, tmp_path)
    assert_equal(tiny_town, other_town, layer, exact=suffix in EXACT)


@pytest.mark.parametrize("layer_id", _FEW)
@pytest.mark.parametrize("suffix", ["fgb", "parquet", "csv"])
def test_other_formats_bring_each_kind_of_layer_back(
    tiny_town: TownHandle, other_town: TownHandle, tmp_path: Path, layer_id: str, suffix: str
) -> None:
    layer = get(layer_id)
    brought(tiny_town, other_town, layer, suffix, tmp_path)
    assert_equal(tiny_town, other_town, layer, exact=True)


@pytest.mark.parametrize("layer_id", HARD)
@pytest.mark.parametrize("suffix", [*EXACT, "geojson", "geojsonl"])
def test_hard_values_come_back(
    hard_town: TownHandle, other_town: TownHandle, tmp_path: Path, layer_id: str, suffix: str
) -> None:
    layer = get(layer_id)
    brought(hard_town, other_town, layer, suffix, tmp_path)
    assert_equal(hard_town, other_town, layer, exact=suffix in EXACT)


def test_a_shapefile_comes_back_but_for_what_it_cannot_hold(
    hard_town: TownHandle, other_town: TownHandle, tmp_path: Path
) -> None:
    """Geometry, Thai, numbers, days, times and lists are equal; long text is cut, and told."""
    for layer_id in HARD:
        layer = get(layer_id)
        brought(hard_town, other_town, layer, "shp.zip", tmp_path)
        before, after = rows_of(hard_town, layer), rows_of(other_town, layer)
        for was, now in zip(before, after, strict=True):
            # DBF keeps 15 digits after the point and nothing beyond
            for field in layer.fields:
                if field.type is FieldType.NUMBER and was[field.name] is not None:
                    assert now[field.name] == pytest.approx(was[field.name], abs=1e-12)
                    was[field.name] = now[field.name]
            # its rings run the other way and may begin elsewhere
            shapes = [shapely.from_wkb(row.pop("geom")) for row in (was, now)]
            assert shapely.equals_exact(*shapely.normalize(shapes), tolerance=0)
            assert now == was


def test_a_workbook_comes_back_but_for_what_it_cannot_hold(
    hard_town: TownHandle, other_town: TownHandle, tmp_path: Path
) -> None:
    """By its Thai titles. Excel keeps 15 digits of a number; the rest is equal."""
    for layer_id in HARD:
        layer = get(layer_id)
        brought(hard_town, other_town, layer, "xlsx", tmp_path)
        before, after = rows_of(hard_town, layer), rows_of(other_town, layer)
        for was, now in zip(before, after, strict=True):
            for field in layer.fields:
                if field.type is FieldType.NUMBER and was[field.name] is not None:
                    assert now[field.name] == pytest.approx(was[field.name], rel=1e-15)
                    was[field.name] = now[field.name]
            assert now == was
