"""OGC API Features on the tiny town: documents, paging, boxes, filters, CRSs."""

from typing import Any

import httpx
import pytest
from pyproj import Transformer
from shapely.geometry import shape

from api.ogc.documents import CONFORMANCE
from api.ogc.routes import _DECLARED
from layers.catalog import LAYERS
from layers.model import SYSTEM_FIELDS, Role
from layers.privacy import may_see
from tests.api.caller import ADDRESS, Caller
from tests.api.places import TO_DEGREES, TO_METRES, box_around, moved
from tests.tiny import ORIGIN, tiny

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def items(caller: Caller, layer: str, query: str = "", token: str | None = None) -> Any:
    answer = caller.get(f"/ogc/collections/{layer}/items{query}", token)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return answer.json()


def refusal(caller: Caller, path: str) -> httpx.Response:
    answer = caller.get(path, headers={"Accept-Language": "en"})
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


def codes(found: Any) -> list[str]:
    return sorted(feature["properties"]["code"] for feature in found["features"])


def test_landing_leads_everywhere(caller: Caller) -> None:
    landing = caller.get("/ogc/?lang=en").json()
    assert "Test town" in landing["title"]
    links = {link["rel"]: link["href"] for link in landing["links"]}
    assert links.keys() >= {"self", "service-desc", "service-doc", "conformance", "data"}
    for href in links.values():
        assert href.startswith(ADDRESS)
        assert caller.get(href.removeprefix(ADDRESS)).status_code == 200
    assert caller.get("/ogc/conformance").json()["conformsTo"] == list(CONFORMANCE)


def test_links_follow_the_name_the_caller_used(caller: Caller) -> None:
    landing = caller.get("/ogc/", headers={"Host": "localhost:8000"}).json()
    assert {link["href"].split("/ogc")[0].split("/docs")[0] for link in landing["links"]} == {
        "http://localhost:8000"
    }


def test_collections_are_the_layers_the_role_sees(caller: Caller, tokens: dict[Role, str]) -> None:
    for role in Role:
        listed = caller.get("/ogc/collections", tokens[role]).json()["collections"]
        assert [one["id"] for one in listed] == [lay.id for lay in LAYERS if may_see(lay, role)]


def test_a_collection_says_what_it_is(caller: Caller) -> None:
    parcels = caller.get("/ogc/collections/parcels?lang=en").json()
    assert parcels["title"] == "Parcels"
    assert parcels["itemType"] == "feature"
    assert parcels["storageCrs"] == f"{EPSG}32648"
    assert parcels["crs"] == [CRS84, f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}32648"]
    west, south, east, north = parcels["extent"]["spatial"]["bbox"][0]
    lon, lat = TO_DEGREES.transform(ORIGIN[0] + 500, ORIGIN[1] + 500)
    assert west < lon < east
    assert south < lat < north
    table = caller.get("/ogc/collections/households").json()
    assert "storageCrs" not in table
    assert "extent" not in table


def test_every_layer_gives_every_row_with_its_geometry(caller: Caller) -> None:
    for layer in LAYERS:
        found = items(caller, layer.id, "?limit=10000")
        rows = tiny()[layer.id]
        assert found["numberMatched"] == found["numberReturned"] == len(rows), layer.id
        for feature in found["features"]:
            assert (feature["geometry"] is None) == (layer.geometry is None)
            if layer.geometry is not None:
                assert feature["geometry"]["type"] == layer.geometry.value


def test_a_feature_is_what_was_loaded(caller: Caller) -> None:
    found = items(caller, "parcels", "?code=01A042")
    (feature,) = found["features"]
    row = next(row for row in tiny()["parcels"] if row["code"] == "01A042")
    for name in ("deed_type", "deed_no", "use", "area_deed_m2", "owner_name", "appraised_value"):
        assert feature["properties"][name] == row[name]
    drawn = moved(shape(feature["geometry"]), TO_METRES)
    assert drawn.symmetric_difference(row["geom"]).area < 5  # of 10,000 m2: 7 decimals of a degree
    assert "id" not in feature["properties"]
    assert feature["properties"]["updated_at"].endswith("+07:00")


def test_lists_and_dates_are_json(caller: Caller) -> None:
    (route,) = items(caller, "waste_routes")["features"]
    assert route["properties"]["weekdays"] == ["mon", "thu"]
    home = items(caller, "care_locations", "?code=K0")["features"][0]
    assert home["properties"]["last_verified_on"] == "2026-11-01"
    assert home["properties"]["needs"] == ["oxygen"]


def test_paging_visits_every_feature_once(caller: Caller) -> None:
    seen: list[int] = []
    path = "/ogc/collections/parcels/items?limit=17&lang=en&use=commercial"
    while path:
        page = caller.get(path).json()
        assert page["numberReturned"] == len(page["features"]) <= 17
        assert page["numberMatched"] == 25
        seen += [feature["id"] for feature in page["features"]]
        links = {link["rel"]: link["href"].removeprefix(ADDRESS) for link in page["links"]}
        path = links.get("next", "")
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen)
    back = caller.get(links["prev"]).json()
    assert [feature["id"] for feature in back["features"]] == seen[:17]


def test_a_page_beyond_the_end_is_empty_and_still_counts(caller: Caller) -> None:
    page = items(caller, "parcels", "?offset=5000")
    assert page["features"] == []
    assert page["numberMatched"] == 100
    assert {link["rel"] for link in page["links"]} == {"self", "collection", "prev"}


def test_limits(caller: Caller) -> None:
    assert items(caller, "parcels", "?limit=99999")["numberReturned"] == 100
    for wrong in ("limit=0", "limit=-1", "limit=x", "offset=-1", "offset=99999999999999999999"):
        assert refusal(caller, f"/ogc/collections/parcels/items?{wrong}").status_code == 400


def test_bbox(caller: Caller) -> None:
    # strictly inside four parcels of row 0 and 1
    found = items(caller, "parcels", f"?bbox={box_around(110, 10, 290, 190)}")
    assert codes(found) == ["01A001", "01A002", "01A011", "01A012"]
    assert items(caller, "parcels", "?bbox=0,0,1,1")["numberMatched"] == 0
    assert items(caller, "parcels", "?bbox=-180,-90,180,90")["numberMatched"] == 100
    assert items(caller, "parcels", "?bbox=105,15,-100,106,16,100")["numberMatched"] == 100
    assert items(caller, "households", "?bbox=-180,-90,180,90")["numberMatched"] == 0


def test_bbox_across_the_antimeridian(caller: Caller) -> None:
    assert items(caller, "parcels", "?bbox=170,0,-170,30")["numberMatched"] == 0
    assert items(caller, "parcels", "?bbox=100,0,-170,30")["numberMatched"] == 100
    assert items(caller, "parcels", "?bbox=-170,0,106,30")["numberMatched"] == 100


def test_bbox_in_other_crss(caller: Caller) -> None:
    e, n = ORIGIN
    wanted = ["01A001", "01A002", "01A011", "01A012"]
    metres = f"{e + 110},{n + 10},{e + 290},{n + 190}"
    found = items(caller, "parcels", f"?bbox={metres}&bbox-crs={EPSG}32648")
    assert codes(found) == wanted
    west, south, east, north = box_around(110, 10, 290, 190).split(",")
    swapped = f"{south},{west},{north},{east}"
    assert codes(items(caller, "parcels", f"?bbox={swapped}&bbox-crs={EPSG}4326")) == wanted
    assert codes(items(caller, "parcels", f"?bbox={swapped}&bbox-crs=[EPSG:4326]")) == wanted
    mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    x0, y0 = mercator.transform(float(west), float(south))
    x1, y1 = mercator.transform(float(east), float(north))
    found = items(caller, "parcels", f"?bbox={x0},{y0},{x1},{y1}&bbox-crs={EPSG}3857")
    assert codes(found) == wanted


@pytest.mark.parametrize(
    "bbox",
    [
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "nan,0,1,1",
        "0,0,inf,1",
        "0,10,10,0",
        "0,0,181,1",
        "0,-91,1,1",
    ],
)
def test_boxes_that_make_no_sense(caller: Caller, bbox: str) -> None:
    answer = refusal(caller, f"/ogc/collections/parcels/items?bbox={bbox}")
    assert answer.status_code == 400
    assert "bbox" in answer.json()["detail"]


def test_answers_in_other_crss(caller: Caller) -> None:
    path = "/ogc/collections/shelters/items"
    plain = caller.get(f"{path}?code=S1")
    assert plain.headers["content-crs"] == f"<{CRS84}>"
    lon, lat = plain.json()["features"][0]["geometry"]["coordinates"]
    flipped = caller.get(f"{path}?code=S1&crs={EPSG}4326")
    assert flipped.headers["content-crs"] == f"<{EPSG}4326>"
    assert flipped.json()["features"][0]["geometry"]["coordinates"] == [lat, lon]
    own = caller.get(f"{path}?code=S1&crs={EPSG}32648")
    assert own.headers["content-crs"] == f"<{EPSG}32648>"
    geometry = own.json()["features"][0]["geometry"]
    assert geometry["coordinates"] == [ORIGIN[0] + 800, ORIGIN[1] + 800]
    assert "crs" not in geometry
    for parameter in ("crs", "bbox-crs"):
        wrong = refusal(caller, f"{path}?bbox=0,0,1,1&{parameter}={EPSG}24047")
        assert wrong.status_code == 400
        assert f"{EPSG}32648" in wrong.json()["detail"]


def test_properties_selects(caller: Caller) -> None:
    page = items(caller, "parcels", "?properties=code,use&limit=3")
    assert all(set(feature["properties"]) == {"code", "use"} for feature in page["features"])
    nothing = items(caller, "parcels", "?properties=&limit=1")
    assert nothing["features"][0]["properties"] == {}
    wrong = refusal(caller, "/ogc/collections/parcels/items?properties=code,colour")
    assert wrong.status_code == 400
    assert "colour" in wrong.json()["detail"]


@pytest.mark.parametrize(
    ("layer", "query", "count"),
    [
        ("parcels", "use=residential", 25),
        ("parcels", "area_deed_m2=9990", 100),
        ("parcels", "code=01A001&use=commercial", 1),
        ("parcels", "code=01A001&use=residential", 0),
        ("permits", "kind=hazardous", 1),
        ("shelters", "open=true", 1),
        ("shelters", "open=False&capacity=120", 1),
        ("waste_routes", "weekdays=thu", 1),
        ("waste_routes", "weekdays=sun", 0),
        ("care_locations", "last_verified_on=2026-11-01", 8),
        ("care_locations", "needs=oxygen", 1),
        ("flood_zones", "observed_at=2026-11-01T07:00:00%2B07:00", 1),
        ("flood_zones", "observed_at=2026-11-01T07:00:00+07:00", 1),
        ("flood_zones", "observed_at=2026-11-01T00:00:00Z", 1),
        ("facilities", "name=เทศบาล", 1),
        ("parcels", "code=%27%20OR%201=1--", 0),
        ("parcels", "code=%00", 0),
        ("parcels", "id=9223372036854775807", 0),
    ],
)
def test_filters_by_property(caller: Caller, layer: str, query: str, count: int) -> None:
    assert items(caller, layer, f"?{query}")["numberMatched"] == count


@pytest.mark.parametrize(
    ("layer", "query"),
    [
        ("shelters", "capacity=many"),
        ("shelters", "capacity=99999999999999999999"),
        ("shelters", "open=perhaps"),
        ("parcels", "area_m2=nan"),
        ("care_locations", "last_verified_on=01/11/2569"),
        ("flood_zones", "observed_at=yesterday"),
        ("parcels", "code=1&code=2"),
        ("parcels", "geom=1"),
    ],
)
def test_filters_that_make_no_sense(caller: Caller, layer: str, query: str) -> None:
    assert refusal(caller, f"/ogc/collections/{layer}/items?{query}").status_code == 400


@pytest.mark.parametrize(
    ("when", "count"),
    [
        ("2026-11-01", 1),
        ("2026-11-01T00:00:00Z", 1),
        ("2026-11-01T00:00:01Z", 0),
        ("2026-10-01T00:00:00Z/2026-12-01T00:00:00Z", 1),
        ("../2026-10-31", 0),
        ("2026-11-01/..", 1),
        ("/2026-11-02", 1),
        ("../..", 1),
    ],
)
def test_datetime_compares_the_layers_own_time(caller: Caller, when: str, count: int) -> None:
    assert items(caller, "flood_zones", f"?datetime={when}")["numberMatched"] == count


def test_geometry_can_be_left_out(caller: Caller) -> None:
    whole = items(caller, "parcels", "?limit=3")
    bare = items(caller, "parcels", "?limit=3&skipGeometry=true&bbox=105,15,106,16")
    assert [feature["geometry"] for feature in bare["features"]] == [None] * 3
    assert [feature["properties"] for feature in bare["features"]] == [
        feature["properties"] for feature in whole["features"]
    ]
    one = caller.get("/ogc/collections/parcels/items/1?skipGeometry=true&properties=code").json()
    assert one["geometry"] is None
    assert set(one["properties"]) == {"code"}
    refused = refusal(caller, "/ogc/collections/parcels/items?skipGeometry=perhaps")
    assert refused.status_code == 400


def test_datetime_on_a_layer_without_time_selects_everything(caller: Caller) -> None:
    assert items(caller, "parcels", "?datetime=1999-01-01")["numberMatched"] == 100
    for wrong in ("soon", "2026-12-01/2026-01-01", "2026-13-01", "", ".."):
        assert (
            refusal(caller, f"/ogc/collections/parcels/items?datetime={wrong}").status_code == 400
        )


def test_a_crs_without_a_box_and_a_box_without_edges_are_refused_as_well(caller: Caller) -> None:
    for asked in ("bbox-crs=nonsense", "bbox=", "bbox=&bbox-crs="):
        assert refusal(caller, f"/ogc/collections/parcels/items?{asked}").status_code == 400


def test_one_feature(caller: Caller) -> None:
    listed = items(caller, "shelters", "?code=S1")["features"][0]
    answer = caller.get(f"/ogc/collections/shelters/items/{listed['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    one = answer.json()
    assert {link["rel"] for link in one.pop("links")} == {"self", "collection"}
    assert one == listed
    for missing in ("999999999", "99999999999999999999999"):
        assert refusal(caller, f"/ogc/collections/shelters/items/{missing}").status_code == 404
    assert refusal(caller, "/ogc/collections/nothing/items").status_code == 404


def test_parameters_never_hide_a_field() -> None:
    names = {field.name for layer in LAYERS for field in (*layer.fields, *SYSTEM_FIELDS)}
    assert not names & set(_DECLARED)


def test_schema_speaks_the_callers_language(caller: Caller) -> None:
    answer = caller.get("/ogc/collections/parcels/schema?lang=en")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{ADDRESS}/ogc/collections/parcels/schema"
    use = schema["properties"]["use"]
    assert use["title"] == "Use"
    assert use["x-enumLabels"]["agriculture"] == "Agriculture"
    assert set(use["enum"]) == set(use["x-enumLabels"])
    assert schema["properties"]["area_m2"]["x-unit"] == "m2"
    assert schema["properties"]["id"]["x-ogc-role"] == "id"
    assert schema["properties"]["geometry"]["format"] == "geometry-multipolygon"
    thai = caller.get("/ogc/collections/parcels/schema?lang=th").json()
    assert thai["properties"]["use"]["title"] == "การใช้ประโยชน์"
    routes = caller.get("/ogc/collections/waste_routes/schema").json()["properties"]
    assert routes["weekdays"]["type"] == "array"
    times = caller.get("/ogc/collections/permits/schema").json()["properties"]
    assert times["issued_on"]["format"] == "date"
    assert times["issued_on"]["x-ogc-role"] == "primary-instant"


def test_features_fit_their_schema(caller: Caller) -> None:
    types: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
    }
    for layer in LAYERS:
        schema = caller.get(f"/ogc/collections/{layer.id}/schema").json()
        for feature in items(caller, layer.id, "?limit=20")["features"]:
            assert feature["properties"].keys() <= schema["properties"].keys()
            for name, value in feature["properties"].items():
                told = schema["properties"][name]
                if value is not None:
                    assert isinstance(value, types[told["type"]]), (layer.id, name, value)
                    if "enum" in told:
                        assert value in told["enum"]
