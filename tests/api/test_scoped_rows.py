"""Homes by community, event and task on every path: items, tiles, impact, stored answers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest

from api.app import create_app
from api.verification import STALE_SECONDS
from db.connect import Machine
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import box_around, tile_at
from tests.conftest import TownHandle, make_tiny_town

AT = "/ogc/collections/care_locations/items"
HOMES = {f"K{n}" for n in range(8)}


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """The home K3 lies in C2, all others in C1."""
    made = make_tiny_town(server_url, secret)
    with made.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.houses SET community = 'C2' WHERE house_code = '34010000003'")
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def here(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard))) as made:
        yield made


def token(town: TownHandle, role: Role, **more: Any) -> str:
    with town.connect(Machine.SERVICE) as conn:
        return a_token(conn, role, f"{role} {more}", **more)


def opening(town: TownHandle, statement: str) -> None:
    with town.connect(Machine.SERVICE) as conn:
        conn.execute(statement.encode())
    time.sleep(STALE_SECONDS)


def open_event(town: TownHandle) -> None:
    opening(
        town,
        "INSERT INTO muang.opening (kind, reason, opened_by) VALUES ('event', 'น้ำท่วม', 't')",
    )


def close_all(town: TownHandle) -> None:
    opening(town, "UPDATE muang.opening SET closed_at = now() WHERE closed_at IS NULL")


def on_every_path(here: Caller, good: str) -> list[set[str]]:
    """Codes of the homes one sees: listed, filtered, boxed, one by one, in tiles, counted."""
    listed = here.get(f"{AT}?limit=1000", good).json()
    by_id = {f["id"]: f["properties"]["code"] for f in listed["features"]}
    assert listed["numberMatched"] == len(by_id)
    homes = {
        f["id"]: f["properties"]["code"]
        for f in listed["features"]
        if f["properties"]["kind"] == "home"
    }
    found = [set(homes.values())]
    for query in (
        "kind=home",
        "filter=kind='home'",
        f"bbox={box_around(-10, -10, 1010, 1010)}&kind=home",
        "bbox=170,-80,-170,80&kind=home",
        "filter=S_INTERSECTS(geometry,BBOX(105,15,106,16)) AND kind='home'",
    ):
        answer = here.get(f"{AT}?{query}", good).json()
        expected = set() if query.startswith("bbox=170") else set(homes.values())
        assert {f["properties"]["code"] for f in answer["features"]} == expected, query
        assert answer["numberMatched"] == len(expected)
    for row_id in by_id:
        assert here.get(f"{AT}/{row_id}", good).status_code == 200
    places = {tile_at(15, x, y) for x in range(0, 1001, 250) for y in range(0, 1001, 250)}
    for layers in ("care_locations", "parcels,care_locations,roads"):
        shown = set()
        for place in places:
            answer = here.get(f"/tiles/{layers}/{place}.mvt", good)
            drawn = mapbox_vector_tile.decode(answer.content).get("care_locations", {})
            shown |= {
                by_id[f["id"]]
                for f in drawn.get("features", [])
                if f["properties"]["kind"] == "home"
            }
        found.append(shown)
    asked = {
        "flood": {"zone_ids": ["Z100"]},
        "layers": ["care_locations"],
        "include": ["ids"],
    }
    counted = here.post("/queries/impact", good, json=asked).json()["exposed"]["care_locations"]
    assert counted["count"] == len(counted["ids"])
    found.append({by_id[n] for n in counted["ids"]} & HOMES)
    return found


def test_a_caregiver_is_held_to_their_communities(here: Caller, town: TownHandle) -> None:
    for communities, seen in (
        (None, HOMES),
        (("C1",), HOMES - {"K3"}),
        (("C2",), {"K3"}),
        (("C1", "C2"), HOMES),
        ((), set()),
        (("C1' OR '1'='1",), set()),
    ):
        good = token(town, Role.CARE, communities=communities)
        assert on_every_path(here, good) == [seen] * 4, communities


def test_a_caregiver_knows_the_households_of_their_communities(
    here: Caller, town: TownHandle
) -> None:
    at = "/ogc/collections/households/items"
    flood = {"flood": {"zone_ids": ["Z100"]}, "layers": ["households"]}
    for communities, listed, counted in (
        (None, 50, (30, 135)),
        (("C1",), 49, (29, 130)),
        (("C2",), 1, (1, 5)),
        ((), 0, None),
    ):
        good = token(town, Role.CARE, communities=communities)
        page = here.get(f"{at}?limit=1000", good).json()
        assert page["numberMatched"] == len(page["features"]) == listed
        by_phone = here.get(f"{at}?phone=000-000-0003&properties=code", good).json()
        assert by_phone["numberMatched"] == (communities in (None, ("C2",)))
        answer = here.post("/queries/impact?lang=en", good, json=flood).json()
        exposed = answer["exposed"]
        if counted is None:
            assert {"households", "people"}.isdisjoint(exposed)
        else:
            assert (exposed["households"]["count"], exposed["people"]["count"]) == counted
        held = any("only in your communities" in caveat for caveat in answer["caveats"])
        assert held == (communities in (("C1",), ("C2",)))
    row = here.get(f"{at}?code=H003", token(town, Role.CARE)).json()["features"][0]["id"]
    first, second = (token(town, Role.CARE, communities=(c,)) for c in ("C1", "C2"))
    assert here.get(f"{at}/{row}", first).status_code == 404
    assert here.get(f"{at}/{row}", second).status_code == 200
    given = here.post("/queries/impact", first, json=flood).json()["id"]
    assert here.get(f"/queries/answers/{given}", second).status_code == 404


def test_coordinators_see_homes_while_an_event_is_open(here: Caller, town: TownHandle) -> None:
    good = token(town, Role.COORDINATOR)
    assert on_every_path(here, good) == [set()] * 4
    tile = f"/tiles/care_locations/{tile_at(14)}.mvt"
    closed_tag = here.get(tile, good).headers["etag"]
    open_event(town)
    assert on_every_path(here, good) == [HOMES] * 4
    answer = here.get(tile, good)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["etag"] != closed_tag
    home = here.get(f"{AT}?kind=home&limit=1", good).json()["features"][0]["properties"]
    assert {"phone", "needs", "carer_phone", "mobility"} <= set(home)
    assert "diagnosis" not in home
    assert "adl_score" not in home
    close_all(town)
    assert on_every_path(here, good) == [set()] * 4
    assert here.get(tile, good, headers={"If-None-Match": answer.headers["etag"]}).is_success


def test_a_crew_sees_its_own_tasks(here: Caller, town: TownHandle) -> None:
    mine, theirs = (token(town, Role.TEAM, team=name) for name in ("boat 1", "boat 2"))
    opening(
        town,
        "INSERT INTO muang.opening (kind, team, care_code, reason, opened_by) VALUES"
        " ('task', 'boat 1', 'K1', 'r', 't'), ('task', 'boat 2', 'K2', 'r', 't')",
    )
    assert on_every_path(here, mine) == [{"K1"}] * 4
    assert on_every_path(here, theirs) == [{"K2"}] * 4
    close_all(town)
    assert on_every_path(here, mine) == [set()] * 4


def test_stored_answers_are_not_given_beyond_their_scope(here: Caller, town: TownHandle) -> None:
    def ask(good: str, layer: str) -> str:
        asked = {"flood": {"zone_ids": ["Z100"]}, "layers": [layer]}
        return str(here.post("/queries/impact", good, json=asked).json()["id"])

    def status(good: str, answer: str) -> int:
        return here.get(f"/queries/answers/{answer}", good).status_code

    first, second = (token(town, Role.CARE, communities=(c,)) for c in ("C1", "C2"))
    again = token(town, Role.CARE, communities=("C1",))
    homes, parcels = ask(first, "care_locations"), ask(first, "parcels")
    assert status(first, homes) == status(again, homes) == 200
    assert status(second, homes) == 404
    assert status(second, parcels) == 200, "nothing personal in it"
    coordinator = token(town, Role.COORDINATOR)
    open_event(town)
    during = ask(coordinator, "care_locations")
    assert status(coordinator, during) == 200
    close_all(town)
    assert status(coordinator, during) == 404


def test_the_answer_says_what_was_left_out(here: Caller, town: TownHandle) -> None:
    asked = {"flood": {"zone_ids": ["Z100"]}, "layers": ["care_locations"]}

    def told(good: str) -> tuple[bool, str]:
        answer = here.post("/queries/impact?lang=en", good, json=asked).json()
        return answer["exposed"]["care_locations"]["suppressed"], " ".join(answer["caveats"])

    assert told(token(town, Role.CARE))[0] is False
    suppressed, caveats = told(token(town, Role.CARE, communities=("C1",)))
    assert suppressed
    assert "only those of your communities or tasks" in caveats
    suppressed, caveats = told(token(town, Role.COORDINATOR))
    assert suppressed
    assert "left out" in caveats
    assert told(token(town, Role.ADMIN))[0] is False


def test_the_extent_of_the_town_tells_nothing_of_homes(here: Caller, town: TownHandle) -> None:
    bounds = {tuple(here.get("/me", token(town, role)).json()["town"]["bounds"]) for role in Role}
    assert len(bounds) == 1
