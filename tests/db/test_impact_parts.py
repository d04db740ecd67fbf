"""Parts of a flood sum to the whole: random floods of the tiny town, cut along random lines."""

import asyncio
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from db.queries.impact import Flood, Question, impact
from layers.model import Role
from tests.api.places import TO_DEGREES, moved
from tests.conftest import TownHandle
from tests.tiny import ORIGIN

FLOODS = 8
LAYERS = ("houses", "households", "parcels", "roads", "waste_routes", "permits", "shelters")


def flood_and_parts(rng: np.random.Generator) -> list[shapely.Geometry]:
    """A ragged flood, perhaps with an island, and its parts in the cells of two random lines."""
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(5, 60)), endpoint=False)
    reach = rng.uniform(120, 480, len(turn))
    shore = rng.uniform(300, 700, 2) + reach[:, None] * np.column_stack(
        [np.cos(turn), np.sin(turn)]
    )
    whole = shapely.make_valid(shapely.Polygon(shore))
    if rng.random() < 0.5:
        whole = whole - shapely.Point(rng.uniform(300, 700, 2)).buffer(rng.uniform(20, 90))
    x, y = rng.uniform(250, 750, 2)
    cells = [
        shapely.box(*box)
        for box in (
            (-999, -999, x, y),
            (x, -999, 1999, y),
            (-999, y, x, 1999),
            (x, y, 1999, 1999),
        )
    ]
    # vertices every few metres: a straight line in degrees is not quite one in metres
    parts = [_areas(shapely.intersection(whole, cell)) for cell in cells]
    return [shapely.segmentize(part, 5) for part in (_areas(whole), *parts) if not part.is_empty]


def _areas(shape: shapely.Geometry) -> shapely.Geometry:
    kept = [part for part in shapely.get_parts(shape) if part.area > 0]
    return shapely.multipolygons(kept) if kept else shapely.MultiPolygon()


@pytest.mark.parametrize("seed", range(FLOODS))
def test_parts_of_a_random_flood_add_up(tiny_town: TownHandle, seed: int) -> None:
    shapes = flood_and_parts(np.random.default_rng(seed))

    async def answers() -> list[dict[str, Any]]:
        url = tiny_town.url(Role.ADMIN)
        found = []
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            for shape in shapes:
                drawn = moved(
                    shapely.transform(shape, lambda xy: xy + np.array(ORIGIN)), TO_DEGREES
                )
                flood = Flood(geometry=shapely.to_geojson(drawn))
                asked = Question(flood, Role.ADMIN, LAYERS, with_ids=True)
                answer = await impact(conn, asked)
                found.append({**answer.exposed, "area": answer.flood["area_m2"]})
        return found

    whole, *parts = asyncio.run(answers())
    assert len(parts) > 1
    # each house, and so each person, in exactly one part
    houses = [n for part in parts for n in part["houses"]["ids"]]
    assert sorted(houses) == whole["houses"]["ids"]
    for path in (("people", "count"), ("households", "count"), ("permits", "count")):
        assert sum(part[path[0]][path[1]] for part in parts) == whole[path[0]][path[1]], path
    for age, count in whole["people"]["by_age"].items():
        assert sum(part["people"]["by_age"][age] for part in parts) == count
    measures = (
        ("parcels", "wet_area_m2"),
        ("roads", "wet_length_m"),
        ("waste_routes", "wet_length_m"),
    )
    for layer, figure in measures:
        total = sum(part[layer][figure] for part in parts)
        assert total == pytest.approx(whole[layer][figure], rel=1e-5, abs=0.05), layer
    assert sum(part["area"] for part in parts) == pytest.approx(whole["area"], rel=1e-6)
    # a parcel on a line is touched by both sides: the parts together touch the same parcels
    touched = {n for part in parts for n in part["parcels"]["ids"]}
    assert touched == set(whole["parcels"]["ids"])
    uses = whole["parcels"]["by_use"].values()
    assert sum(use["wet_area_m2"] for use in uses) == pytest.approx(
        whole["parcels"]["wet_area_m2"], abs=0.05
    )
