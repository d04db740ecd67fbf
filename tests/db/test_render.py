"""Render tables follow every change in its own transaction, and cells count what features show."""

import re
import threading
from typing import Any, LiteralString

import mapbox_vector_tile
import psycopg
import pytest
import shapely
from psycopg import sql

from db import render, render_stamp
from db.check import check
from db.connect import Machine, connect_admin
from db.migrate import migrate
from db.queries.cql2_parse import parse
from db.queries.tiles import TileLayer, build, place
from db.undo import undo
from layers.catalog import LAYERS, get
from layers.model import Layer, Role, Zooms
from layers.privacy import may_see, tile_fields, visible_fields
from tests.conftest import TownHandle
from tests.db import hostile
from tests.tiny import load_rows, point, square

RENDERED = [layer for layer in LAYERS if layer.rendered]
Contents = dict[str, list[tuple[object, ...]]]


def contents(town: TownHandle) -> Contents:
    """Every render row of a town, cells added up."""
    found: Contents = {}
    with connect_admin(town.server_url, town.town_id) as conn:
        for layer in RENDERED:
            table = sql.Identifier(render.SCHEMA, layer.id)
            found[layer.id] = conn.execute(
                sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(table)
            ).fetchall()
            if layer.cells:
                cells = sql.Identifier(render.SCHEMA, layer.cells)
                found[layer.cells] = conn.execute(
                    sql.SQL(
                        "SELECT z, tile_x, tile_y, cell, class, sum(n) FROM {}"
                        " GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 4, 5"
                    ).format(cells)
                ).fetchall()
    return found


def rebuilt(town: TownHandle) -> Contents:
    """The same after a migrate has made them anew."""
    migrate(town.server_url, town.secret, town.town_id, redraw=True)
    return contents(town)


def table_of(town: TownHandle) -> object:
    """What tells one making of the parcels' render table from the next."""
    with connect_admin(town.server_url, town.town_id) as conn:
        return conn.execute("SELECT 'render.parcels'::regclass::oid").fetchone()


def test_a_migrate_leaves_alone_what_is_as_it_would_make_it(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    before, was = contents(town), table_of(town)
    migrate(town.server_url, town.secret, town.town_id)
    assert (contents(town), table_of(town)) == (before, was)
    with town.connect(Machine.LOADER) as conn:
        conn.execute(
            "UPDATE town.parcels SET use = 'vacant' WHERE id = (SELECT min(id) FROM town.parcels)"
        )
    after = contents(town)
    migrate(town.server_url, town.secret, town.town_id)
    assert (contents(town), table_of(town)) == (after, was)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM render.parcels WHERE id = (SELECT min(id) FROM render.parcels)",
        "UPDATE render.parcels SET id = -id WHERE id = (SELECT min(id) FROM render.parcels)",
        "ALTER TABLE town.parcels DISABLE TRIGGER f_render_update",
        "DROP INDEX render.parcels_render_geom",
        "DROP FUNCTION render.keep_parcels() CASCADE",
        "DROP TABLE render.parcels_cells CASCADE",
        "ALTER TABLE render.parcels ADD COLUMN more text",
        "COMMENT ON SCHEMA render IS 'other'",
    ],
)
def test_a_migrate_makes_anew_what_is_not(own_tiny_town: TownHandle, damage: LiteralString) -> None:
    town = own_tiny_town
    before, was = contents(town), table_of(town)
    with connect_admin(town.server_url, town.town_id) as conn:
        conn.execute(damage)
    migrate(town.server_url, town.secret, town.town_id)
    assert contents(town) == before
    assert table_of(town) != was


def test_other_declarations_or_functions_are_other_render_tables() -> None:
    made = render_stamp.made_by(LAYERS, ["SELECT 1"])
    assert made == render_stamp.made_by(LAYERS, ["SELECT 1"])
    assert made != render_stamp.made_by(LAYERS, ["SELECT 2"])
    assert made != render_stamp.made_by(LAYERS[1:], ["SELECT 1"])


def test_layers_with_row_rules_are_never_rendered() -> None:
    assert {layer.id for layer in LAYERS if layer.row_rules}
    for layer in LAYERS:
        if layer.row_rules or layer.geometry is None:
            assert not layer.rendered
            assert layer.cells is None
    declared = get("care_locations").model_dump()
    with pytest.raises(ValueError, match="row rules"):
        Layer.model_validate({**declared, "zooms": Zooms(min=10, max=18, cells_below=15)})


def test_render_tables_follow_every_kind_of_change(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    areas = dict(hostile.spread(hostile.areas(), turns=1))
    with town.connect(Machine.LOADER) as conn:
        for layer in ("parcels", "flood_zones"):
            load_rows(conn, layer, [{"code": name, "geom": geom} for name, geom in areas.items()])
        taken_back = load_rows(
            conn,
            "parcels",
            [{"code": "01A001", "use": "public", "geom": square(0, 0, 9, 9)}],
            mode="upsert",
        )
        statements = [
            "UPDATE town.parcels SET use = 'vacant' WHERE id % 3 = 0",
            "UPDATE town.parcels SET owner_name = 'x'",
            "UPDATE town.parcels SET geom = gis.ST_Translate(geom, 3000, 40) WHERE id % 5 = 0",
            "DELETE FROM town.parcels WHERE id % 7 = 0",
            "UPDATE town.parcels SET id = id + 100000 WHERE id % 11 = 0",
            "UPDATE town.flood_zones SET depth_class = 'gt_1' WHERE id % 2 = 0",
            "UPDATE town.flood_zones SET geom = gis.ST_Translate(geom, 1, 1) WHERE id % 3 = 0",
            "DELETE FROM town.flood_zones WHERE code LIKE 'giant%'",
            "UPDATE town.communities SET name = 'ใหม่' WHERE code = 'C1'",
            "DELETE FROM town.houses WHERE id < 20",
            "UPDATE town.permits SET kind = NULL",
            "DELETE FROM town.permits WHERE false",
            "UPDATE town.roads SET name = name",
        ]
        for statement in statements:
            conn.execute(statement.encode())
        conn.commit()
    with town.connect(Machine.LOADER) as conn, pytest.raises(Exception, match="later"):
        undo(conn, taken_back.dataset_id, "tests")
    kept = contents(town)
    assert kept["parcels"]
    assert kept == rebuilt(town)
    assert check(town.server_url, town.secret, town.town_id) == []


def test_what_is_rolled_back_was_never_drawn(own_tiny_town: TownHandle) -> None:
    before = contents(own_tiny_town)
    with own_tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM town.parcels")
        conn.rollback()
    assert contents(own_tiny_town) == before


def test_an_edit_of_what_no_tile_shows_leaves_the_render_table_alone(
    own_tiny_town: TownHandle,
) -> None:
    with connect_admin(own_tiny_town.server_url, own_tiny_town.town_id) as conn:
        rows = "SELECT ctid::text, id FROM render.parcels ORDER BY 2"
        before = conn.execute(rows).fetchall()
        conn.execute("UPDATE town.parcels SET owner_name = 'ใหม่', address = 'ใหม่'")
        assert conn.execute(rows).fetchall() == before


def test_writers_in_one_cell_do_not_wait_for_each_other(own_tiny_town: TownHandle) -> None:
    """Two open transactions change different parcels of the same cells, in opposite order."""
    with own_tiny_town.connect(Machine.LOADER) as one, own_tiny_town.connect(Machine.LOADER) as two:
        change = "UPDATE town.parcels SET use = %s WHERE code = %s"
        for conn in (one, two):
            conn.execute("SET lock_timeout = '2s'")
        one.execute(change, ["public", "01A000"])
        two.execute(change, ["public", "01A001"])
        one.execute(change, ["public", "01A002"])
        two.execute(change, ["public", "01A003"])
        one.commit()
        two.commit()
    assert contents(own_tiny_town) == rebuilt(own_tiny_town)


def test_folding_cells_changes_no_count(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    with connect_admin(town.server_url, town.town_id) as conn:
        for use in ("vacant", "public", "residential"):
            conn.execute("UPDATE town.parcels SET use = %s WHERE id > 30", [use])
        before = contents(town)
        rows = "SELECT count(*) FROM render.parcels_cells"
        (many,) = conn.execute(rows).fetchone() or (0,)
        conn.execute("SELECT muang.fold_cells()")
        (few,) = conn.execute(rows).fetchone() or (0,)
    assert few < many
    assert contents(town) == before
    assert few == len(before["parcels_cells"])


def test_numbering_folds_cells_now_and_then(own_tiny_town: TownHandle) -> None:
    """Every thousandth change; writers add rows all the while and none is lost."""
    town = own_tiny_town
    stop = threading.Event()

    def write() -> None:
        with town.connect(Machine.LOADER) as conn:
            while not stop.is_set():
                conn.execute("UPDATE town.parcels SET use = 'public' WHERE code = '01A050'")
                conn.execute("UPDATE town.parcels SET use = 'vacant' WHERE code = '01A050'")
                conn.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with connect_admin(town.server_url, town.town_id) as conn:
            for _ in range(30):
                conn.execute("SELECT muang.fold_cells()")
    finally:
        stop.set()
        writer.join()
    assert contents(town) == rebuilt(town)
    with connect_admin(town.server_url, town.town_id) as conn:
        conn.execute("UPDATE muang.layer_change SET pos = pos + 990")
        for n in range(20):
            conn.execute("UPDATE town.parcels SET use = %s WHERE id < 9", [f"use{n}"])
            conn.execute("SELECT muang.number_changes()")
        (rows,) = conn.execute("SELECT count(*) FROM render.parcels_cells").fetchone() or (0,)
    assert int(str(rows)) < 20 * len(contents(town)["parcels_cells"]) / 2


# cells in tiles


@pytest.fixture(scope="module")
def dense_town(module_town: TownHandle) -> TownHandle:
    """10,000 parcels and 50 permits within one tile of zoom 14, so that its tiles are cells."""
    uses = ("residential", "commercial", "agriculture", None)
    with module_town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "parcels",
            [
                {
                    "code": f"P{n}",
                    "use": uses[n % 100 % 4 if n % 3 else 0],
                    "geom": square(8 * (n % 100), 8 * (n // 100), 7, 7),
                }
                for n in range(10_000)
            ],
        )
        load_rows(
            conn,
            "permits",
            [
                {
                    "permit_no": f"{n}",
                    "kind": "food",
                    "geom": point(8 * (n % 100), 8 * (n // 100)),
                }
                for n in range(50)
            ],
        )
    return module_town


def draw(
    town: TownHandle, layer: str, tile: tuple[int, int, int], text: str | None = None
) -> dict[str, Any]:
    """A decoded tile of a layer as the public gets it."""
    found = get(layer)
    fields = {field.name: field for field in visible_fields(found, Role.PUBLIC)}
    node = None if text is None else parse(text, fields, has_geometry=True, lang="cql2-text")
    part = TileLayer(found, Role.PUBLIC, tile_fields(found, Role.PUBLIC), node)
    statement, values = build((part,), tile[0])
    with town.connect(Role.PUBLIC) as conn:
        (body,) = conn.execute(statement, {**values, **place(*tile)}).fetchone() or (b"",)
    made: dict[str, Any] = mapbox_vector_tile.decode(
        bytes(body), default_options={"y_coord_down": True}
    )
    return made


def tiles_over(town: TownHandle, z: int) -> list[tuple[int, int, int]]:
    """The tiles of a zoom in which the town's parcels have their middles."""
    with connect_admin(town.server_url, town.town_id) as conn:
        rows = conn.execute(
            "SELECT DISTINCT tile_x, tile_y FROM render.parcels_cells WHERE z = %s", [z]
        ).fetchall()
    return [(z, int(str(x)), int(str(y))) for x, y in rows]


@pytest.mark.parametrize("z", range(10, 15))
def test_a_full_tile_holds_cells_instead(dense_town: TownHandle, z: int) -> None:
    total = 0
    for tile in tiles_over(dense_town, z):
        found = draw(dense_town, "parcels", tile)
        (name,) = found
        if name == "parcels":
            # those whose middle lies in a neighbour but that reach into the margin come on top
            assert len(found[name]["features"]) <= 10_000
            continue
        cells = found["parcels_cells"]["features"]
        assert all(set(cell["properties"]) <= {"count", "use"} for cell in cells)
        assert all(cell["id"] == 0 for cell in cells)  # none
        total += sum(cell["properties"]["count"] for cell in cells)
        shapes = [shapely.geometry.shape(cell["geometry"]) for cell in cells]
        assert {shape.area for shape in shapes} == {64 * 64}
        assert all(shape.exterior.is_ccw for shape in shapes)  # clockwise on the screen
        assert shapely.union_all(shapes).area == 64 * 64 * len(shapes)
    assert total == (10_000 if z < 13 else total)


def test_a_cell_tells_the_commonest_class(dense_town: TownHandle) -> None:
    """Counted here from the stored rows, by the cell of each parcel's middle."""
    (tile,) = [
        t for t in tiles_over(dense_town, 12) if "parcels_cells" in draw(dense_town, "parcels", t)
    ]
    with connect_admin(dense_town.server_url, dense_town.town_id) as conn:
        rows = conn.execute(
            "SELECT gis.ST_X(c), gis.ST_Y(c), use FROM (SELECT use,"
            " gis.ST_Centroid(gis.ST_Envelope(geom_3857)) AS c FROM town.parcels) AS p"
        ).fetchall()
    side = 2 * 20037508.342789244 / (1 << 12)
    counts: dict[tuple[int, int], dict[object, int]] = {}
    for x, y, use in rows:
        column = int((float(str(x)) + 20037508.342789244) / side * 64) - 64 * tile[1]
        row = int((20037508.342789244 - float(str(y))) / side * 64) - 64 * tile[2]
        uses = counts.setdefault((column, row), {})
        uses[use] = uses.get(use, 0) + 1
    found = draw(dense_town, "parcels", tile)["parcels_cells"]["features"]
    assert len(found) == len(counts)
    for cell in found:
        west, north, _, _ = shapely.geometry.shape(cell["geometry"]).bounds
        uses = counts[round(west / 64), round(north / 64)]
        assert cell["properties"]["count"] == sum(uses.values())
        assert uses[cell["properties"].get("use")] == max(uses.values())


def test_a_layer_with_few_features_is_drawn_whole_from_afar(dense_town: TownHandle) -> None:
    (tile,) = tiles_over(dense_town, 10)
    assert len(draw(dense_town, "permits", tile)["permits"]["features"]) == 50


@pytest.mark.parametrize("z", range(10, 15))
def test_a_filter_counts_in_cells_too(dense_town: TownHandle, z: int) -> None:
    for tile in tiles_over(dense_town, z):
        whole = draw(dense_town, "parcels", tile)
        every = draw(dense_town, "parcels", tile, "code LIKE 'P%'")
        assert _sorted(every) == _sorted(whole)
        none = draw(dense_town, "parcels", tile, "use = 'public'")
        assert none == {}
        if "parcels_cells" in whole:
            some = draw(dense_town, "parcels", tile, "use = 'commercial'")["parcels_cells"]
            assert {cell["properties"]["use"] for cell in some["features"]} == {"commercial"}


def _sorted(found: dict[str, Any]) -> list[Any]:
    return sorted(
        (name, str(feature)) for name, layer in found.items() for feature in layer["features"]
    )


def test_cells_are_for_those_who_see_each_feature(dense_town: TownHandle) -> None:
    for role in Role:
        with dense_town.connect(role) as conn:
            for layer in RENDERED:
                if not layer.cells:
                    continue
                query = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(layer.cells))
                if may_see(layer, role):
                    columns = conn.execute(query).description or []
                    assert tuple(c.name for c in columns) == render.cell_fields(layer, role)
                else:
                    with pytest.raises(psycopg.errors.UndefinedTable):
                        conn.execute(query)
                    conn.rollback()


def test_only_one_of_both_is_read(dense_town: TownHandle) -> None:
    """The gate is tested once: the rows of the other kind are never looked at."""
    parcels = get("parcels")
    statement, _ = build((TileLayer(parcels, Role.PUBLIC, tile_fields(parcels, Role.PUBLIC)),), 12)
    with dense_town.connect(Role.PUBLIC) as conn:
        for tile in tiles_over(dense_town, 12):
            plan = conn.execute(
                b"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + statement, place(*tile)
            ).fetchall()
            text = "\n".join(str(row[0]) for row in plan)
            assert "One-Time Filter" in text
            # one gate is closed; below it nothing runs, be it one index scan or a bitmap's two
            unread = [line for line in text.splitlines() if "never executed" in line]
            tables = {name for line in unread for name in re.findall(r" on (parcels\w*) t", line)}
            assert len(tables) == 1, text
