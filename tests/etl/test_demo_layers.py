"""Every frame of a demo town fits its layer: fields, codes, keys, references, geometry, place."""

import re
import subprocess
import sys

import pytest
import shapely

from etl.demo import DEMO_TOWNS, generate
from etl.demo.assemble import NOTHING_OF
from layers.catalog import LAYERS, imported
from layers.errors import NotFoundError
from layers.model import FieldType, Layer
from tests.etl.demo_data import TOWNS, area_of, demo, fingerprint, layer, table

COUNTS = {
    "town_boundary": (1, 1),
    "communities": (20, 25),
    "parcels": (11_500, 12_500),
    "parcel_uses": (11_500, 14_000),
    "buildings": (5_500, 8_000),
    "houses": (5_000, 5_000),
    "households": (4_800, 5_300),
    "permits": (3_000, 3_000),
    "roads": (700, 2_000),
    "waste_routes": (12, 12),
    "waste_stops": (600, 2_000),
    "flood_zones": (40, 70),
    "shelters": (14, 14),
    "facilities": (30, 45),
    "care_locations": (902, 905),
    "water": (2, 10),
}
BEYOND_THE_BOUNDARY = {"water"}
"""Water goes on where the town ends; the map needs to show it."""


@pytest.mark.parametrize("town", TOWNS)
def test_every_layer_is_there_in_loading_order_and_of_the_promised_size(town: str) -> None:
    frames = demo(town).frames
    assert list(frames) == [lay.id for lay in imported()]
    for layer_id, (least, most) in COUNTS.items():
        assert least <= len(frames[layer_id]) <= most, layer_id


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("declared", imported(), ids=lambda lay: lay.id)
def test_columns_codes_limits_and_keys_are_as_declared(town: str, declared: Layer) -> None:
    frame = demo(town).frames[declared.id]
    names = [field.name for field in declared.fields]
    assert list(frame.columns) == ([*names, "geom"] if declared.geometry else names)
    for field in declared.fields:
        known = frame[field.name].dropna()
        if field.required:
            assert len(known) == len(frame), field.name
        if field.codes:
            values = known.explode() if field.type is FieldType.TEXT_LIST else known
            assert set(values.dropna()) <= {code.value for code in field.codes}, field.name
        if field.minimum is not None and len(known):
            assert known.min() >= field.minimum, field.name
        if field.maximum is not None and len(known):
            assert known.max() <= field.maximum, field.name
    assert not frame.duplicated(list(declared.natural_key)).any()


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("declared", imported(), ids=lambda lay: lay.id)
def test_references_name_rows_that_exist(town: str, declared: Layer) -> None:
    frames = demo(town).frames
    for field in declared.fields:
        if field.references is None:
            continue
        target = next(lay for lay in LAYERS if lay.id == field.references)
        keys = set(frames[target.id][target.natural_key[0]])
        assert set(frames[declared.id][field.name].dropna()) <= keys, field.name


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize(
    "declared",
    [lay for lay in imported() if lay.geometry and lay.id not in NOTHING_OF],
    ids=lambda lay: lay.id,
)
def test_geometry_is_valid_of_its_kind_in_the_towns_crs_and_inside_it(
    town: str, declared: Layer
) -> None:
    frame = layer(town, declared.id)
    shapes = frame.geometry.to_numpy()
    assert frame.crs is not None
    assert frame.crs.to_epsg() == DEMO_TOWNS[town].srid
    assert declared.geometry is not None
    assert set(frame.geom_type) == {declared.geometry.value}
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    assert not shapely.has_z(shapes).any()
    if declared.id not in BEYOND_THE_BOUNDARY:
        near = shapely.buffer(area_of(town), 0.02)
        shapely.prepare(near)
        assert shapely.covers(near, shapes).all()


@pytest.mark.parametrize("town", TOWNS)
def test_communities_tile_the_town(town: str) -> None:
    shapes = layer(town, "communities").geometry.to_numpy()
    assert sum(shapely.area(shapes)) == pytest.approx(shapely.area(area_of(town)), abs=1.0)
    assert shapely.coverage_is_valid(shapes)


def test_the_two_towns_lie_in_their_own_zone_at_their_own_place() -> None:
    places = {"phibun": (105.23, 15.245), "patong": (98.296, 7.896)}
    for town, (lon, lat) in places.items():
        area = layer(town, "town_boundary").to_crs(4326).geometry.iloc[0]
        assert area.contains(shapely.Point(lon, lat)), town
    assert {DEMO_TOWNS[town].srid for town in TOWNS} == {32648, 32647}


@pytest.mark.parametrize("town", TOWNS)
def test_nothing_looks_like_a_real_persons_number(town: str) -> None:
    households = table(town, "households")
    phones = [*households["phone"].dropna(), *households["neighbour_phone"].dropna()]
    phones += layer(town, "care_locations")["phone"].dropna().tolist()
    phones += layer(town, "facilities")["phone"].tolist()
    assert phones
    assert all(re.fullmatch(r"000-\d{3}-\d{4}", phone) for phone in phones)
    codes = layer(town, "houses")["house_code"]
    assert codes.str.fullmatch(r"\d{11}").all()
    # no province has a number from 97 on, so no registry office begins with 99
    assert codes.str.startswith("99").all()


def test_an_unknown_demo_town_is_named_in_the_refusal() -> None:
    with pytest.raises(NotFoundError) as refusal:
        generate("atlantis")
    assert "atlantis" in refusal.value.detail.en
    assert "phibun" in refusal.value.detail.th


@pytest.mark.slow
@pytest.mark.parametrize("town", TOWNS)
def test_another_process_invents_the_same_town_to_the_bit(town: str) -> None:
    program = (
        "from etl.demo import generate; from tests.etl.demo_data import fingerprint;"
        f"print(fingerprint(generate({town!r})))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == fingerprint(demo(town))


@pytest.mark.parametrize("town", TOWNS)
def test_every_house_stands_in_a_building_of_its_own_plot(town: str) -> None:
    shapes = layer(town, "buildings").geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    houses = layer(town, "houses").geometry.to_numpy()
    beside, _ = tree.query(houses, predicate="dwithin", distance=3.0)
    assert len(set(beside.tolist())) == len(houses)
    one, other = tree.query(shapes, predicate="overlaps")
    assert shapely.area(shapely.intersection(shapes[one], shapes[other])).sum() < 0.1
    plots = layer(town, "parcels").geometry.to_numpy()
    of, on = shapely.STRtree(plots).query(shapely.centroid(shapes), predicate="dwithin", distance=1)
    assert set(of.tolist()) == set(range(len(shapes)))
    assert len(on) >= len(shapes)
