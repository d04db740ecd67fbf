"""The impact question on the tiny town, whose answers can be counted by hand."""

import asyncio
import json
from typing import Any

import psycopg
import pytest

from db.queries.impact import Flood, Impact, Question, impact
from db.queries.impact_counts import Deadline
from layers.errors import BadRequestError, NotFoundError
from layers.model import Role
from tests.conftest import TownHandle


def ask(town: TownHandle, flood: Flood, role: Role = Role.ADMIN, **options: Any) -> Impact:
    async def run() -> Impact:
        async with await psycopg.AsyncConnection.connect(town.url(role), autocommit=True) as conn:
            return await impact(conn, Question(flood=flood, role=role, **options))

    return asyncio.run(run())


def test_counts_by_hand(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, Flood(zone_ids=("Z100",)))
    found = answer.exposed
    # rows 0-2 lie below 300 m; row 3 touches the edge at 300 m and is counted: ST_Intersects
    assert found["parcels"]["count"] == 40
    assert found["parcels"]["wet_area_m2"] == pytest.approx(300_000)
    assert found["parcels"]["area_m2"] == pytest.approx(400_000)
    assert found["houses"]["count"] == 30
    assert found["households"]["count"] == 30
    # even households say who sleeps there (4), odd ones only who is registered (5)
    assert found["people"]["count"] == 15 * 4 + 15 * 5
    assert found["people"]["by_age"] == {"0-5": 15, "6-17": 30, "18-59": 45, "60+": 45}
    assert found["care_locations"]["by_class"] == {"bedridden": 5, "homebound": 3}
    assert found["permits"]["by_class"] == {"building": 1, "food": 1}
    assert (found["shelters"]["count"], found["shelters"]["capacity"]) == (1, 120)
    assert found["facilities"]["by_class"] == {"clinic": 1}
    assert found["roads"]["wet_length_m"] == pytest.approx(1000 + 300)
    assert found["waste_routes"]["wet_length_m"] == pytest.approx(500 + 150)
    assert answer.flood["area_m2"] == pytest.approx(1100 * 350)
    assert answer.flood["depth_known"] is True


def test_overlapping_zones_count_each_place_once_and_take_the_deeper(
    tiny_town: TownHandle,
) -> None:
    found = ask(tiny_town, Flood(zone_ids=("Z100", "Z10"))).exposed
    assert found["parcels"]["wet_area_m2"] == pytest.approx(300_000)
    assert found["houses"]["by_depth"] == {"gt_1": 10, "lt_0_3": 20}
    assert found["houses"]["depth_unknown"] == 6
    assert found["parcels"]["by_depth"] == {"gt_1": 10, "lt_0_3": 30}


def test_stage_zones_say_that_depth_is_unknown(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, Flood(stage=("DEMO.1", 112.0)))
    assert answer.flood["depth_known"] is False
    assert set(answer.exposed["houses"]["by_depth"]) == {"unknown"}
    assert any("depth" in caveat.en for caveat in answer.caveats)


def test_a_drawn_shape_equals_the_same_zone(tiny_town: TownHandle) -> None:
    with tiny_town.connect(Role.PUBLIC) as conn:
        row = conn.execute(
            "SELECT ST_AsGeoJSON(ST_Transform(geom, 4326), 12) FROM flood_zones WHERE code = 'Z10'"
        ).fetchone()
    drawn = ask(tiny_town, Flood(geometry=str(row[0]) if row else "")).exposed
    zone = ask(tiny_town, Flood(zone_ids=("Z10",))).exposed
    assert drawn["parcels"]["count"] == zone["parcels"]["count"]
    assert drawn["people"]["by_age"] == zone["people"]["by_age"]
    # how deep a drawn shape is nobody says
    assert drawn["people"]["by_indoor_depth"].keys() == {"unknown"}
    assert drawn["houses"]["depth_unknown"] == drawn["houses"]["count"]


def test_a_role_counts_only_what_it_sees(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, Flood(all_zones=True), role=Role.PUBLIC)
    assert {"houses", "households", "people"}.isdisjoint(answer.exposed)
    care = answer.exposed["care_locations"]
    assert care == {"count": 0, "by_class": {}, "suppressed": True}
    assert answer.displaced is None
    assert answer.needs is None
    assert all(
        row.keys() <= {"code", "name", "name_en", "parcels", "care"}
        for row in answer.communities or ()
    )
    staff = ask(tiny_town, Flood(all_zones=True), role=Role.STAFF).exposed
    assert staff["people"]["count"] > 0
    assert staff["care_locations"]["suppressed"] is True


def test_layers_without_data_are_absent(blank_town: TownHandle) -> None:
    square = {"type": "Polygon", "coordinates": [[[105, 15], [106, 15], [106, 16], [105, 15]]]}
    answer = ask(blank_town, Flood(geometry=json.dumps(square)))
    assert answer.exposed == {}


@pytest.mark.parametrize(
    "flood",
    [
        Flood(),
        Flood(zone_ids=("Z10",), all_zones=True),
        Flood(geometry='{"type": "Point", "coordinates": [105, 15]}'),
        Flood(
            geometry='{"type": "Polygon", "coordinates": '
            "[[[105, 15], [106, 16], [106, 15], [105, 16], [105, 15]]]}"
        ),
    ],
)
def test_a_flood_that_cannot_be_used_is_said_so(tiny_town: TownHandle, flood: Flood) -> None:
    with pytest.raises(BadRequestError):
        ask(tiny_town, flood)


def test_unknown_zones_are_named(tiny_town: TownHandle) -> None:
    with pytest.raises(NotFoundError, match="Z999"):
        ask(tiny_town, Flood(zone_ids=("Z10", "Z999")))


@pytest.mark.parametrize(("role", "most_ms"), [(Role.ADMIN, 40_000), (Role.PUBLIC, 10_000)])
def test_an_answer_has_one_deadline_which_ends_with_it(
    tiny_town: TownHandle, role: Role, most_ms: int
) -> None:
    setting = "SELECT setting::integer FROM pg_settings WHERE name = 'statement_timeout'"

    async def run() -> list[int]:
        found = []
        async with await psycopg.AsyncConnection.connect(
            tiny_town.url(role), autocommit=True
        ) as conn:
            async with conn.transaction():
                await Deadline(role).tell(conn)
                found += await (await conn.execute(setting)).fetchall()
            found += await (await conn.execute(setting)).fetchall()
        return [value for (value,) in found]

    left, afterwards = asyncio.run(run())
    assert most_ms / 2 < left <= most_ms
    assert afterwards == 10_000
