"""Hostile input over HTTP: every answer equals an oracle or is a 400 in words, never a 500."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from db.connect import Machine
from db.tokens import new_token
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle
from tests.db.test_cql2 import HOSTILE, LITERALS, like, quoted
from tests.matrix import replies
from tests.matrix.asking import Client
from tests.matrix.drawing import place
from tests.tiny import ORIGIN, load_rows, point, tiny

ITEMS = "/ogc/collections/permits/items"
ACROSS, DOWN = (int(part) for part in place(13, (ORIGIN[0] + 5, ORIGIN[1])))
TILE = f"/tiles/permits/13/{ACROSS}/{DOWN}.mvt"
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def ask(module_town: TownHandle, dashboard: Path) -> Iterator[Ask]:
    """Permits whose subjects are the hostile texts themselves, asked about as administrator."""
    rows = [
        {
            "permit_no": str(number),
            "kind": "building",
            "status": "issued",
            "subject": text,
            "floor_area_m2": float(number),
            "geom": point(number, 0),
        }
        for number, text in enumerate(LITERALS)
    ]
    with module_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "permits", rows)
        for layer_id in ("town_boundary", "care_locations", "flood_zones"):
            load_rows(conn, layer_id, tiny()[layer_id])
    with module_town.connect(Machine.SERVICE) as conn:
        token = new_token(conn, Role.ADMIN, "hostile", 1)[1]
    with Caller(create_app(settings_for(module_town, dashboard))) as caller:
        client = Client(caller)
        headers = {"Authorization": f"Bearer {token}"}
        yield lambda path, **more: client.send(
            more.pop("method", "GET"), path, headers=headers | more.pop("headers", {}), **more
        )


def is_refused_in_words(reply: httpx.Response) -> None:
    """A problem of status 400 in the caller's language that shows nothing of what is inside."""
    assert reply.status_code == 400, (reply.status_code, reply.text[:300])
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert any("ก" <= character <= "๛" for character in problem["detail"])
    for inside in ("psycopg", "Traceback", "SELECT", "town.", "as_admin", "Exception"):
        assert inside not in problem["detail"].partition("“")[0]


def found(ask: Ask, text: str, lang: str = "cql2-text") -> set[str] | None:
    """Numbers of the permits a filter selects, the same in items and in the tile; None: 400."""
    params = {"filter": text, "filter-lang": lang, "limit": "1000"}
    listed = ask(ITEMS, params=params)
    del params["limit"]
    drawn = ask(TILE, params=params)
    if listed.status_code != 200:
        is_refused_in_words(listed)
        is_refused_in_words(drawn)
        return None
    features = listed.json()["features"]
    assert listed.json()["numberMatched"] == len(features)
    assert drawn.status_code == (200 if features else 204), drawn.text
    tile = replies.tile_of(drawn).get("permits", {"features": []})["features"]
    assert {feature["id"] for feature in tile} == {feature["id"] for feature in features}
    return {feature["properties"]["permit_no"] for feature in features}


def oracle(test: Callable[[str], bool]) -> set[str]:
    """Numbers of the permits whose subject passes a test."""
    return {str(number) for number, text in enumerate(LITERALS) if test(text)}


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "subject = {}": lambda own, text: own == text,
    "subject <> {}": lambda own, text: own != text,
    "subject < {}": lambda own, text: own < text,
    "subject <= {}": lambda own, text: own <= text,
    "subject > {}": lambda own, text: own > text,
    "subject >= {}": lambda own, text: own >= text,
    "{} = subject": lambda own, text: own == text,
    "subject IN ({}, 'zz')": lambda own, text: own == text,
    "subject NOT IN ({}, 'zz')": lambda own, text: own != text,
    "NOT (subject = {}) AND true": lambda own, text: own != text,
    "CASEI(subject) = CASEI({})": lambda own, text: own.lower() == text.lower(),
    "subject LIKE {}": like,
    "subject NOT LIKE {}": lambda own, text: not like(own, text),
}
"""Operators that take a text, and what they mean. Texts compare by code points."""

NEVER = (
    "floor_area_m2 = {}",
    "floor_area_m2 BETWEEN {} AND 5",
    "issued_on = {}",
    "issued_on = DATE({})",
    "issued_on > TIMESTAMP({})",
    "T_AFTER(issued_on, DATE({}))",
    "A_CONTAINS(subject, ({}))",
    "S_INTERSECTS(geometry, {})",
    "{} IS NULL",
    "{} LIKE {}",
    "subject BETWEEN {} AND {}",
    "casei({}) = casei({})",
)
"""Slots where no text belongs."""


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_every_operator_equals_the_oracle_or_is_refused(ask: Ask, text: str) -> None:
    literal = quoted(text)
    for form, meaning in OPERATORS.items():
        selected = found(ask, form.format(literal))
        odd = "LIKE" in form and (len(text) - len(text.rstrip("\\"))) % 2
        if "\0" in text or odd:
            assert selected is None, form
        elif selected is not None or "{} =" not in form:
            expected = oracle(lambda own, m=meaning: m(own, text))  # type: ignore[misc]
            assert selected == expected, form


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_fits_where_none_belongs(ask: Ask, text: str) -> None:
    for form in NEVER:
        assert found(ask, form.replace("{}", quoted(text))) is None, form
    for op in ("=", "<>", "like", "in", "a_contains", "s_intersects", "t_after", "between"):
        for args in (
            [text, text],
            [{"property": text}, text],
            [{"property": "floor_area_m2"}, text],
        ):
            tree = json.dumps({"op": op, "args": args})
            assert found(ask, tree, "cql2-json") is None, tree
    names = (f"\"{text}\" = 'x'", f"{text} = 'x'", f"{text}(subject) = 'x'", f"subject {text} 'x'")
    for name in names:
        listed, drawn = (ask(path, params={"filter": name}) for path in (ITEMS, TILE))
        assert listed.status_code < 500, name
        assert drawn.status_code < 500, name


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_every_other_parameter_takes_or_refuses_it(ask: Ask, text: str) -> None:
    equal = ask(ITEMS, params={"subject": text, "limit": "1000"})
    assert equal.status_code == 200
    numbers = {feature["properties"]["permit_no"] for feature in equal.json()["features"]}
    assert numbers == oracle(lambda own: own == text)
    for name in ("bbox", "bbox-crs", "crs", "datetime", "limit", "offset", "filter-lang"):
        reply = ask(ITEMS, params={name: text})
        is_refused_in_words(reply)
    for name in ("floor_area_m2", "issued_on", "updated_at", "id", "properties", text or "x"):
        is_refused_in_words(ask(ITEMS, params={name: text} if name != text else {text: "1"}))
    for method, path, more in (
        ("POST", "/queries/impact", {"json": {"flood": {"gauge": text, "stage_m": 1}}}),
        ("POST", "/queries/impact", {"json": {"flood": {"zone_ids": [text]}}}),
        ("POST", "/queries/impact", {"json": {"flood": {"where": f"code = {quoted(text)}"}}}),
        ("POST", "/queries/impact", {"json": {"flood": {"zone_ids": "all"}, "layers": [text]}}),
        ("GET", "/live", {"headers": {"Last-Event-ID": text.encode()}}),
    ):
        if "\n" in text and path == "/live":
            continue  # no client can send it
        assert ask(path, method=method, **more).status_code in (400, 404), (path, more)


CASEI_NUMBER = {"op": "=", "args": [{"property": "floor_area_m2"}, {"op": "casei", "args": [5]}]}
CASEI_DAY = {
    "op": "=",
    "args": [{"property": "updated_at"}, {"op": "casei", "args": [{"date": "2026-01-01"}]}],
}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("floor_area_m2 = CASEI(5)", "cql2-text"),
        (json.dumps(CASEI_NUMBER), "cql2-json"),
        (json.dumps(CASEI_DAY), "cql2-json"),
        ("S_INTERSECTS(geometry, POINT(1 95))", "cql2-text"),
        ("S_INTERSECTS(geometry, BBOX(-1e308,-1e308,1e308,1e308))", "cql2-text"),
        ("S_WITHIN(geometry, POLYGON((105 15,106 15,106 16,105 16)))", "cql2-text"),
        ("S_INTERSECTS(geometry, POINT EMPTY)", "cql2-text"),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 2)))", "cql2-text"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3))", "cql2-text"),
        ("floor_area_m2 = CASEI('5')", "cql2-text"),
        ("null", "cql2-json"),
        ("[" * 3000, "cql2-json"),
        ('{"op":"not","args":[' * 29 + "true" + "]}" * 29, "cql2-json"),
        ('{"op":"=","args":[{"property":"floor_area_m2"},1e999]}', "cql2-json"),
        ('{"op":"=","args":[{"property":"subject"},"\\ud800"]}', "cql2-json"),
    ],
)
def test_filters_nothing_can_answer_are_refused(ask: Ask, text: str, lang: str) -> None:
    assert found(ask, text, lang) is None


@pytest.mark.parametrize(
    "text",
    [
        "floor_area_m2 = 1e400",
        "floor_area_m2 = -1e308",
        "updated_at = TIMESTAMP('0001-01-01T00:00:00Z')",
        "S_EQUALS(geometry, POINT(180 90))",
        "S_CROSSES(geometry, POLYGON((105 15,106 16,106 15,105 16,105 15)))",
        "S_INTERSECTS(geometry, LINESTRING(105 15,105 15))",
        "id > 99999999999999999999999999",
    ],
)
def test_extremes_select_nothing_quietly(ask: Ask, text: str) -> None:
    assert found(ask, text) == set()


@pytest.mark.parametrize(
    "body",
    [
        b'{"flood":{"zone_ids":"all"},"layers":["\\ud800"]}',
        b'{"flood":{"gauge":"\\ud800","stage_m":1}}',
        b'{"flood":{"where":"\\ud800"}}',
        b'{"flood":{"stage_m":1e999,"gauge":"x"}}',
        b'{"flood":{"stage_m":NaN,"gauge":"x"}}',
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
        b'{"flood":' * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_bodies_nothing_can_read_are_refused(ask: Ask, body: bytes) -> None:
    reply = ask(
        "/queries/impact",
        method="POST",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    is_refused_in_words(reply)


def test_a_filter_is_one_however_its_name_is_written(ask: Ask) -> None:
    plain = ask(f"{TILE}?filter=false")
    assert plain.status_code == 204
    assert ask(f"{TILE}?%66ilter=false").status_code == plain.status_code


def test_any_area_may_be_asked_of_an_empty_town(blank_town: TownHandle, dashboard: Path) -> None:
    with Caller(create_app(settings_for(blank_town, dashboard))) as caller:
        for west, south in ((0, 0), (0, 80), (-75, 0), (170, -89)):
            ring = [[west, south], [west + 10, south], [west + 10, south + 9], [west, south]]
            asked = {"flood": {"geometry": {"type": "Polygon", "coordinates": [ring]}}}
            assert caller.post("/queries/impact", json=asked).status_code in (200, 400)
