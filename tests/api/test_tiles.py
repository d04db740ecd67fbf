"""Vector tiles of the tiny town, decoded: what is in them, and what must not be."""

from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import pytest

from api import tile_front
from api.access import fingerprint
from api.app import create_app
from api.tile_front import etag
from api.viewer import Viewer
from db.connect import connect_admin
from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see, tile_fields
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.api.places import in_tiles, tile_at
from tests.conftest import TownHandle


def get_tile(
    caller: Caller,
    layers: str,
    z: int = 14,
    token: str | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return caller.get(f"/tiles/{layers}/{tile_at(z)}.mvt", token, headers=headers or {})


def decoded(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    found: dict[str, Any] = mapbox_vector_tile.decode(answer.content)
    return found


@pytest.fixture(scope="module")
def parcel_ids(tiny_town: TownHandle) -> set[int]:
    with tiny_town.connect(Role.ADMIN) as conn:
        return {int(str(row[0])) for row in conn.execute("SELECT id FROM parcels").fetchall()}


def test_parcels_have_stable_ids_and_only_style_fields(
    caller: Caller, parcel_ids: set[int]
) -> None:
    layer = decoded(get_tile(caller, "parcels", z=13))["parcels"]
    assert {feature["id"] for feature in layer["features"]} == parcel_ids
    assert {key for feature in layer["features"] for key in feature["properties"]} == {"use"}
    assert layer["extent"] == 4096


def test_geometry_lands_where_it_belongs(caller: Caller) -> None:
    """A shelter at (800, 800): its place in the tile, worked out here, to half a tile unit."""
    z = 15
    answer = caller.get(f"/tiles/shelters/{tile_at(z, 800, 800)}.mvt")
    found = {
        feature["properties"]["name"]: feature["geometry"]["coordinates"]
        for feature in decoded(answer)["shelters"]["features"]
    }
    across, down = in_tiles(z, 800, 800)
    x, y = found["โรงเรียนบ้านดอน"]
    assert x == pytest.approx(across % 1 * 4096, abs=0.6)
    assert 4096 - y == pytest.approx(down % 1 * 4096, abs=0.6)


def test_several_layers_in_one_tile(caller: Caller) -> None:
    found = decoded(get_tile(caller, "parcels,roads,permits,parcels", z=13))
    assert set(found) == {"parcels", "roads", "permits"}
    assert {f["properties"]["class"] for f in found["roads"]["features"]} == {
        "primary",
        "residential",
    }


def test_a_layer_without_this_zoom_is_left_out_of_several(caller: Caller) -> None:
    assert set(decoded(get_tile(caller, "parcels,flood_zones", z=9))) == {"flood_zones"}
    assert get_tile(caller, "parcels", z=9).status_code == 404
    assert get_tile(caller, "households", z=14).status_code == 404


def test_empty_tiles_are_204(caller: Caller) -> None:
    answer = caller.get("/tiles/parcels/14/0/0.mvt")
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["etag"]


def test_etag_and_304(caller: Caller) -> None:
    first = get_tile(caller, "parcels")
    again = get_tile(caller, "parcels", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = get_tile(caller, "parcels", headers={"If-None-Match": 'W/"0"'})
    assert other.status_code == 200


def test_etag_holds_the_grant() -> None:
    viewers = [Viewer(role, "x", "x") for role in Role]
    viewers += [Viewer(Role.CARE, "x", "x", keys=keys) for keys in ((), ("C1",), ("C1", "C2"))]
    viewers += [Viewer(Role.COORDINATOR, "x", "x", openings=(n,)) for n in (1, 2)]
    tags = {etag("same bytes", fingerprint(who)) for who in viewers}
    assert len(tags) == len({fingerprint(who) for who in viewers}) == len(viewers)


def test_gzip_only_when_accepted(caller: Caller) -> None:
    plain = get_tile(caller, "parcels", headers={"Accept-Encoding": "identity"})
    packed = get_tile(caller, "parcels", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content  # httpx has unpacked it
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "layer", [lay for lay in LAYERS if lay.geometry], ids=lambda layer: layer.id
)
def test_each_role_gets_just_its_fields(
    caller: Caller, tokens: dict[Role, str], layer: Any, role: Role
) -> None:
    answer = get_tile(caller, layer.id, z=15, token=tokens[role])
    if not may_see(layer, role):
        assert answer.status_code == 404
        return
    allowed = {field.name for field in tile_fields(layer, role)}
    features = decoded(answer)[layer.id]["features"] if answer.status_code == 200 else []
    assert {key for feature in features for key in feature["properties"]} <= allowed


def test_homes_of_people_in_care_are_for_carers_only(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    kinds = {}
    for role in Role:
        features = decoded(get_tile(caller, "care_locations", token=tokens[role]))[
            "care_locations"
        ]["features"]
        kinds[role] = {feature["properties"]["kind"] for feature in features}
    carers = {role for role, found in kinds.items() if "home" in found}
    assert carers == {Role.CARE, Role.ADMIN}
    assert kinds[Role.PUBLIC] == {"facility"}


def test_what_is_not_public_stays_out_of_caches(caller: Caller, tokens: dict[Role, str]) -> None:
    for layer, role, told in (
        ("parcels", Role.PUBLIC, "no-cache"),
        ("parcels", Role.ADMIN, "no-cache"),
        ("care_locations", Role.PUBLIC, "no-cache"),
        ("care_locations", Role.CARE, "private, no-store"),
        ("houses", Role.STAFF, "private, no-store"),
        ("parcels,houses", Role.STAFF, "private, no-store"),
    ):
        assert get_tile(caller, layer, token=tokens[role]).headers["cache-control"] == told
        assert "Authorization" in get_tile(caller, layer, token=tokens[role]).headers["vary"]


def test_an_area_has_one_label_point_however_many_tiles_cut_it(caller: Caller) -> None:
    """At zoom 17 the tiny town's two communities cover many tiles; each is named in one."""
    z = 17
    tiles = {tile_at(z, x, y) for x in range(-50, 1100, 50) for y in range(-50, 1100, 50)}
    named = [
        feature["properties"]["name"]
        for tile in tiles
        for feature in mapbox_vector_tile.decode(
            caller.get(f"/tiles/communities/{tile}.mvt").content
        ).get("communities_label", {"features": []})["features"]
    ]
    assert sorted(named) == ["ชุมชนหนองบัว", "ชุมชนแก่งสะพือ"]
    described = caller.get("/tiles/communities.json").json()["vector_layers"]
    assert [each["id"] for each in described] == ["communities", "communities_label"]


def test_a_slow_tile_is_stopped_and_the_connection_lives_on(
    own_tiny_town: TownHandle, dashboard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tile behind a lock: 503 with a sentence, the statement gone from the database, then 200."""
    monkeypatch.setattr(tile_front, "TIMEOUT_SECONDS", 0.3)
    path = f"/tiles/parcels/{tile_at(14)}.mvt?lang=en"
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with (
        Caller(create_app(settings_for(own_tiny_town, dashboard))) as caller,
        connect_admin(own_tiny_town.server_url, own_tiny_town.town_id, autocommit=False) as conn,
    ):
        conn.execute("LOCK TABLE render.parcels IN ACCESS EXCLUSIVE MODE")
        for _ in range(6):  # more than the pool has connections
            answer = caller.get(path)
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:muang:problem:too-slow"
            assert "Zoom in" in answer.json()["detail"]
        assert conn.execute(waiting).fetchone() == (0,)
        conn.rollback()
        assert caller.get(path).status_code == 200
