"""Probes of answers about ways to services, and of what is told of households in them."""

from layers.model import Role
from tests.api.places import TO_DEGREES, moved
from tests.matrix.asking import Asker


def coverage(asker: Asker) -> None:
    """Services and roads are for everybody, households for those who see every one of them."""
    zone = asker.view.seeds.row("flood_zones")
    place = asker.view.seeds.row("facilities")
    assert place.shape is not None
    point = moved(place.shape.representative_point(), TO_DEGREES)
    households = [row for row in asker.view.seeds.rows if row.layer.id == "households"]
    whole = asker.view.sees(households[0].layer) and asker.view.role is not Role.CARE
    seen = {layer.id for layer in asker.view.layers()}
    everything = ["households", "roads"]
    for asked in (
        {"facilities": [place.values["kind"]], "within_min": 10, "include": everything},
        {"shelters": "all", "within_min": 1, "vehicle": "car", "coming": True, "depth_m": 0.1},
        {
            "points": [{"code": "here", "lon": point.x, "lat": point.y}],
            "within_min": 240,
            "flood": {"zone_ids": [zone.id]},
            "wades_m": 5.0,
            "water_level_m": 1.0,
            "as_of": "2199-12-31T00:00:00Z",
            "include": everything,
        },
    ):
        told = asker.ask("POST", "/queries/coverage", json=asked).json()
        assert {one["layer"] for one in told["provenance"]} <= seen
        assert ("people" in told) == ("communities" in told) == whole
        assert ("outside" in told) == (whole and "include" in asked)
        named = {one["household"] for one in told.get("outside", [])}
        assert named <= {str(row.values["code"]) for row in households}
        path = f"/queries/answers/{told['id']}"
        assert asker.told(path) == told
        for role in Role:
            if role is not asker.view.role:
                again = asker.client.send("GET", path, headers=asker.view.others[role])
                assert again.status_code == 404, role


def revenue_gaps(asker: Asker) -> None:
    """What the registers lack is for who sees the tax accounts; nobody else learns anything."""
    parcel = asker.view.seeds.row("parcels")
    registry = "account_no" in asker.view.fields(parcel.layer)
    assert registry == (asker.view.role in (Role.STAFF, Role.ADMIN))
    for asked in (
        {},
        {"kinds": ["no_building_licence"], "limit": 1, "offset": 0},
        {"as_of": "2199-12-31T00:00:00Z"},
    ):
        reply = asker.ask("POST", "/queries/revenue-gaps", 200 if registry else 403, json=asked)
        if not registry:
            assert not {"gaps", "parcels"} & reply.json().keys()
            continue
        told = reply.json()
        assert {one["parcel"] for one in told["parcels"]} <= {parcel.values["code"]}
        path = f"/queries/answers/{told['id']}"
        assert asker.told(path) == told
        for role in Role:
            if role is not asker.view.role:
                again = asker.client.send("GET", path, headers=asker.view.others[role])
                assert again.status_code == 404, role


def run_lists(asker: Asker) -> None:
    """A copy is for who commands; the doors on it are those they may see themselves."""
    household = asker.view.seeds.row("household_C1")
    run = {
        "team": "x",
        "back_h": 1,
        "stops": [{"household": household.values["code"], "sitting": 1}],
    }
    asked = {"flood": {"zone_ids": "all"}, "started": [run]}
    commands = asker.view.role in (Role.COORDINATOR, Role.ADMIN)
    unknown = "/queries/answers/00000000-0000-0000-0000-000000000000/run-lists"
    asker.ask("POST", unknown, 404, json={})
    asker.get("/queries/run-lists/999999999.csv", 404)
    if not commands:
        return
    told = asker.ask("POST", "/queries/evacuation", json=asked).json()
    path = f"/queries/answers/{told['id']}/run-lists"
    copy = asker.ask("POST", path, 201, json={"team": "x"}).json()
    for form in ("html", "csv"):
        reply = asker.get(copy[form])
        assert household.tokens["code"] in reply.text
        assert ("phone" in asker.view.fields(household.layer)) == (
            household.tokens["phone"] in reply.text
        )
    for role in Role:
        if role is not asker.view.role:
            theirs = asker.view.others[role]
            assert asker.client.send("GET", copy["csv"], headers=theirs).status_code == 404
            made = asker.client.send("POST", path, headers=theirs, json={})
            assert made.status_code in (403, 404), role
