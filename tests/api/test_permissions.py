"""Closed by default: what a role may not see is in no tile, item, schema, filter or answer."""

import time
from typing import Any

import pytest

from api.verification import STALE_SECONDS
from db.connect import Machine
from db.tokens import new_token, revoke_token
from layers.catalog import LAYERS
from layers.model import Layer, Role
from layers.privacy import may_see, visible_fields
from tests.api.caller import Caller
from tests.conftest import TownHandle

PERSONAL = ("owner_name", "account_no", "holder_name", "person_name", "phone", "diagnosis")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_a_role_sees_what_is_declared_and_no_more(
    caller: Caller, tokens: dict[Role, str], layer: Layer, role: Role
) -> None:
    at, token = f"/ogc/collections/{layer.id}", tokens[role]
    if not may_see(layer, role):
        for tail in ("", "/items", "/items/1", "/schema", "/queryables"):
            assert caller.get(at + tail, token).status_code == 404, tail
        return
    allowed = {field.name for field in visible_fields(layer, role)}
    schema = caller.get(f"{at}/schema", token).json()
    assert set(schema["properties"]) - {"geometry"} == allowed
    assert set(caller.get(f"{at}/queryables", token).json()["properties"]) == set(
        schema["properties"]
    )
    for feature in caller.get(f"{at}/items?limit=10000", token).json()["features"]:
        assert set(feature["properties"]) == allowed - {"id"}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_hidden_fields_cannot_be_asked_about(
    caller: Caller, tokens: dict[Role, str], layer: Layer, role: Role
) -> None:
    """Not by filter and not by selection, and the refusal is that of a name that never was."""
    if not may_see(layer, role):
        return
    allowed = {field.name for field in visible_fields(layer, role)}
    at = f"/ogc/collections/{layer.id}/items"
    for field in layer.fields:
        if field.name in allowed:
            continue
        for query in (f"{field.name}=1", f"properties={field.name}"):
            hidden = caller.get(f"{at}?{query}&lang=en", tokens[role])
            never = caller.get(f"{at}?{query.replace(field.name, 'zzz')}&lang=en", tokens[role])
            assert hidden.status_code == never.status_code == 400
            said = hidden.json()["detail"].replace(f"“{field.name}”", "“zzz”")
            assert said == never.json()["detail"]


def test_a_hidden_layer_is_refused_like_one_that_never_was(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    for path in ("/ogc/collections/{}", "/tiles/{}.json", "/tiles/{}/14/12981/7489.mvt"):
        hidden = caller.get(path.format("houses") + "?lang=en", tokens[Role.PUBLIC])
        never = caller.get(path.format("zzz") + "?lang=en", tokens[Role.PUBLIC])
        assert hidden.status_code == never.status_code == 404
        assert hidden.json()["detail"].replace("houses", "zzz") == never.json()["detail"]


def test_the_public_reads_no_persons_anywhere(caller: Caller, tokens: dict[Role, str]) -> None:
    token = tokens[Role.PUBLIC]
    for layer in LAYERS:
        for tail in ("items?limit=10000", "schema", "queryables"):
            text = caller.get(f"/ogc/collections/{layer.id}/{tail}", token).text
            assert not [name for name in PERSONAL if f'"{name}"' in text], (layer.id, tail)
            assert "นายทดสอบ" not in text
            assert "ยายทดสอบ" not in text
    homes = caller.get("/ogc/collections/care_locations/items", token).json()
    assert homes["numberMatched"] == 1
    assert homes["features"][0]["properties"]["kind"] == "facility"
    assert caller.get("/ogc/collections/care_locations/items?kind=home", token).json()[
        "numberMatched"
    ] == (0)


def test_one_home_cannot_be_had_by_its_number(
    caller: Caller, tokens: dict[Role, str], tiny_town: TownHandle
) -> None:
    with tiny_town.connect(Role.ADMIN) as conn:
        rows = conn.execute("SELECT id FROM care_locations WHERE kind = 'home'").fetchall()
    for (row_id,) in rows:
        path = f"/ogc/collections/care_locations/items/{row_id}"
        assert caller.get(path, tokens[Role.PUBLIC]).status_code == 404
        assert caller.get(path, tokens[Role.COORDINATOR]).status_code == 404
        assert caller.get(path, tokens[Role.CARE]).status_code == 200


def test_what_is_not_public_stays_out_of_caches(caller: Caller, tokens: dict[Role, str]) -> None:
    def told(layer: str, role: Role, query: str = "") -> str:
        answer = caller.get(f"/ogc/collections/{layer}/items{query}", tokens[role])
        return answer.headers["cache-control"]

    assert told("parcels", Role.PUBLIC) == "no-cache"
    assert told("parcels", Role.ADMIN) == "private, no-store"
    assert told("parcels", Role.ADMIN, "?properties=code,use") == "no-cache"
    assert told("care_locations", Role.CARE, "?properties=code") == "private, no-store"


@pytest.mark.parametrize(
    "authorization",
    ["Bearer nonsense", "Bearer muang_xxxxxxxx", "Bearer ", "Bearer", "Basic YTpi", ""],
)
@pytest.mark.parametrize("path", ["/me", "/tiles/parcels/14/12981/7489.mvt", "/live"])
def test_a_bad_token_is_never_silently_public(
    caller: Caller, authorization: str, path: str
) -> None:
    answer = caller.get(path, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_revoked_and_expired_tokens(caller: Caller, tiny_town: TownHandle) -> None:
    with tiny_town.connect(Machine.SERVICE) as conn:
        info, token = new_token(conn, Role.STAFF, "soon gone", 1)
        _, expired = new_token(conn, Role.STAFF, "of yesterday", -1)
    assert caller.get("/me", token).json()["role"] == "staff"
    assert caller.get("/me", expired).status_code == 401
    with tiny_town.connect(Machine.SERVICE) as conn:
        revoke_token(conn, info.id)
    time.sleep(STALE_SECONDS)  # what was found good may be believed for so long and no longer
    assert caller.get("/me", token).status_code == 401


def test_impact_counts_only_what_the_role_sees(caller: Caller, tokens: dict[Role, str]) -> None:
    def ask(role: Role) -> Any:
        answer = caller.post(
            "/queries/impact", tokens[role], json={"flood": {"zone_ids": ["Z100"]}}
        )
        assert answer.status_code == 200
        return answer.json()["exposed"]

    public = ask(Role.PUBLIC)
    assert not public.keys() & {"houses", "households", "people"}
    assert public["care_locations"] == {"count": 0, "by_class": {}, "suppressed": True}
    assert public["parcels"]["count"] == 40
    assert ask(Role.CARE)["care_locations"]["count"] == 8
    assert ask(Role.STAFF)["people"]["count"] == 135
