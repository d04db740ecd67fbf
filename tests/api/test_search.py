"""Search and dossier: Thai as people type it, what one may see, all that belongs to a place."""

from typing import Any

import pytest
from psycopg import sql

from db.connect import Machine
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.conftest import TownHandle


def found(caller: Caller, text: str, token: str = NOBODY, **more: str) -> list[dict[str, Any]]:
    reply = caller.get("/queries/search", token, params={"q": text, "lang": "en", **more})
    assert reply.status_code == 200, reply.text
    assert reply.headers["cache-control"] == "private, no-store"
    results: list[dict[str, Any]] = reply.json()["results"]
    return results


def value_of(town: TownHandle, layer: str, field: str) -> str:
    with town.connect(Machine.LOADER) as conn:
        row = conn.execute(
            sql.SQL("SELECT {0} FROM {1} WHERE {0} IS NOT NULL ORDER BY id LIMIT 1").format(
                sql.Identifier(field), sql.Identifier("town", layer)
            )
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_code_is_found_by_its_beginning(caller: Caller, tiny_town: TownHandle) -> None:
    code = value_of(tiny_town, "parcels", "code")
    first = found(caller, code)[0]
    assert (first["layer"], first["field"], first["value"], first["score"]) == (
        "parcels",
        "code",
        code,
        1,
    )
    assert 105 < first["lon"] < 106
    part = found(caller, code[:-1], layers="parcels")
    assert code in {hit["value"] for hit in part}
    assert all(hit["value"].startswith(code[:-1]) for hit in part)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("น\u0e4d\u0e49า", "น้ำ"),
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("เเก่ง", "แก่ง"),
        ("หมู่ ๑๒", "หมู่ 12"),
        ("ซอย\u200b  5", "ซอย 5"),
        ("ABC", "abc"),
    ],
)
def test_however_it_is_typed_it_is_the_same(tiny_town: TownHandle, typed: str, same: str) -> None:
    with tiny_town.connect(Role.PUBLIC) as conn:
        row = conn.execute(
            "SELECT muang.search_text(%s), muang.search_text(%s)", [typed, same]
        ).fetchone()
    assert row is not None
    assert row[0] == row[1]


def test_a_misspelt_name_is_found(caller: Caller, tiny_town: TownHandle) -> None:
    name = value_of(tiny_town, "communities", "name")
    middle = len(name) // 2
    wrong = name[:middle] + name[middle + 1 :]
    assert name in {hit["value"] for hit in found(caller, wrong, layers="communities")}


def test_nobody_finds_by_what_is_hidden(
    caller: Caller, tiny_town: TownHandle, tokens: dict[Role, str]
) -> None:
    owner = value_of(tiny_town, "parcels", "owner_name")
    assert not found(caller, owner)
    assert not found(caller, owner, tokens[Role.ANALYST])
    hits = found(caller, owner, tokens[Role.STAFF])
    assert hits[0]["field"] == "owner_name"
    person = value_of(tiny_town, "care_locations", "person_name")
    assert not found(caller, person, tokens[Role.STAFF])
    assert found(caller, person, tokens[Role.CARE])[0]["field"] == "person_name"


def test_too_short_and_strange_texts(caller: Caller) -> None:
    assert found(caller, "ก") == []
    for text in ("'; DROP TABLE town.parcels; --", "%", "\\", "a" * 200, "_____"):
        found(caller, text)
    assert caller.get("/queries/search", params={"q": ""}).status_code == 400
    assert caller.get("/queries/search", params={"q": "aa", "layers": "moon"}).status_code == 404
    assert caller.get("/queries/search", params={"q": "aa", "limit": "51"}).status_code == 400


def dossier(caller: Caller, token: str = NOBODY, **place: object) -> dict[str, Any]:
    reply = caller.post("/queries/dossier?lang=en", token, json=place)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def test_a_dossier_holds_what_belongs_to_the_place(
    caller: Caller, tiny_town: TownHandle, tokens: dict[Role, str]
) -> None:
    with tiny_town.connect(Machine.LOADER) as conn:
        row = conn.execute(
            "SELECT p.id, p.code, h.house_code, ST_X(g), ST_Y(g) FROM town.parcels AS p"
            " INNER JOIN town.houses AS h ON h.parcel_code = p.code"
            " INNER JOIN town.households AS f ON f.house_code = h.house_code,"
            " LATERAL ST_Transform(ST_PointOnSurface(p.geom), 4326) AS g ORDER BY p.id LIMIT 1"
        ).fetchone()
        assert row is not None
        number, code, house, lon, lat = row
        facts = conn.execute(
            "SELECT (SELECT count(*) FROM town.permits AS t WHERE t.parcel_code = p.code"
            "  OR ST_Intersects(t.geom, p.geom)),"
            " (SELECT count(*) FROM town.houses AS t WHERE t.parcel_code = p.code"
            "  OR ST_Intersects(t.geom, p.geom)),"
            " (SELECT count(*) FROM town.flood_zones AS t WHERE ST_Intersects(t.geom, p.geom)),"
            " (SELECT count(*) FROM town.roads AS t WHERE ST_DWithin(t.geom, p.geom, 30))"
            " FROM town.parcels AS p WHERE p.id = %s",
            [number],
        ).fetchone()
    care = tokens[Role.CARE]
    told = dossier(caller, care, parcel=code)
    sections = {section["layer"]: section for section in told["sections"]}
    assert facts is not None
    names = ("permits", "houses", "flood_zones", "roads")
    assert tuple(sections[name]["matched"] for name in names) == facts
    assert sections["households"]["matched"] > 0
    assert [one["id"] for one in told["parcels"]] == [number]
    same = [
        dossier(caller, care, parcel=number),
        dossier(caller, care, at=[lon, lat]),
        dossier(caller, care, house_code=house),
    ]
    for other in same:
        assert other["digest"] == told["digest"]
    public = {section["layer"] for section in dossier(caller, parcel=code)["sections"]}
    assert not public & {"houses", "households"}


def test_places_that_are_none(caller: Caller, tokens: dict[Role, str]) -> None:
    def status(token: str = NOBODY, **place: object) -> int:
        return caller.post("/queries/dossier", token, json=place).status_code

    assert status(parcel="no such code") == 404
    assert status(at=[0, 0]) == 404
    assert status() == 400
    assert status(parcel=1, at=[105, 15]) == 400
    assert status(deed_no="1") == 400, "the public may not ask by deed"
    assert status(tokens[Role.STAFF], deed_no="no such deed") == 404


def test_a_dossier_is_kept_as_a_digest_and_comes_out_the_same(
    caller: Caller, tiny_town: TownHandle, tokens: dict[Role, str]
) -> None:
    care = tokens[Role.CARE]
    told = dossier(caller, care, parcel=value_of(tiny_town, "parcels", "code"))
    with tiny_town.connect(Machine.SERVICE) as conn:
        row = conn.execute(
            "SELECT response FROM muang.answer WHERE id = %s", [told["id"]]
        ).fetchone()
    assert row is not None
    assert set(row[0]) == {"digest", "computing_ms"}  # type: ignore[call-overload]  # a JSON object
    again = caller.get(f"/queries/answers/{told['id']}?lang=en", care).json()
    assert again.pop("recomputed")["equal"]
    assert again == told
    assert caller.get(f"/queries/answers/{told['id']}", tokens[Role.STAFF]).status_code == 404
