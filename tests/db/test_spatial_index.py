"""Every layer's geometry is found by its index, for every role, in the statements we really run.

PostGIS predicates are not LEAKPROOF, so a barrier view, row-level security or a predicate outside
a definer function would quietly read the whole table. `auto_explain` shows the plan of every
statement that ran, those inside functions too. Sequential scans are off: the tables are small.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from db.connect import connect_admin, login_name
from db.past import SETTING
from db.queries import features, tiles
from db.queries.features import Box, Page
from db.queries.tiles import TileLayer
from db.scopes import seen_rows, source
from db.view_names import Tense, view_schema
from layers.catalog import LAYERS
from layers.model import Layer, Role
from layers.privacy import may_see, scope_of, tile_fields, visible_fields, visible_rows
from tests.conftest import TownHandle
from tests.tiny import ORIGIN

MAPS = [
    (layer, role)
    for layer in LAYERS
    for role in Role
    if layer.geometry is not None and may_see(layer, role)
]
each_map = pytest.mark.parametrize(
    ("layer", "role"), MAPS, ids=[f"{layer.id}-{role}" for layer, role in MAPS]
)
COMMUNITIES = ["C1"]
OF_A_TEAM = ["boat 1"]


@dataclass(frozen=True)
class Scan:
    """How a statement read a table: the kind of scan and the condition its index met."""

    kind: str
    condition: str


def keys_of(role: Role) -> list[list[str] | None]:
    """The scopes people of a role bring: a caregiver may be limited or not."""
    return {Role.CARE: [None, COMMUNITIES], Role.TEAM: [OF_A_TEAM]}.get(role, [None])


@contextmanager
def explaining(town: TownHandle, role: Role, tense: Tense = Tense.PRESENT) -> Iterator[Any]:
    """A connection of the role's rights; gives a function that runs and returns every plan."""
    plans: list[dict[str, Any]] = []

    def hear(said: psycopg.errors.Diagnostic) -> None:
        _, found, plan = (said.message_primary or "").partition("plan:\n")
        if found:
            plans.append(json.loads(plan)["Plan"])

    with connect_admin(town.server_url, town.town_id) as conn:
        conn.execute("LOAD 'auto_explain'")
        for name, value in {
            "auto_explain.log_min_duration": "0",
            "auto_explain.log_nested_statements": "on",
            "auto_explain.log_verbose": "on",
            "auto_explain.log_format": "json",
            "client_min_messages": "log",
            "search_path": f"{view_schema(role, tense)}, gis, pg_catalog",
            SETTING: "1000000",
            "enable_seqscan": "off",
            "jit": "off",
        }.items():
            conn.execute("SELECT set_config(%s, %s, false)", [name, value])
        conn.execute(
            sql.SQL("SET SESSION AUTHORIZATION {}").format(
                sql.Identifier(login_name(town.town_id, role))
            )
        )
        conn.add_notice_handler(hear)

        def run(statement: Any, values: Any) -> list[dict[str, Any]]:
            plans.clear()
            conn.execute(statement, values)
            return list(plans)

        yield run


def scans(plans: list[dict[str, Any]], layer: Layer, schema: str = "town") -> list[Scan]:
    """Every reading of the layer's own table, or of its history, in some plans."""
    found = []
    waiting = list(plans)
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if (node.get("Schema"), node.get("Relation Name")) == (schema, layer.id):
            condition = node.get("Index Cond") or node.get("Recheck Cond") or ""
            found.append(Scan(node["Node Type"], condition))
    return found


def assert_by_index(
    plans: list[dict[str, Any]], layer: Layer, column: str, schema: str = "town"
) -> None:
    found = scans(plans, layer, schema)
    assert found, "the table was not read"
    for scan in found:
        assert scan.kind in {"Index Scan", "Bitmap Heap Scan"}, found
        assert f".{column} &&" in scan.condition, found


@each_map
def test_a_page_of_features_is_found_by_the_index(
    tiny_town: TownHandle, layer: Layer, role: Role
) -> None:
    """The page and its count, by a box of degrees and by one of the town's own CRS."""
    east, north = ORIGIN
    boxes = (
        (Box(105.2236, 15.2402, 105.2237, 15.2403), "geom_3857"),
        (Box(east + 40, north + 40, east + 60, north + 60, tiny_town.srid), "geom"),
    )
    fields = visible_fields(layer, role)
    with explaining(tiny_town, role) as run:
        for keys in keys_of(role):
            for box, column in boxes:
                page = Page(
                    layer,
                    role,
                    fields,
                    tiny_town.srid,
                    keys=None if keys is None else tuple(keys),
                    box=box,
                )
                assert_by_index(run(*features.build(page)), layer, column)


@each_map
def test_a_tile_is_found_by_the_index(tiny_town: TownHandle, layer: Layer, role: Role) -> None:
    """The layer's features, and the label points of areas with a name."""
    shown = (TileLayer(layer, role, tile_fields(layer, role)),)
    statement, values = tiles.build(shown, 17)
    schema, column = ("render", "geom") if layer.rendered else ("town", "geom_3857")
    with explaining(tiny_town, role) as run:
        for keys in keys_of(role):
            place = tiles.place(17, 103_850, 59_900, None if keys is None else tuple(keys))
            assert_by_index(run(statement, {**values, **place}), layer, column, schema)


@each_map
def test_the_past_is_found_by_the_index_too(
    tiny_town: TownHandle, layer: Layer, role: Role
) -> None:
    """What was there then: of the rows that still stand and of those kept in the history."""
    shown = (TileLayer(layer, role, tile_fields(layer, role)),)
    statement, values = tiles.build(shown, 17, rendered=False)
    east, north = ORIGIN
    page = Page(
        layer,
        role,
        visible_fields(layer, role),
        tiny_town.srid,
        box=Box(105.2236, 15.2402, 105.2237, 15.2403),
    )
    of_the_town = replace(
        page, box=Box(east + 40, north + 40, east + 60, north + 60, page.town_srid)
    )
    with explaining(tiny_town, role, Tense.PAST) as run:
        for keys in keys_of(role):
            told = None if keys is None else tuple(keys)
            place = tiles.place(17, 103_850, 59_900, told)
            for (built, given), live, then in (
                ((statement, {**values, **place}), "geom_3857", ".geom, 3857) &&"),
                (features.build(replace(page, keys=told)), "geom_3857", ".geom, 3857) &&"),
                (features.build(replace(of_the_town, keys=told)), "geom", ".geom &&"),
            ):
                plans = run(built, given)
                assert_by_index(plans, layer, live)
                kept = scans(plans, layer, "history")
                assert kept
                for scan in kept:
                    assert scan.kind in {"Index Scan", "Bitmap Heap Scan"}, kept
                    assert then in scan.condition, kept


@each_map
def test_the_rows_rule_is_a_filter_of_the_same_scan(
    tiny_town: TownHandle, layer: Layer, role: Role
) -> None:
    """What hides rows stands in the view or function itself and not in what we ask of it."""
    if visible_rows(layer, role) is None:
        assert scope_of(layer, role) is None
        return
    box = sql.SQL("ST_TileEnvelope(14, 12980, 7500)")
    rows = source(layer, role, box, sql.NULL)
    with explaining(tiny_town, role) as run:
        plans = run(sql.SQL("SELECT id FROM {} AS t WHERE t.geom_3857 && {}").format(rows, box), [])
    rule = seen_rows(layer, role).as_string(None)
    told = json.dumps(plans)
    for value in {rule.value for rule in visible_rows(layer, role) or () if rule.value}:
        assert f"'{value}'" in rule
        assert f"'{value}'::text" in told


@pytest.mark.parametrize("role", [role for role in Role if may_see(LAYERS[0], role)])
def test_a_sequential_scan_would_be_seen(tiny_town: TownHandle, role: Role) -> None:
    """The positive control: without a box the same statement reads the whole table."""
    layer = next(layer for layer in LAYERS if layer.id == "parcels")
    with explaining(tiny_town, role) as run:
        page = Page(layer, role, visible_fields(layer, role), tiny_town.srid)
        with pytest.raises(AssertionError):
            assert_by_index(run(*features.build(page)), layer, "geom_3857")
