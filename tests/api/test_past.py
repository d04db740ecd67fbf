"""`as_of` and `changes`: any layer, any read, as it was; and what became of it since."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import mapbox_vector_tile
import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from api.app import create_app
from db.changes import number_changes
from db.connect import Machine
from db.past import SETTING
from db.queries import tiles
from db.towns import drop_town
from db.view_names import Tense, view_schema
from layers.catalog import LAYERS, get
from layers.model import Role
from layers.privacy import tile_fields
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import box_around, tile_at
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import square

DRAWN = [layer.id for layer in LAYERS if layer.geometry is not None]
PLACES = [tile_at(z, x, y) for z in (14, 16) for x in (50, 150, 450) for y in (50, 450)]
Tree = Any


@dataclass(frozen=True)
class Then:
    """What each role was shown before the edits, and the times before, between and after them."""

    caller: Caller
    town: TownHandle
    tokens: dict[Role, str]
    items: dict[tuple[Role, str], Tree]
    tiles: dict[tuple[Role, str], Tree]
    impact: dict[Role, Tree]
    moments: list[str]

    def get(self, role: Role, path: str, status: int = 200, **params: str) -> Tree:
        """The JSON a role gets."""
        answer = self.caller.get(path, self.tokens[role], params=params)
        assert answer.status_code == status, answer.text
        return answer.json()


def features(caller: Caller, token: str, layer: str, **params: str) -> Tree:
    """Every feature of a layer, or the status of the refusal."""
    answer = caller.get(
        f"/ogc/collections/{layer}/items", token, params={"limit": "1000", **params}
    )
    return answer.json()["features"] if answer.status_code == 200 else answer.status_code


def decoded(caller: Caller, token: str, place: str, **params: str) -> Tree:
    """A tile of everything the role may see: layer -> id -> properties and geometry."""
    layers = caller.get("/me", token).json()["layers"]
    names = ",".join(name for name in DRAWN if name in layers)
    answer = caller.get(f"/tiles/{names}/{place}.mvt", token, params=params)
    assert answer.status_code in (200, 204), answer.text
    found = mapbox_vector_tile.decode(answer.content) if answer.content else {}
    return {
        name: {each["id"]: (each["properties"], drawn(each)) for each in part["features"]}
        for name, part in found.items()
    }


def drawn(feature: Tree) -> BaseGeometry:
    """A feature's shape, wherever its ring begins: that tells of the table it was read from."""
    return shapely.normalize(shape(feature["geometry"]))


def flood(caller: Caller, token: str, **more: str) -> Tree:
    """What the hundred-year flood touches, with ids."""
    asked = {"flood": {"zone_ids": ["Z100"]}, "include": ["ids"], **more}
    answer = caller.post("/queries/impact", token, json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["exposed"]


EDITS = (
    "UPDATE town.parcels SET use = 'public' WHERE code = '01A000'",
    "UPDATE town.parcels SET geom = ST_Translate(geom, 0, 5000) WHERE code = '01A001'",
    "DELETE FROM town.parcels WHERE code = '01A002'",
    "UPDATE town.parcels SET owner_name = 'นางสาวผู้ซื้อ' WHERE code = '01A003'",
    "UPDATE town.care_locations SET geom = ST_Translate(geom, 0, 700) WHERE code IN ('K0', 'K1')",
    "DELETE FROM town.houses WHERE house_code = '34010000002'",
    "UPDATE town.flood_zones SET geom = ST_Translate(geom, 0, 100) WHERE code = 'Z100'",
    "UPDATE town.households SET sleeping_60_up = 9 WHERE code LIKE '%1'",
    "INSERT INTO town.parcels (code, use, geom) VALUES ('01A900', 'vacant', %(new)s::geometry)",
    "UPDATE town.parcels SET use = 'vacant' WHERE code = '01A000'",
    # written anew without any difference
    "UPDATE town.parcels SET use = use WHERE code = '01A050'",
    # came and went
    "INSERT INTO town.parcels (code, geom) VALUES ('01A901', %(new)s::geometry)",
    "DELETE FROM town.parcels WHERE code = '01A901'",
)


@pytest.fixture(scope="module")
def then(server_url: str, secret: str, dashboard: Path) -> Iterator[Then]:
    town = make_tiny_town(server_url, secret)
    moments: list[str] = []
    with town.connect(Machine.SERVICE) as service:
        tokens = {role: a_token(service, role, str(role)) for role in Role}
    with (
        Caller(create_app(settings_for(town, dashboard))) as caller,
        town.connect(Machine.LOADER) as conn,
    ):

        def note() -> None:
            number_changes(conn)
            conn.commit()
            row = conn.execute("SELECT to_json(clock_timestamp())").fetchone()
            conn.commit()
            assert row
            moments.append(str(row[0]))

        note()
        items = {
            (role, layer.id): features(caller, tokens[role], layer.id)
            for role in Role
            for layer in LAYERS
        }
        drawn = {
            (role, place): decoded(caller, tokens[role], place)
            for role in (Role.PUBLIC, Role.CARE, Role.ADMIN)
            for place in PLACES
        }
        impact = {role: flood(caller, tokens[role]) for role in Role}
        new = shapely.to_wkb(
            shapely.set_srid(square(2000, 2000, 50, 50), town.srid), True, include_srid=True
        )
        for edit in EDITS:
            conn.execute(edit.encode(), {"new": new} if "%(" in edit else None)
            conn.commit()
            note()
        yield Then(caller, town, tokens, items, drawn, impact, moments)
    drop_town(server_url, town.town_id)


@pytest.mark.parametrize("role", Role)
def test_every_layer_is_as_it_was(then: Then, role: Role) -> None:
    """All features with all properties and geometry, for each role exactly what it saw then."""
    differ = set()
    for layer in LAYERS:
        now = features(then.caller, then.tokens[role], layer.id)
        past = features(then.caller, then.tokens[role], layer.id, as_of=then.moments[0])
        assert past == then.items[role, layer.id], layer.id
        if now != past:
            differ.add(layer.id)
    assert {"parcels", "flood_zones"} <= differ
    assert ("households" in differ) == (now_sees(then, role, "households"))


def now_sees(then: Then, role: Role, layer: str) -> bool:
    return layer in then.get(role, "/me")["layers"]


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.CARE, Role.ADMIN])
def test_tiles_are_as_they_were(then: Then, role: Role) -> None:
    differ = 0
    for place in PLACES:
        past = decoded(then.caller, then.tokens[role], place, as_of=then.moments[0])
        assert past == then.tiles[role, place], place
        differ += past != decoded(then.caller, then.tokens[role], place)
    assert differ > 2


@pytest.mark.parametrize("role", Role)
def test_impact_is_as_it_was(then: Then, role: Role) -> None:
    assert flood(then.caller, then.tokens[role], as_of=then.moments[0]) == then.impact[role]
    assert flood(then.caller, then.tokens[role]) != then.impact[role]


def test_an_answer_about_the_past_says_so_and_has_the_versions_of_then(then: Then) -> None:
    asked = {"flood": {"zone_ids": "all"}, "as_of": then.moments[0]}
    answer = then.caller.post("/queries/impact?lang=en", then.tokens[Role.STAFF], json=asked).json()
    assert any(text.startswith("The town as it was on ") for text in answer["caveats"])
    versions = {each["layer"]: each["version"] for each in answer["provenance"]}
    fresh = then.caller.post(
        "/queries/impact", then.tokens[Role.STAFF], json={"flood": {"zone_ids": "all"}}
    ).json()
    now = {each["layer"]: each["version"] for each in fresh["provenance"]}
    assert versions["parcels"] < now["parcels"]
    assert versions["roads"] == now["roads"]


def test_each_moment_shows_its_own_state(then: Then) -> None:
    """The use of one parcel after each edit: residential, public from the first, vacant at last."""
    told = []
    for moment in then.moments:
        found = then.get(Role.PUBLIC, "/ogc/collections/parcels/items", code="01A000", as_of=moment)
        (feature,) = found["features"]
        told.append(feature["properties"]["use"])
    assert told == ["residential", *["public"] * 9, *["vacant"] * 4]


def test_one_feature_and_filters_of_the_past(then: Then) -> None:
    at = "/ogc/collections/parcels/items"
    (gone,) = then.get(Role.PUBLIC, at, code="01A002", as_of=then.moments[0])["features"]
    path = f"{at}/{gone['id']}"
    assert then.get(Role.PUBLIC, path, as_of=then.moments[0])["properties"] == gone["properties"]
    then.get(Role.PUBLIC, path, 404)
    box = box_around(110, 10, 190, 90)
    counts = [
        then.get(Role.PUBLIC, at, bbox=box, as_of=moment)["numberMatched"]
        for moment in (then.moments[0], then.moments[-1])
    ]
    assert counts == [1, 0]
    asked = {"filter": "use = 'residential' AND S_INTERSECTS(geometry,BBOX(105,15,106,16))"}
    matched = then.get(Role.PUBLIC, at, as_of=then.moments[0], **asked)["numberMatched"]
    assert matched == 25


@pytest.mark.parametrize("name", ["as_of", "since"])
@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-20", "2026-11-20T08:00:00", "9999-12-31T23:59:59-11:00"]
)
def test_a_time_that_is_none_is_refused(then: Then, name: str, text: str) -> None:
    path = "items" if name == "as_of" else "changes"
    answer = then.get(Role.PUBLIC, f"/ogc/collections/parcels/{path}", 400, **{name: text})
    assert "+07:00" in answer["detail"]


def test_before_the_first_change_and_after_the_last(then: Then) -> None:
    at = "/ogc/collections/parcels/items"
    assert then.get(Role.STAFF, at, as_of="1999-01-01T00:00:00Z")["features"] == []
    now = then.get(Role.STAFF, at, limit="1000")["features"]
    assert then.get(Role.STAFF, at, limit="1000", as_of="2199-01-01T00:00:00Z")["features"] == now


def test_tiles_of_the_past_begin_at_zoom_14(then: Then) -> None:
    path = f"/tiles/parcels/{tile_at(13)}.mvt"
    assert "14" in then.get(Role.PUBLIC, path, 400, as_of=then.moments[0])["detail"]


def changes(then: Then, role: Role, layer: str = "parcels", **params: str) -> dict[str, Tree]:
    params = {"since": then.moments[0], "until": then.moments[-1], **params}
    found = then.get(role, f"/ogc/collections/{layer}/changes", **params)
    assert found["numberReturned"] == len(found["features"])
    return {each["properties"]["code"]: each for each in found["features"]}


def test_what_changed_between_two_times(then: Then) -> None:
    found = changes(then, Role.STAFF)
    told = {code: each["properties"]["change"] for code, each in found.items()}
    assert told == {
        "01A000": "changed",
        "01A001": "changed",
        "01A002": "removed",
        "01A003": "changed",
        "01A900": "added",
    }
    assert found["01A000"]["properties"]["changed"] == ["use"]
    assert found["01A000"]["properties"]["was"] == {"use": "residential"}
    assert found["01A000"]["properties"]["use"] == "vacant"
    assert found["01A001"]["properties"]["changed"] == ["geometry"]
    was = shapely.geometry.shape(found["01A001"]["properties"]["was"]["geometry"])
    moved = shapely.geometry.shape(found["01A001"]["geometry"]).centroid.y - was.centroid.y
    assert moved == pytest.approx(5000 / 110_600, rel=0.01)
    assert found["01A003"]["properties"]["changed"] == ["owner_name"]


def test_a_change_of_what_one_may_not_see_is_none(then: Then) -> None:
    assert "01A003" not in changes(then, Role.PUBLIC)
    assert "01A003" not in changes(then, Role.ANALYST)
    assert "owner_name" not in str(changes(then, Role.PUBLIC))


def test_changes_of_homes_are_for_those_who_see_them(then: Then) -> None:
    assert set(changes(then, Role.CARE, "care_locations")) == {"K0", "K1"}
    for role in (Role.PUBLIC, Role.STAFF, Role.ANALYST, Role.COORDINATOR, Role.TEAM):
        assert changes(then, role, "care_locations") == {}
    then.get(Role.PUBLIC, "/ogc/collections/households/changes", 404, since=then.moments[0])


def test_changes_between_neighbouring_moments(then: Then) -> None:
    for number, code in ((1, "01A000"), (2, "01A001"), (3, "01A002"), (9, "01A900")):
        span = {"since": then.moments[number - 1], "until": then.moments[number]}
        assert set(changes(then, Role.PUBLIC, **span)) == {code}
    span = {"since": then.moments[10], "until": then.moments[13]}
    assert changes(then, Role.PUBLIC, **span) == {}
    since = then.moments[0]
    backwards = {"since": since, "until": "2001-01-01T00:00:00Z"}
    then.get(Role.PUBLIC, "/ogc/collections/parcels/changes", 400, **backwards)


def test_a_box_finds_what_left_it_and_what_came(then: Then) -> None:
    left = changes(then, Role.STAFF, bbox=box_around(110, 10, 190, 90))
    came = changes(then, Role.STAFF, bbox=box_around(110, 5010, 190, 5090))
    assert set(left) == set(came) == {"01A001"}
    assert left["01A001"]["properties"]["change"] == "changed"


def test_changes_come_in_pages(then: Then) -> None:
    path = "/ogc/collections/parcels/changes"
    found, pages = [], 0
    params = {"since": then.moments[0], "limit": "2"}
    while True:
        page = then.get(Role.STAFF, path, **params)
        found += [each["properties"]["code"] for each in page["features"]]
        pages += 1
        more = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not more:
            break
        params = dict(parse_qsl(urlsplit(more[0]).query))
    assert pages == 3  # six rows were touched, one of them rewritten as it was
    assert sorted(found) == sorted(changes(then, Role.STAFF))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.STAFF, Role.ADMIN])
@pytest.mark.parametrize("layer", ["parcels", "roads", "flood_zones"])
def test_the_past_is_looked_at_through_an_index(then: Then, role: Role, layer: str) -> None:
    """Both the live rows and the kept ones, with a tile's own statement."""
    shown = get(layer)
    part = tiles.TileLayer(shown, role, tile_fields(shown, role))
    z, x, y = map(int, tile_at(14).split("/"))
    statement, values = tiles.build((part,), z, rendered=False)
    with then.town.connect(role) as conn:
        conn.execute("SET enable_seqscan = off")
        conn.execute(
            "SELECT set_config('search_path', %s, true), set_config(%s, '5', true)",
            [f"{view_schema(role, Tense.PAST)}, gis, pg_catalog", SETTING],
        )
        plan = "\n".join(
            str(row[0])
            for row in conn.execute(b"EXPLAIN " + statement, {**values, **tiles.place(z, x, y)})
        )
    assert f"{layer}_geom_3857" in plan
    assert f"{layer}_history_geom_3857" in plan


def test_the_past_is_read_by_nobody_without_a_position(then: Then) -> None:
    with then.town.connect(Role.PUBLIC) as conn:
        assert conn.execute("SHOW search_path").fetchone() == ("as_public, gis, pg_catalog",)
        row = conn.execute("SELECT current_setting('muang.as_of', true)").fetchone()
        assert row in ((None,), ("",))
