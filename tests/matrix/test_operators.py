"""Every CQL2 operator there is, with every kind of operand: an oracle's answer, or 400 in words."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cql2
import pglast
import pytest
import shapely
from pglast.visitors import Visitor
from psycopg import sql
from pyproj import Transformer
from shapely.geometry import LineString, MultiPoint, Point, box, mapping

from api.app import create_app
from db.connect import Machine
from db.queries import cql2_parse
from db.queries.cql2_parse import parse
from db.queries.cql2_sql import condition
from db.tokens import new_token
from layers.catalog import get
from layers.errors import BadRequestError
from layers.model import Field, FieldType, Role
from layers.privacy import visible_fields
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.api.places import TO_DEGREES, moved
from tests.conftest import TownHandle
from tests.db.test_cql2 import HOSTILE, LITERALS, quoted
from tests.matrix.asking import Client
from tests.matrix.test_hostile import OPERATORS, Ask, is_refused_in_words
from tests.tiny import ORIGIN, load_rows, point, square, tiny

ITEMS = "/ogc/collections/{}/items"
LISTS = {
    "a_contains": lambda own, asked: set(asked) <= set(own),
    "a_containedby": lambda own, asked: set(own) <= set(asked),
    "a_equals": lambda own, asked: own == asked,
    "a_overlaps": lambda own, asked: bool(set(own) & set(asked)),
}
SPATIAL = {
    f"s_{name}": getattr(shapely, name)
    for name in (
        *("intersects", "equals", "disjoint", "touches", "within"),
        *("overlaps", "crosses", "contains"),
    )
}
TEMPORAL = ("t_after", "t_before", "t_equals")
PLAIN = ("like", "between", "in", "isNull", "and", "or", "not", "casei")
COMPARE = ("=", "<>", "<", "<=", ">", ">=")
TRIED = {*LISTS, *SPATIAL, *TEMPORAL, *PLAIN, *COMPARE}
STANDARD = {
    *TRIED,
    *("accenti", "s_dwithin", "s_covers", "s_coveredby", "s_relate", "s_buffer", "div", "ilike"),
    *("t_during", "t_contains", "t_intersects", "t_disjoint", "t_finishes", "t_meets", "t_metby"),
    *("t_overlaps", "t_starts", "t_finishedby", "t_overlappedby", "t_startedby", "any", "cast"),
    *("+", "-", "*", "/", "%", "^", "=~", "~", "||", "::", "is", "exists", "xor", "lower"),
    *("concat", "pg_sleep", "version", "current_user", "like_regex", "similar to", "interval"),
}
"""Operators and functions of CQL2 1.0, of dialects near it and of PostgreSQL."""

_OPERANDS: dict[FieldType, Any] = {
    FieldType.TEXT: "x",
    FieldType.INTEGER: 3,
    FieldType.NUMBER: 1.5,
    FieldType.BOOLEAN: True,
    FieldType.DATE: {"date": "2026-01-01"},
    FieldType.DATETIME: {"timestamp": "2026-01-01T00:00:00Z"},
    FieldType.TEXT_LIST: ["x", "y"],
}
ODD: list[Any] = [
    *_OPERANDS.values(),
    None,
    "",
    -1e308,
    2**70,
    [],
    [None],
    [[1]],
    [1, "x"],
    {},
    {"date": "2026-13-40"},
    {"date": "-0001-01-01"},
    {"timestamp": "9999-12-31T23:59:60Z"},
    {"timestamp": "infinity"},
    {"interval": ["2026-01-01", ".."]},
    {"bbox": [1, 2, 3, 4]},
    {"type": "Point", "coordinates": [105, 15]},
    {"property": "id"},
    {"op": "casei", "args": ["x"]},
    {"op": "casei", "args": [5]},
    {"op": "+", "args": [1, 1]},
    {"op": "true", "args": []},
]
"""Operands of every kind, most of which fit nothing."""


@pytest.fixture(scope="module")
def ask(module_town: TownHandle, dashboard: Path) -> Iterator[Ask]:
    """Homes whose needs are the hostile texts, flood zones named by them over one permit each."""
    texts = list(enumerate(LITERALS))
    permits = [
        {"permit_no": str(n), "kind": "building", "status": "issued", "geom": point(10 * n, 0)}
        for n, _ in texts
    ]
    homes = [
        {"code": str(n), "kind": "home", "needs": [text, "all"][: 1 + n % 2], "geom": point(n, 0)}
        for n, text in texts
    ]
    zones = [
        {"code": text, "kind": "stage", "geom": square(10 * n - 1, -1, 2, 2)} for n, text in texts
    ]
    with module_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "permits", permits)
        load_rows(conn, "care_locations", homes)
        load_rows(conn, "flood_zones", zones)
        for layer_id in ("town_boundary", "households", "parcels", "roads"):
            load_rows(conn, layer_id, tiny()[layer_id])
    with module_town.connect(Machine.SERVICE) as conn:
        token = new_token(conn, Role.ADMIN, "operators", 1)[1]
    with Caller(create_app(settings_for(module_town, dashboard))) as caller:
        client = Client(caller)
        headers = {"Authorization": f"Bearer {token}"}
        yield lambda path, **more: client.send(
            more.pop("method", "GET"), path, headers=headers | more.pop("headers", {}), **more
        )


def selected(ask: Ask, layer: str, tree: Any) -> list[dict[str, Any]] | None:
    """Features a JSON filter selects; None when it is refused in words."""
    text = json.dumps(tree)
    params = {"filter": text, "filter-lang": "cql2-json", "limit": "1000"}
    reply = ask(ITEMS.format(layer), params=params)
    if reply.status_code != 200:
        is_refused_in_words(reply)
        return None
    features: list[dict[str, Any]] = reply.json()["features"]
    assert reply.json()["numberMatched"] == len(features)
    return features


def test_every_operator_admitted_is_tried() -> None:
    """Of all names there are, those let through are those this file has an oracle for."""
    fields = {"x": get("care_locations").field("needs")}
    admitted = set()
    for name, args in itertools.product(STANDARD, ([], [True])):
        tree = json.dumps({"op": name, "args": args})
        try:
            parse(tree, fields, has_geometry=True, lang="cql2-json")
        except BadRequestError as refused:
            said = refused.detail.en
            admitted |= set() if "not supported" in said or "not valid" in said else {name}
        else:
            admitted.add(name)
    assert admitted | {"casei"} == TRIED
    constants = (cql2_parse.SPATIAL, cql2_parse.TEMPORAL, cql2_parse.ARRAY, cql2_parse.COMPARE)
    assert {name for each in constants for name in each} <= TRIED


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_lists_are_compared_as_lists(ask: Ask, text: str) -> None:
    own = {str(n): [each, "all"][: 1 + n % 2] for n, each in enumerate(LITERALS)}
    for op, meaning in LISTS.items():
        for asked in ([text], [text, "all"], ["all", text, text]):
            tree = {"op": op, "args": [{"property": "needs"}, asked]}
            found = selected(ask, "care_locations", tree)
            if "\0" in text:
                assert found is None
                continue
            expected = {code for code, needs in own.items() if meaning(needs, asked)}
            assert {each["properties"]["code"] for each in found or []} == expected, (op, asked)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_flood_is_found_by_the_same_conditions(ask: Ask, text: str) -> None:
    """`where` of the impact question: the permits beneath the zones say which zones were meant."""
    for form, meaning in OPERATORS.items():
        where = form.replace("subject", "code").format(quoted(text))
        body = {"flood": {"where": where}, "layers": ["permits"], "include": ["ids"]}
        reply = ask("/queries/impact", method="POST", json=body)
        odd = "LIKE" in form and (len(text) - len(text.rstrip("\\"))) % 2
        if "\0" in text or odd:
            is_refused_in_words(reply)
            continue
        expected = [n for n, own in enumerate(LITERALS) if meaning(own, text)]
        if not expected:
            assert reply.status_code == 404, (form, reply.text)
        elif reply.status_code == 400:
            assert form.startswith("{} ="), form
        else:
            assert reply.json()["exposed"]["permits"]["count"] == len(expected), form


def _fields() -> Iterator[tuple[str, Field]]:
    """A field of each type."""
    types = set()
    for layer_id in ("care_locations", "permits", "households"):
        for field in visible_fields(get(layer_id), Role.ADMIN):
            if field.type not in types:
                types.add(field.type)
                yield layer_id, field


FIELDS = list(_fields())


def test_there_is_a_field_of_each_type() -> None:
    assert {field.type for _, field in FIELDS} == set(FieldType)


@pytest.mark.parametrize(("layer", "field"), FIELDS, ids=lambda one: getattr(one, "name", one))
def test_operands_of_every_kind_fit_or_are_refused(ask: Ask, layer: str, field: Field) -> None:
    """Never 500, and what is of another type is never quietly taken for something."""
    prop = {"property": field.name}
    for op in sorted(TRIED - {"and", "or", "casei"}):
        for odd in ODD:
            forms = {"between": [[prop, odd, odd]], "in": [[prop, [odd]], [prop, odd]]}
            for args in forms.get(op, [[prop, odd], [odd, prop]]):
                found = selected(ask, layer, {"op": op, "args": args})
                if op in COMPARE and isinstance(odd, dict | list) and found is not None:
                    assert set(odd) & {"date", "timestamp", "property", "op"}, (op, args)


PLACES = {n: Point(ORIGIN[0] + 10 * n, ORIGIN[1]) for n in range(len(LITERALS))}
SHAPES = {
    "box": box(ORIGIN[0] + 15, ORIGIN[1] - 5, ORIGIN[0] + 55, ORIGIN[1] + 5),
    "edge": box(ORIGIN[0] + 20, ORIGIN[1], ORIGIN[0] + 55, ORIGIN[1] + 5),
    "point": PLACES[3],
    "line": LineString([PLACES[2], PLACES[7]]),
    "points": MultiPoint([PLACES[1], PLACES[4]]),
    "crossed": shapely.Polygon(
        [(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in ((5, -5), (45, 5), (45, -5), (5, 5))]
    ),
    "far": box(ORIGIN[0] - 900, ORIGIN[1] - 900, ORIGIN[0] - 800, ORIGIN[1] - 800),
}
TO_MERCATOR = Transformer.from_crs(32648, 3857, always_xy=True)


@pytest.mark.parametrize("op", SPATIAL)
@pytest.mark.parametrize("name", ["box", "far", "crossed"])
def test_places_are_compared_as_shapely_does(ask: Ask, op: str, name: str) -> None:
    asked = moved(SHAPES[name], TO_DEGREES)
    literal = shapely.make_valid(moved(SHAPES[name], TO_MERCATOR))
    tree = {"op": op, "args": [{"property": "geometry"}, mapping(asked)]}
    found = selected(ask, "permits", tree)
    expected = {str(n) for n, at in PLACES.items() if SPATIAL[op](moved(at, TO_MERCATOR), literal)}
    assert {each["properties"]["permit_no"] for each in found or []} == expected


def _broken() -> Iterator[Any]:
    """Shapes no database should have to think about."""
    numbers = (1e308, -1e308, 5e-324, 180.0001, 1e17, "1", None, True, [1], {})
    for number in numbers:
        yield {"type": "Point", "coordinates": [number, 15]}
        yield {"type": "Polygon", "coordinates": [[[number, 1], [2, 2], [3, 1], [number, 1]]]}
        yield {"bbox": [number, 1, 2, 3]}
    for kind in ("Point", "MultiPoint", "LineString", "Polygon", "MultiPolygon", "Curve", 5, None):
        for coordinates in (None, [], [[]], [[[]]], {}, "x", [1], [1, 2, 3, 4, 5], [[1, 2]] * 3):
            yield {"type": kind, "coordinates": coordinates}
    ring = [[105, 15], [106, 15], [106, 16], [105, 15]]
    yield {"type": "Polygon", "coordinates": [ring[:3]]}
    yield {"type": "Polygon", "coordinates": [ring, ring, ring]}
    yield {"type": "Polygon", "coordinates": [[[105, 15]] * 4]}
    yield {"type": "Polygon", "coordinates": [[[180, 90], [-180, 90], [0, -90], [180, 90]]]}
    yield {"type": "LineString", "coordinates": [[105, 15]] * 5}
    yield {"type": "MultiPoint", "coordinates": [[105, 15, 1e308, 1e308]]}
    yield {"type": "GeometryCollection", "geometries": []}
    yield {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    yield {"bbox": [1, 2, 3, 4, 5, 6]}
    yield {"bbox": [10, 10, 1, 1]}


def test_shapes_nobody_can_draw_are_refused_or_found_nowhere(ask: Ask) -> None:
    for shape, op in zip(_broken(), itertools.cycle(SPATIAL), strict=False):
        for layer in ("permits", "parcels", "roads"):
            selected(ask, layer, {"op": op, "args": [{"property": "geometry"}, shape]})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "xmin",
            "xmax",
            "ctid",
            "tableoid",
            "cmin",
            "oid",
            "geom_3857",
            "change_set",
            "t",
            "t.id",
        ),
        *(
            "*",
            "",
            " ",
            "id ",
            "ID",
            "Id",
            'id" OR "1"="1',
            "id::text",
            "pg_sleep(5)",
            "current_user",
        ),
        *("history.permits", "town.permits.id", "__matched", "geometry", "geom", "%s", "%(limit)s"),
    ],
)
def test_names_that_are_no_queryables_are_refused(ask: Ask, name: str) -> None:
    for op in ("=", "isNull", "like", "in", "casei", "t_after", "a_contains", "between"):
        args = [{"property": name}, ["x"] if op in ("in", "a_contains") else "x", "y"]
        tree = {"op": op, "args": args[: {"isNull": 1, "between": 3}.get(op, 2)]}
        assert selected(ask, "permits", tree) is None, op
    body = {"flood": {"where": f'"{name}" IS NULL'}}
    is_refused_in_words(ask("/queries/impact", method="POST", json=body))


LARGE = {
    "long": "kind = '" + "x" * 100_000 + "'",
    "thai": "kind = '" + "น้ำ" * 30_000 + "'",
    "members": "kind IN (" + ", ".join(["'x'"] * 20_000) + ")",
    "vertices": "S_INTERSECTS(geometry, LINESTRING(" + ", ".join(["105 15"] * 10_000) + "))",
    "deep": "(" * 50_000 + "true" + ")" * 50_000,
    "or": " OR ".join(["kind = 'x'"] * 9_000),
    "signs": "floor_area_m2 = " + "- " * 50_000 + "5",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_hundred_kilobytes_are_refused_in_words(ask: Ask, name: str) -> None:
    for path in (ITEMS.format("permits"), "/tiles/permits/13/1/1.mvt"):
        given = LARGE[name][:20_000] if LARGE[name].isascii() else LARGE[name][:7_000]
        is_refused_in_words(ask(path, params={"filter": given}))
    body = {"flood": {"where": LARGE[name]}}
    is_refused_in_words(ask("/queries/impact", method="POST", json=body))


class _Constants(Visitor):
    """Collects every constant of a statement."""

    def __init__(self) -> None:
        self.found: list[object] = []

    def visit_A_Const(self, _ancestors: object, node: Any) -> None:  # noqa: N802 - pglast's name
        self.found.append(getattr(node.val, "sval", None) or getattr(node.val, "ival", None))


def test_no_literal_of_any_operator_is_in_the_statement() -> None:
    """Whatever is asked, a condition holds no constants but the two reference systems."""
    care = get("care_locations")
    fields = {field.name: field for field in visible_fields(care, Role.ADMIN)}
    written = 0
    one_each = {field.type: field for field in fields.values()}.values()
    for op, field, odd in itertools.product(TRIED, one_each, ODD):
        prop = {"property": "geometry"} if op in SPATIAL else {"property": field.name}
        for args in ([prop, odd], [prop, odd, odd], [prop, [odd, odd]], [prop]):
            tree = json.dumps({"op": op, "args": args})
            try:
                checked = parse(tree, fields, has_geometry=True, lang="cql2-json")
            except BadRequestError:
                continue
            values: dict[str, object] = {}
            made = sql.SQL("SELECT 1 FROM care_locations AS t WHERE ") + condition(
                checked, values, alias="t"
            )
            statement = made.as_string(None)
            for place, name in enumerate(values, start=1):
                statement = statement.replace(f"%({name})s", f"${place}")
            (parsed,) = pglast.parse_sql(statement)
            constants = _Constants()
            constants(parsed)
            assert set(constants.found) <= {1, 4326, 3857}, statement
            written += 1
    assert written > 100


def test_the_library_reads_what_we_let_through() -> None:
    """The texts of the operators tried are CQL2 by another reader too."""
    for form in OPERATORS:
        assert cql2.parse_text(form.replace("subject", "code").format("'x'")).validate() is None
