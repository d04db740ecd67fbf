"""CQL2 filters: what they select equals a Python oracle; what they hold is always a parameter."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cql2
import pglast
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pglast.visitors import Visitor, referenced_relations
from psycopg import sql

from db.connect import Machine
from db.queries.cql2_parse import MAX_NESTING, parse
from db.queries.cql2_sql import condition
from layers.catalog import get
from layers.errors import BadRequestError
from layers.model import FieldType, Role
from layers.privacy import visible_fields
from tests.conftest import TownHandle
from tests.tiny import load_rows, point, tiny

LAYER = get("permits")
FIELDS = {field.name: field for field in visible_fields(LAYER, Role.ADMIN)}
CARE = {field.name: field for field in visible_fields(get("care_locations"), Role.ADMIN)}
HOSTILE = [
    "'",
    "''",
    "\\",
    "\\'",
    "%",
    "_",
    "%_%",
    ";--",
    "'; DROP TABLE town.permits; --",
    "$$",
    "$1",
    "%s",
    "%(cql0)s",
    "{}",
    "น้ำท่วม",
    "‘curly’ “quotes”",
    "ʼ",
    "\u0000",
    "\u200b",
    "😀",
    "&lt;b&gt;",
    'double"quote',
    "a\nb",
]
LITERALS = [text for text in HOSTILE if "\0" not in text]


def quoted(text: str) -> str:
    """CQL2 text literal."""
    return "'" + text.replace("'", "''") + "'"


def select(town: TownHandle, text: str, *, lang: str = "cql2-text") -> set[str]:
    """Permit numbers a filter selects."""
    values: dict[str, object] = {}
    tree = parse(text, FIELDS, has_geometry=True, lang=lang)
    where = condition(tree, values, alias="t")
    statement = sql.SQL("SELECT t.permit_no FROM permits AS t WHERE {}").format(where)

    async def run() -> set[str]:
        async with await psycopg.AsyncConnection.connect(town.url(Role.ADMIN)) as conn:
            cursor = await conn.execute(statement, values)
            return {row[0] for row in await cursor.fetchall()}

    return asyncio.run(run())


@pytest.fixture(scope="module")
def town(module_town: TownHandle) -> TownHandle:
    """Permits whose subjects are the hostile texts themselves."""
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
    return module_town


def oracle(test: Callable[[str], bool]) -> set[str]:
    return {str(number) for number, text in enumerate(LITERALS) if test(text)}


def like(text: str, pattern: str) -> bool:
    """LIKE as CQL2 defines it: % any run, _ one character, backslash takes the next literally."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(like(text[i:], rest) for i in range(len(text) + 1))
    if head == "\\" and rest:
        return text[:1] == rest[0] and like(text[1:], rest[1:])
    return bool(text) and head in ("_", text[0]) and like(text[1:], rest)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_comparison_equals_the_oracle_or_is_refused(town: TownHandle, text: str) -> None:
    literal = quoted(text)
    if "\0" in text:
        for filter_ in (f"subject = {literal}", f"subject LIKE {literal}"):
            with pytest.raises(BadRequestError, match="NUL"):
                select(town, filter_)
        return
    assert select(town, f"subject = {literal}") == oracle(lambda own: own == text)
    assert select(town, f"subject <> {literal}") == oracle(lambda own: own != text)
    assert select(town, f"subject IN ({literal}, 'x')") == oracle(lambda own: own == text)
    assert select(town, f"NOT (subject = {literal})") == oracle(lambda own: own != text)
    assert select(town, f"CASEI(subject) = CASEI({literal})") == oracle(
        lambda own: own.lower() == text.lower()
    )
    # C.UTF-8 compares code points, as Python does
    assert select(town, f"subject > {literal}") == oracle(lambda own: own > text)
    assert select(town, f"subject <= {literal}") == oracle(lambda own: own <= text)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        with pytest.raises(BadRequestError, match="backslash"):
            select(town, f"subject LIKE {literal}")
    else:
        assert select(town, f"subject LIKE {literal}") == oracle(lambda own: like(own, text))


@pytest.mark.parametrize("text", LITERALS)
def test_json_filters_equal_text_filters(town: TownHandle, text: str) -> None:
    tree = {"op": "=", "args": [{"property": "subject"}, text]}
    assert select(town, json.dumps(tree), lang="cql2-json") == oracle(lambda own: own == text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_no_text_ends_up_in_the_statement(text: str) -> None:
    """The generated SQL parses, holds one statement, and none of its constants is the caller's."""
    for filter_ in (f"subject = {quoted(text)}", f"subject LIKE {quoted(text)}"):
        values: dict[str, object] = {}
        try:
            tree = parse(filter_, FIELDS, has_geometry=True)
        except BadRequestError:
            continue
        where = condition(tree, values, alias="t")
        statement = (sql.SQL("SELECT 1 FROM permits AS t WHERE ") + where).as_string(None)
        numbered = statement.replace("%(cql0)s", "$1")
        assert list(values.values()) == [text]
        (parsed,) = pglast.parse_sql(numbered)
        assert referenced_relations(numbered) == {"permits"}
        constants = _Constants()
        constants(parsed)
        assert constants.found == []


class _Constants(Visitor):
    """Collects every string constant of a statement."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_A_Const(self, _ancestors: object, node: Any) -> None:  # noqa: N802 - pglast's name
        value = getattr(node.val, "sval", None)
        if value is not None:
            self.found.append(value)


@pytest.mark.parametrize(
    ("filter_", "why"),
    [
        ("owner = 'x'", "no property"),
        ("xmin = '1'", "no property"),
        ("ctid = '(0,1)'", "no property"),
        ("t.subject = 'x'", "not valid|no property"),
        ("pg_sleep(10) = 1", "not valid|property name"),
        ("subject = pg_read_file('x')", "needs a value|not valid"),
        ("floor_area_m2 = 'x'", "type number"),
        ("subject = 1", "type text"),
        ("issued_on > '2026-01-01'", "type date"),
        ("subject + 1 > 2", "property name"),
        ("floor_area_m2 LIKE '1'", "text only"),
        ("S_INTERSECTS(subject, POINT(1 2))", "geom"),
        ("S_DWITHIN(geom, POINT(1 2), 5, 'm')", "not supported"),
        ("A_CONTAINS(subject, ('x'))", "list"),
        ("subject = 'x' OR", "not valid"),
        ("", "not valid"),
        ("(" * 4000 + "subject = 'x'" + ")" * 4000, "nested|longer"),
        (" OR ".join(["subject = 'x'"] * 600), "longer|complex"),
        ("subject IN (" + ", ".join(["'x'"] * 600) + ")", "IN needs"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_sentence(filter_: str, why: str) -> None:
    with pytest.raises(BadRequestError, match=why):
        parse(filter_, FIELDS, has_geometry=True)


def test_a_field_the_role_may_not_see_does_not_exist_for_filters() -> None:
    public = {field.name: field for field in visible_fields(get("care_locations"), Role.PUBLIC)}
    with pytest.raises(BadRequestError, match="no property “diagnosis”"):
        parse("diagnosis LIKE '%'", public, has_geometry=True)
    assert "diagnosis" in CARE


def test_spatial_temporal_and_list_predicates(tiny_town: TownHandle) -> None:
    def ids(layer_id: str, text: str) -> int:
        layer = get(layer_id)
        fields = {field.name: field for field in visible_fields(layer, Role.ADMIN)}
        values: dict[str, object] = {}
        tree = parse(text, fields, has_geometry=layer.geometry is not None)
        where = condition(tree, values, alias="t")
        with tiny_town.connect(Role.ADMIN) as conn:
            found = conn.execute(
                sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(
                    sql.Identifier(layer_id), where
                ),
                values,
            ).fetchone()
        return int(str(found[0])) if found else -1

    with tiny_town.connect(Role.ADMIN) as conn:
        corner = conn.execute(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform("
            "ST_MakeEnvelope(524010, 1685010, 524090, 1685090, 32648), 4326) AS b) AS q"
        ).fetchone()
    box = ",".join(str(edge) for edge in corner or ())
    assert ids("parcels", f"S_INTERSECTS(geom, BBOX({box}))") == 1
    assert ids("parcels", f"S_DISJOINT(geom, BBOX({box}))") == 99
    assert ids("care_locations", "A_CONTAINS(needs, ('oxygen'))") == 1
    assert ids("care_locations", "last_verified_on >= DATE('2026-11-01')") == 8
    assert ids("flood_zones", "T_AFTER(observed_at, TIMESTAMP('2026-10-31T00:00:00Z'))") == 1
    assert ids("parcels", "use IS NULL OR use IN ('residential')") == 50
    assert ids("parcels", "area_m2 BETWEEN 9999 AND 10001 AND NOT use = 'commercial'") == 50
    assert ids("parcels", "area_deed_m2 < area_m2") == 100


def test_fields_of_every_type_have_a_way_to_be_filtered(tiny_town: TownHandle) -> None:
    sample = {
        FieldType.TEXT: "{} = 'x'",
        FieldType.INTEGER: "{} > 1",
        FieldType.NUMBER: "{} > 1.5",
        FieldType.BOOLEAN: "{} = true",
        FieldType.DATE: "{} < DATE('2026-01-01')",
        FieldType.DATETIME: "{} < TIMESTAMP('2026-01-01T00:00:00Z')",
        FieldType.TEXT_LIST: "A_CONTAINS({}, ('x'))",
    }
    with tiny_town.connect(Role.ADMIN) as conn:
        for layer_id in tiny():
            layer = get(layer_id)
            for field in visible_fields(layer, Role.ADMIN):
                values: dict[str, object] = {}
                text = sample[field.type].format(f'"{field.name}"')
                tree = parse(text, {field.name: field}, has_geometry=False)
                where = condition(tree, values, alias="t")
                found = conn.execute(
                    sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(
                        sql.Identifier(layer_id), where
                    ),
                    values,
                ).fetchone()
                assert found is not None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_rubbish_is_refused_and_never_breaks_the_parser(text: str) -> None:
    try:
        parse(text, FIELDS, has_geometry=True)
    except BadRequestError:
        return
    assert cql2.parse_text(text) is not None


def test_deep_nesting_never_reaches_the_parser() -> None:
    deep: Any = {"op": "=", "args": [{"property": "subject"}, "x"]}
    for _ in range(MAX_NESTING):
        deep = {"op": "not", "args": [deep]}
    with pytest.raises(BadRequestError):
        parse(json.dumps(deep), FIELDS, has_geometry=True, lang="cql2-json")


RECURSING = [
    "floor_area_m2 = {}5".format("- " * 4000),
    "floor_area_m2 = {}5".format("-\t" * 4000),
    "a{}".format("=a" * 4000),
    "a{}".format("<a" * 4000),
    "a{}".format(" LIKE a" * 1100),
    "{}true".format("NOT\t" * 2000),
    "{}true".format("NOT  " * 1600),
    "floor_area_m2 = 1{}".format("^1" * 4000),
]


def test_no_filter_ends_the_process() -> None:
    """The parser recurses for each of these; tried where a stack that overflows harms nobody."""
    script = """
import json, sys
from db.queries.cql2_parse import parse
from layers.errors import BadRequestError
for text in json.load(sys.stdin):
    try:
        parse(text, {}, has_geometry=True)
    except BadRequestError as error:
        print(error.detail.en)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(RECURSING),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == len(RECURSING)
    assert all("too complex" in sentence for sentence in said)


def test_what_is_written_at_length_and_not_deep_is_read() -> None:
    places = ", ".join(["-1.5 -2"] * 400)
    parse(f"S_INTERSECTS(geometry, LINESTRING({places}))", FIELDS, has_geometry=True)
    parse(" OR ".join(["floor_area_m2 > -1"] * 200), FIELDS, has_geometry=True)
