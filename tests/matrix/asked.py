"""Rows of the matrix for geo-queries, the live stream, sign-in, status and the description."""

import json
from typing import Any

import httpx
import shapely
from shapely.geometry import box

from layers.catalog import LAYERS
from layers.model import Role
from tests.api.places import TO_DEGREES, moved
from tests.matrix.asking import Asker
from tests.matrix.seeds import Row
from tests.matrix.views import HELD

COUNTED = (
    "houses",
    "households",
    "care_locations",
    "parcels",
    "permits",
    "facilities",
    "shelters",
    "roads",
    "waste_routes",
)
PAGES = {
    "/": "/",
    "/login": "/login",
    "/ogc": "/ogc",
    "/assets/{name:path}": "/assets/none.js",
    "/favicon.svg": "/favicon.svg",
    "/favicon.ico": "/favicon.ico",
    "/manifest.webmanifest": "/manifest.webmanifest",
    "/robots.txt": "/robots.txt",
    "/sw.js": "/sw.js",
    "/docs": "/docs",
    "/docs/{name}": "/docs/docs.js",
    "/openapi.json": "/openapi.json",
}
"""Addresses without a description, files that are the same for everybody, and one of each."""
LISTED = set(COUNTED) - {"households"}
"""Layers whose counted features an answer can list; a household has no place of its own."""


def impact(asker: Asker) -> None:
    """Every way to name a flood counts and lists just what one sees within it."""
    seeds = asker.view.seeds
    zone = seeds.row("flood_zones")
    everywhere: tuple[dict[str, Any], ...] = (
        {"zone_ids": "all"},
        {"zone_ids": [zone.id]},
        {"zone_ids": [zone.values["code"]]},
        {"gauge": zone.values["gauge"], "stage_m": zone.values["stage_m"]},
        {"where": f"id = {zone.id}"},
    )
    for flood in everywhere:
        _counts(asker, {"flood": flood, "include": ["ids"]}, seeds.rows)
        past = {"flood": flood, "include": ["ids"], "as_of": "2199-12-31T00:00:00Z"}
        _counts(asker, past, seeds.rows)
    _compared(asker, everywhere[0])
    _cut_off(asker, everywhere[0])
    for row in seeds.rows:
        if row.layer.id in COUNTED and row.shape is not None:
            x, y = row.vertices[0]
            around = moved(box(x - 3, y - 3, x + 3, y + 3), TO_DEGREES)
            drawn = {"geometry": shapely.geometry.mapping(around)}
            hit = [
                one
                for one in seeds.rows
                if one.shape and shapely.intersects(one.shape, box(x - 3, y - 3, x + 3, y + 3))
            ]
            _counts(asker, {"flood": drawn, "include": ["ids"]}, hit)
    for layer in LAYERS:
        if layer.id in COUNTED and asker.view.sees(layer):
            asked = {"flood": {"zone_ids": "all"}, "layers": [layer.id], "include": ["ids"]}
            only = {layer.id, "houses"} if layer.id == "households" else {layer.id}
            _counts(asker, asked, seeds.rows, only)
        else:
            asked = {"flood": {"zone_ids": "all"}, "layers": ["{}"]}
            options = {"method": "POST", "json": asked, "params": {"lang": "en"}}
            asker.same_refusal(layer.id, "/queries/impact", 400, **options)
    nothing = asker.ask("POST", "/queries/impact", json={"flood": everywhere[0], "layers": []})
    assert nothing.json()["exposed"] == {}
    for name in [*asker.view.hidden(zone.layer), "zzz"]:
        where = {"flood": {"where": f"true OR {name} IS NULL"}}
        asker.ask("POST", "/queries/impact", 400, json=where)


def _cut_off(asker: Asker, flood: dict[str, Any]) -> None:
    """Who is cut off is told of just the layers one sees, people in care no more than one sees."""
    told = asker.ask("POST", "/queries/impact", json={"flood": flood, "include": ["cut_off"]})
    part = told.json().get("cut_off", {})
    seen = {layer.id for layer in asker.view.layers()}
    needed = {"people": "households", "care": "care_locations", "communities": "houses"}
    for name in ("houses", "people", "households", "care", "facilities", "shelters", "communities"):
        assert name not in part or needed.get(name, name) in seen, name
    homes = [row for row in asker.view.seeds.rows if row.layer.id == "care_locations"]
    mine = [row for row in homes if asker.view.shows(row)]
    care = part.get("care", {"count": 0, "unknown": 0})
    assert care["count"] + care["unknown"] <= len(mine)


def _counts(
    asker: Asker, asked: dict[str, Any], within: list[Row], only: set[str] | None = None
) -> None:
    told = asker.ask("POST", "/queries/impact", json=asked).json()
    exposed = told["exposed"]
    seen = {layer.id for layer in asker.view.layers()}
    assert set(exposed) - {"people"} <= seen & (only or set(COUNTED)), asked
    assert {one["layer"] for one in told["provenance"]} <= seen
    for layer_id in LISTED & set(exposed):
        expected = {row.id for row in within if row.layer.id == layer_id and asker.view.shows(row)}
        assert set(exposed[layer_id]["ids"]) == expected, (layer_id, asked)
        assert exposed[layer_id]["count"] == len(expected)
        assert sum(exposed[layer_id].get("by_class", {}).values()) in (0, len(expected))
    _tells_only_of_seen_fields(asker, told)
    if "care_locations" in exposed:
        whole = asker.view.person.homes == {"home_c1", "home_c2", "home_none"}
        assert exposed["care_locations"]["suppressed"] != whole


def _tells_only_of_seen_fields(asker: Asker, told: dict[str, Any]) -> None:
    """People, values, names and needs are told to those who see the fields they come from."""
    view, exposed = asker.view, told["exposed"]
    layers = {layer.id: layer for layer in view.layers()}
    fields = {name: set(view.fields(layer)) for name, layer in layers.items()}
    people = {"houses", "households"} <= layers.keys()
    assert people or "displaced" not in told
    assert people or "needs" not in told
    for row in told.get("communities", ()):
        assert people or not {"people", "households", "displaced", "houses"} & row.keys()
    if "parcels" in exposed:
        valued = "appraised_value" in fields["parcels"]
        parts = [exposed["parcels"], *exposed["parcels"]["by_use"].values()]
        assert all(("appraised_value" in part) is valued for part in parts)
    for permit in exposed.get("permits", {}).get("hazardous", {}).get("named", ()):
        assert permit.keys() <= fields["permits"]
    if "care_locations" in exposed:
        needs = "needs" in fields["care_locations"]
        assert ("by_need" in exposed["care_locations"]) is needs
    for line in (exposed.get("waste_routes", {}).get("service", {}),):
        assert "accounts_served" in fields["waste_stops"] or "accounts" not in line


def _compared(asker: Asker, flood: dict[str, Any]) -> None:
    """The other answer of a comparison tells no more than an answer of its own."""
    asked = {"flood": flood, "compare": {"as_of": "2199-12-31T00:00:00Z"}, "include": ["ids"]}
    told = asker.ask("POST", "/queries/impact", json=asked).json()
    assert told["compared"]["exposed"] == told["exposed"]
    _tells_only_of_seen_fields(asker, told["compared"])
    assert {row["difference"] for row in told["compared"]["differences"]} <= {0, None}
    again = asker.told(f"/queries/answers/{told['id']}", params={"recompute": "true"})
    assert again["recomputed"]["equal"], again["recomputed"]


def flood_score(asker: Asker) -> None:
    """Two floods are compared by whoever sees flood zones; names that are hidden stay so."""
    zone = asker.view.seeds.row("flood_zones")
    flood = {"zone_ids": [zone.id]}
    around = moved(box(*(zone.shape.bounds if zone.shape else ())), TO_DEGREES)
    drawn = {"geometry": shapely.geometry.mapping(around)}
    for asked in (
        {"model": flood, "observed": {"zone_ids": "all"}},
        {"model": flood, "observed": drawn, "within": drawn, "include": ["map"]},
        {"model": {"gauge": zone.values["gauge"], "stage_m": 112.0}, "observed": flood},
    ):
        told = asker.ask("POST", "/queries/flood-score", json=asked).json()
        assert told["csi"] > 0.99
        assert (told["map"] is not None) == ("include" in asked)
    for name in [*asker.view.hidden(zone.layer), "zzz"]:
        where = {"where": f"true OR {name} IS NULL"}
        body = {"model": where, "observed": flood}
        asker.ask("POST", "/queries/flood-score", 400, json=body)


def flood_stages(asker: Asker) -> None:
    """What each stage floods is everybody's; the import's number is not."""
    gauge = asker.view.seeds.row("flood_zones").values["gauge"]
    told = asker.told(f"/floods/{gauge}/stages")
    assert [each["stage_m"] for each in told["stages"]] == [112.0]
    assert told["tiles"] is None
    assert told["dataset_id"] is None
    asker.ask("GET", "/floods/zzz/stages", 404)


def edits(asker: Asker) -> None:
    """Who may not edit is refused whatever they send; who may learns no more than they see."""
    feature = {"type": "Feature", "geometry": None, "properties": {"nothing": 1}}
    marks = {"If-Match": '"0000000000000000"', "Idempotency-Key": "matrix", "Acting-Name": "x"}
    for layer in asker.view.asked():
        editor = asker.view.role in layer.editors
        refused = (400,) if editor else (401, 403) if asker.view.sees(layer) else (404,)
        path = f"/ogc/collections/{layer.id}/items"
        asker.ask("POST", path, refused, json=feature, headers=marks)
        for row in asker.view.seeds.of(layer)[:1]:
            one = f"{path}/{row.id}"
            for method in ("PUT", "PATCH"):
                asker.ask(method, one, refused, json=feature, headers=marks)
            gone = asker.ask("DELETE", one, (412,) if editor else refused, headers=marks)
            assert ("current" in gone.json()) == editor


def shelters(asker: Asker) -> None:
    """Where everybody goes: households only for those who see every one of them."""
    zone = asker.view.seeds.row("flood_zones")
    households = [row for row in asker.view.seeds.rows if row.layer.id == "households"]
    layer = households[0].layer
    whole = asker.view.sees(layer) and asker.view.role is not Role.CARE
    seen = {layer.id for layer in asker.view.layers()}
    for asked in (
        {},
        {"flood": {"zone_ids": [zone.id]}, "vehicle": "pickup", "wades_m": 5.0},
        {"include": ["households"], "boat": False, "open_all": True, "only_in_water": False},
        {"flood": {"zone_ids": "all"}, "depth_m": 0.1, "water_level_m": 99.0},
        {"as_of": "2199-12-31T00:00:00Z"},
    ):
        told = asker.ask("POST", "/queries/shelters", json=asked).json()
        assert {one["layer"] for one in told["provenance"]} <= seen
        assert ("people" in told) == ("listed" in told) == whole
        named = {one["household"] for one in (told.get("listed", []) + told.get("households", []))}
        assert named <= {str(row.values["code"]) for row in households}
        if not whole:
            assert not named
            assert all("free" not in one for one in told["shelters"])
        path = f"/queries/answers/{told['id']}"
        assert asker.told(path) == told
        for role in Role:
            if role is not asker.view.role:
                again = asker.client.send("GET", path, headers=asker.view.others[role])
                assert again.status_code == 404, role


def evacuation(asker: Asker) -> None:
    """The order of leaving is for who commands; needs only of homes they see now."""
    zone = asker.view.seeds.row("flood_zones")
    flood = {"zone_ids": [zone.id]}
    commands = asker.view.role in (Role.COORDINATOR, Role.ADMIN)
    for asked in (
        {"flood": flood, "vehicle": "pickup", "wades_m": 0.1, "depth_m": 2.0},
        {"stages": [{"hours": 5, "flood": flood}], "failed": ["x"], "open_all": True},
        {
            "flood": flood,
            "water_level_m": 100.0,
            "as_of": "2199-12-31T00:00:00Z",
            "started": [{"team": "x", "back_h": 1, "stops": [{"household": "y", "sitting": 1}]}],
        },
    ):
        reply = asker.ask("POST", "/queries/evacuation", 200 if commands else 403, json=asked)
        if not commands:
            continue
        told = reply.json()
        named = {one["household"] for one in told["order"]}
        households = [row for row in asker.view.seeds.rows if row.layer.id == "households"]
        assert named <= {str(row.values["code"]) for row in households}
        assert asker.told(f"/queries/answers/{told['id']}") == told


def route_cuts(asker: Asker) -> None:
    """Rounds are for everybody, the accounts on them for who sees those."""
    stop = asker.view.seeds.row("waste_stops")
    counts = "accounts_served" in asker.view.fields(stop.layer)
    lon, lat = asker.told(f"/ogc/collections/waste_stops/items/{stop.id}")["geometry"][
        "coordinates"
    ]
    for asked in (
        {"flood": {"zone_ids": "all"}, "wades_m": 5.0, "depth_m": 0.1, "collections": 2},
        {"vehicle": "walk", "routes": [stop.values["route_code"]], "water_level_m": 1.0},
        {
            "relief": [{"code": "here", "lon": lon, "lat": lat}],
            "depot": {"lon": lon, "lat": lat},
        },
        {"as_of": "2199-12-31T00:00:00Z"},
    ):
        told = asker.ask("POST", "/queries/route-cuts", json=asked).json()
        for one in told["routes"]:
            assert ("backlog" in one) == (counts and "relief" not in asked)
        assert asker.told(f"/queries/answers/{told['id']}") == told
    vehicle = asker.view.seeds.row("resources")
    status = 200 if asker.view.sees(vehicle.layer) else 404
    asker.ask("POST", "/queries/route-cuts", status, json={"depot_of": vehicle.values["code"]})


def stored(asker: Asker) -> None:
    """One's own answer comes back as it was; anybody else's of another role is none."""
    asked = {"flood": {"zone_ids": "all"}, "include": ["ids"]}
    told = asker.ask("POST", "/queries/impact", json=asked).json()
    path = f"/queries/answers/{told['id']}"
    assert asker.told(path) == told
    again = asker.told(path, params={"recompute": "true"})
    assert again.pop("recomputed")["equal"]
    assert again == told
    for role in Role:
        if role is not asker.view.role:
            for options in ({}, {"recompute": "true"}):
                reply = asker.client.send(
                    "GET", path, headers=asker.view.others[role], params=options
                )
                assert reply.status_code == 404, role
    unknown = "00000000-0000-0000-0000-000000000000"
    refused = asker.get(f"/queries/answers/{unknown}", 404, params={"lang": "en"}).json()
    assert unknown in refused["detail"]


def live(asker: Asker) -> None:
    """The whole past as the stream tells it: layers one sees, and places only of whole layers."""
    head = asker.view.head
    reply = asker.events(0, head)
    asker.inspect(reply)
    assert reply.status_code == 200
    heard = set()
    for line in reply.text.splitlines():
        if line.startswith("data: ") and '"layer"' in line:
            change = data_of(line)
            heard.add(change["layer"])
            whole = asker.view.role not in HELD.get(change["layer"], ())
            assert (change["n"] is not None) == whole, line
            assert whole or change["bbox"] is None, line
    assert heard == {layer.id for layer in asker.view.layers()}


def data_of(line: str) -> dict[str, Any]:
    """The data of an event."""
    made: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return made


def me(asker: Asker) -> None:
    """Who one is, and the layers one sees."""
    told = asker.told("/me")
    person = asker.view.person
    assert told["role"] == person.role
    kind = "session" if person.session else "token" if person.token else "public"
    assert (told["kind"], told["authenticated"]) == (kind, kind != "public")
    assert (told["totp"], told["csrf"] is not None) == (person.totp, person.session)
    assert told["layers"] == [layer.id for layer in asker.view.layers()]
    held = (person.team,) if person.team else person.communities
    assert told["scope"] == (None if held is None else list(held))
    assert told["exercise"] is None


def about(asker: Asker) -> None:
    """Pages that say the same to everybody."""
    documents = ("/healthz", "/readyz", "/ogc/", "/ogc/conformance", "/ogc/api")
    for path in (*documents, *PAGES.values()):
        reply = asker.get(path, (200, 307, 308, 404))
        plain = asker.client.send("GET", path)
        assert (reply.status_code, _said(reply)) == (plain.status_code, _said(plain)), path


def _said(reply: httpx.Response) -> Any:
    """The reply without the number of its event."""
    if reply.status_code != 404:
        return reply.content
    return {k: v for k, v in reply.json().items() if k != "instance"}


def sign_in(asker: Asker) -> None:
    """A token is nobody's session: what belongs to a person signed in is refused to it."""
    refused = 403 if asker.headers else 401
    password = {"password": "x" * 20}
    for path, body in (
        ("/auth/password", {**password, "new_password": "y" * 20}),
        ("/auth/totp", password),
        ("/auth/totp/confirm", {"proof": "x", "code": "123456"}),
        ("/auth/totp/remove", password),
        ("/auth/tokens", {"name": "mine", "days": 1}),
    ):
        asker.ask("POST", path, refused, json=body)
    asker.get("/auth/tokens", refused)
    asker.ask("DELETE", "/auth/tokens/1", refused)
    asker.ask("POST", "/auth/logout", 204)
    asker.get("/auth/oidc", 404)
    asker.get("/auth/oidc/callback", 404, params={"code": "x", "state": "y"})


def wrong_password(asker: Asker) -> None:
    """Signing in does not depend on who asks, and never tells why it failed."""
    body = {"username": f"nobody-{asker.view.person.name}", "password": "x" * 20}
    reply = asker.ask("POST", "/auth/login", (401, 429), json=body)
    assert "set-cookie" not in reply.headers
