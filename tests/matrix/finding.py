"""Rows of the matrix for search and dossier: only what one sees is found, by what one sees."""

from typing import Any

from api.answers import AGAIN
from db.queries import dossier as dossiers
from tests.api.places import TO_DEGREES, moved
from tests.matrix.asking import Asker
from tests.matrix.seeds import Row


def search(asker: Asker) -> None:
    """Every text of every row, seen or not, is looked for; so is a part of it, and a mistake.

    A second person of a role looks for the texts of rows that have rules: the canaries are all
    alike, so each question is answered from every layer the person sees.
    """
    by_id = {(row.layer.id, row.id): row for row in asker.view.seeds.rows}
    asked = asker.view.asked()
    for row in [row for row in asker.view.seeds.rows if row.layer in asked]:
        fields = asker.view.fields(row.layer) if asker.view.sees(row.layer) else {}
        for name in (*row.layer.found_by_code, *row.layer.found_by_words):
            value = row.values.get(name)
            if not isinstance(value, str):
                continue
            for text in (value, value[: len(value) // 2 + 1], value[:3] + value[4:]):
                hits = _hits(asker, {"q": text, "limit": "50"})
                for hit in hits:
                    found = by_id[hit["layer"], hit["id"]]
                    assert asker.view.shows(found), (text, hit)
                    assert hit["field"] in asker.view.fields(found.layer), (text, hit)
                if text == value and asker.view.shows(row) and name in fields:
                    exact = {(hit["layer"], hit["id"]) for hit in hits if hit["score"] == 1}
                    assert (row.layer.id, row.id) in exact, (row.name, name)
    for layer in asked:
        params = {"q": "aa", "layers": layer.id, "lang": "en"}
        if asker.view.sees(layer):
            assert all(hit["layer"] == layer.id for hit in _hits(asker, params))
        else:
            asker.same_refusal(layer.id, "/queries/search", 404, params={**params, "layers": "{}"})


def _hits(asker: Asker, params: dict[str, str]) -> list[dict[str, Any]]:
    reply = asker.get("/queries/search", params=params)
    assert reply.headers["cache-control"] == "private, no-store"
    hits: list[dict[str, Any]] = reply.json()["results"]
    return hits


def dossier(asker: Asker) -> None:
    """Of every place one gets the rows one sees there, in the fields one sees."""
    assert dossiers.KIND in AGAIN
    parcel = asker.view.seeds.row("parcels")
    places: list[dict[str, Any]] = [{"parcel": parcel.id}, {"parcel": parcel.values["code"]}]
    for row in asker.view.seeds.rows:
        if row.shape is not None:
            point = moved(row.shape.representative_point(), TO_DEGREES)
            places.append({"at": [point.x, point.y]})
    for name, layer in (
        ("deed_no", "parcels"),
        ("address", "parcels"),
        ("house_code", "houses"),
    ):
        for row in asker.view.seeds.rows:
            if row.layer.id == layer and isinstance(row.values.get(name), str):
                seen = asker.view.sees(row.layer) and name in asker.view.fields(row.layer)
                body = {name: row.values[name]}
                if seen:
                    _told(asker, body)
                else:
                    asker.ask("POST", "/queries/dossier", 400, json=body)
    for place in places:
        _told(asker, place)


def _told(asker: Asker, place: dict[str, Any]) -> None:
    reply = asker.ask("POST", "/queries/dossier", (200, 404), json=place)
    if reply.status_code != 200:
        return
    told = reply.json()
    by_id = {(row.layer.id, row.id): row for row in asker.view.seeds.rows}
    for layer, records in (
        ("parcels", told["parcels"]),
        *((section["layer"], section["records"]) for section in told["sections"]),
    ):
        for record in records:
            _is_seen(asker, by_id[layer, record["id"]], record)
    again = asker.told(f"/queries/answers/{told['id']}")
    assert again["digest"] == told["digest"]


def _is_seen(asker: Asker, row: Row, record: dict[str, Any]) -> None:
    assert asker.view.shows(row), row.name
    own = {"lon", "lat", "distance_m"}
    assert set(record) - own == set(asker.view.fields(row.layer)) - own, row.name
