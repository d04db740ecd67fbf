"""`?filter=` in CQL2 on items and tiles: what it selects, what it refuses, and to whom."""

import json

import mapbox_vector_tile
import pytest

from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see, visible_fields
from tests.api.caller import Caller
from tests.api.places import box_around, tile_at

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def matched(caller: Caller, layer: str, **query: str) -> int:
    answer = caller.get(f"/ogc/collections/{layer}/items", params=query)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["numberMatched"])


@pytest.mark.parametrize(
    ("layer", "text", "count"),
    [
        ("permits", "kind = 'food'", 1),
        ("permits", "kind <> 'food' AND status = 'issued'", 2),
        ("permits", "NOT (kind = 'food') OR kind = 'food'", 3),
        ("permits", "kind IN ('food', 'building')", 2),
        ("permits", "CASEI(kind) LIKE CASEI('FOO%')", 1),
        ("permits", "holder_name IS NOT NULL", 1),
        ("permits", "permit_no = 'อ1/2569'", 1),
        ("permits", "permit_no = '''; DROP TABLE town.permits; --'", 0),
        ("parcels", "appraised_value BETWEEN 1000010 AND 1000019", 10),
        ("parcels", "use IS NULL", 25),
        ("parcels", "true", 100),
        ("parcels", "false", 0),
        ("shelters", "open = true", 1),
        ("waste_routes", "A_CONTAINS(weekdays, ('mon'))", 1),
        ("flood_zones", "observed_at >= TIMESTAMP('2026-10-31T00:00:00Z')", 1),
        ("households", "pets IS NULL AND registered_0_5 >= 1", 50),
    ],
)
def test_what_a_filter_selects(caller: Caller, layer: str, text: str, count: int) -> None:
    assert matched(caller, layer, filter=text) == count
    assert matched(caller, layer, filter=text, **{"filter-lang": "cql2-text"}) == count


def test_json_form(caller: Caller) -> None:
    tree = {"op": "=", "args": [{"property": "kind"}, "food"]}
    query = {"filter": json.dumps(tree), "filter-lang": "cql2-json"}
    assert matched(caller, "permits", **query) == 1


def test_geometry_and_the_other_parameters_together(caller: Caller) -> None:
    box = box_around(110, 10, 290, 190)
    inside = f"S_INTERSECTS(geometry, BBOX({box}))"
    assert matched(caller, "parcels", filter=inside) == 4
    assert matched(caller, "parcels", bbox=box) == 4
    assert matched(caller, "parcels", filter=inside, use="commercial") == 1
    assert matched(caller, "parcels", filter=inside, **{"filter-crs": CRS84}) == 4


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"filter": "kind ="}, "not valid CQL2"),
        ({"filter": ""}, "filter"),
        ({"filter": "colour = 'red'"}, "no property “colour”"),
        ({"filter": "kind = 5"}, "kind"),
        ({"filter": "pg_sleep(5) = 1"}, "property name"),
        ({"filter": "id = CASEI(5)"}, "CASEI"),
        ({"filter": "S_INTERSECTS(geometry, POINT(1 95))"}, "off the globe"),
        ({"filter": "S_INTERSECTS(geometry, POINT EMPTY)"}, ""),
        ({"filter": "S_INTERSECTS(geometry, POLYGON((105 15,106 15,106 16,105 16)))"}, "closed"),
        ({"filter": "S_INTERSECTS(geometry, BBOX(-1e308,-1e308,1e308,1e308))"}, "off the globe"),
        ({"filter": "S_INTERSECTS(geometry, LINESTRING(1 1))"}, ""),
        ({"filter": "kind = 'a\0'"}, "NUL"),
        ({"filter": "kind='food'", "filter-lang": "sql"}, "cql2"),
        ({"filter": "kind='food'", "filter-crs": "http://x/EPSG/0/4326"}, "CRS84"),
        ({"filter": "kind='" + "x" * 9000 + "'"}, ""),
    ],
)
def test_filters_that_cannot_be_used(caller: Caller, query: dict[str, str], says: str) -> None:
    for path in ("/ogc/collections/permits/items", f"/tiles/permits/{tile_at(14)}.mvt"):
        answer = caller.get(path, params={**query, "lang": "en"})
        assert answer.status_code == 400, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert says in answer.json()["detail"]
        thai = caller.get(path, params=query).json()["detail"]
        assert any("ก" <= character <= "๛" for character in thai)


@pytest.mark.parametrize("role", Role)
def test_hidden_fields_cannot_be_filtered_by(
    caller: Caller, tokens: dict[Role, str], role: Role
) -> None:
    """Refused like a name that never was, on items and on tiles."""
    for layer in LAYERS:
        if not may_see(layer, role):
            continue
        seen = {field.name for field in visible_fields(layer, role)}
        paths = [f"/ogc/collections/{layer.id}/items"]
        if layer.geometry is not None:
            paths.append(f"/tiles/{layer.id}/{tile_at(14)}.mvt")
        for hidden in [field.name for field in layer.fields if field.name not in seen]:
            for path in paths:
                told = []
                for name in (hidden, "zzz"):
                    query = {"filter": f"{name} IS NULL", "lang": "en"}
                    answer = caller.get(path, tokens[role], params=query)
                    assert answer.status_code == 400
                    told.append(answer.json()["detail"].replace(f"“{name}”", "“?”"))
                assert told[0] == told[1]


def test_tiles_hold_what_the_filter_selects(caller: Caller) -> None:
    def features(layers: str, text: str) -> dict[str, int]:
        answer = caller.get(f"/tiles/{layers}/{tile_at(13)}.mvt", params={"filter": text})
        assert answer.status_code in (200, 204), answer.text
        found = mapbox_vector_tile.decode(answer.content) if answer.content else {}
        return {name: len(layer["features"]) for name, layer in found.items()}

    assert features("permits", "kind = 'food'") == {"permits": 1}
    assert features("permits", "kind = 'none'") == {}
    assert features("permits,facilities", "kind = 'food' OR kind = 'clinic'") == {
        "permits": 1,
        "facilities": 1,
    }
    box = box_around(110, 10, 290, 190)
    assert features("parcels", f"S_INTERSECTS(geometry, BBOX({box}))") == {"parcels": 4}


def test_every_layer_of_a_tile_must_have_the_property(caller: Caller) -> None:
    path = f"/tiles/permits,roads/{tile_at(14)}.mvt"
    answer = caller.get(path, params={"filter": "status = 'issued'", "lang": "en"})
    assert answer.status_code == 400
    assert "“status”" in answer.json()["detail"]


def test_a_parameter_is_given_once_and_its_name_may_be_escaped(caller: Caller) -> None:
    for path in ("/ogc/collections/permits/items", f"/tiles/permits/{tile_at(14)}.mvt"):
        twice = caller.get(f"{path}?filter=kind='food'&filter=kind='none'&lang=en")
        assert twice.status_code == 400
        assert "more than once" in twice.json()["detail"]
        assert caller.get(f"{path}?%66ilter=zzz='x'").status_code == 400
    for path in ("/me", "/tiles/parcels.json", "/styles/town.json", "/ogc/collections", "/readyz"):
        twice = caller.get(f"{path}?lang=en&lang=th")
        assert twice.status_code == 400, path
        assert "lang" in twice.json()["detail"]


def test_the_whole_world_and_crossing_shapes_are_shapes_too(caller: Caller) -> None:
    assert matched(caller, "parcels", filter="S_INTERSECTS(geometry,BBOX(-180,-90,180,90))") == 100
    bow = "POLYGON((105.2 15.2,105.3 15.3,105.3 15.2,105.2 15.3,105.2 15.2))"
    for name in ("INTERSECTS", "TOUCHES", "OVERLAPS", "WITHIN", "CONTAINS", "DISJOINT", "EQUALS"):
        assert matched(caller, "parcels", filter=f"S_{name}(geometry, {bow})") >= 0


def test_what_was_asked_about_persons_stays_out_of_caches(caller: Caller) -> None:
    def told(path: str, **query: str) -> str:
        return str(caller.get(path, params=query).headers["cache-control"])

    items, tile = "/ogc/collections/parcels/items", f"/tiles/parcels/{tile_at(13)}.mvt"
    owner = "owner_name = 'นายทดสอบ ลำดับ1'"
    for private in (
        told(items, properties="code", owner_name="นายทดสอบ ลำดับ1"),
        told(items, properties="code", filter=owner),
        told(items, properties="code", filter=f"NOT (use = 'x' AND {owner})"),
        told(tile, filter=owner),
    ):
        assert private == "private, no-store"
    assert told(items, properties="code", filter="use = 'x'") == "no-cache"
    assert told(tile, filter="use = 'residential'") == "no-cache"


def test_queryables_and_conformance_announce_it(caller: Caller) -> None:
    classes = caller.get("/ogc/conformance").json()["conformsTo"]
    for part in ("conf/filter", "conf/features-filter", "conf/cql2-text", "conf/cql2-json"):
        assert [name for name in classes if name.endswith(part)], part
    properties = caller.get("/ogc/collections/parcels/queryables").json()["properties"]
    assert properties["geometry"]["x-ogc-role"] == "primary-geometry"
    for name in properties:
        text = f"{name} IS NULL" if name != "geometry" else "S_INTERSECTS(geometry, POINT(1 2))"
        assert matched(caller, "parcels", filter=text) >= 0
