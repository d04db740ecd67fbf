"""What a database gets from the catalog on every migrate: functions, triggers, views, grants.

Nothing here is a migration: all of it is re-created from the declarations, so the database
cannot lag behind the code. `db.check` fails when somebody changed it by hand.
"""

from importlib.resources import files
from typing import LiteralString

from psycopg import Connection, sql

from db import past, render, render_stamp, search, series_view
from db.basemap_view import VIEW as BASEMAPS
from db.basemap_view import basemap_view
from db.connect import LOGINS, Machine, login_name, owner_name
from db.past import rows_of
from db.provenance import provenance_function, provenance_signature
from db.raster_view import VIEW as RASTERS
from db.raster_view import raster_view
from db.scopes import scoped_function, scoped_rows, seen_rows
from db.tables import history_columns
from db.view_names import Tense, view_columns, view_schema
from layers.catalog import LAYERS
from layers.model import Layer, Role
from layers.privacy import may_see, scope_of, visible_rows

AnyConnection = Connection[tuple[object, ...]]

PUBLIC_FUNCTIONS: tuple[LiteralString, ...] = (
    "muang.current_pos()",
    "muang.awaits_number()",
    "muang.pos_at(timestamp with time zone)",
    "muang.town_facts()",
    "muang.search_text(text)",
    "muang.depth_rank(text)",
    "muang.exercise_now()",
    "muang.exercise_clock()",
    "muang.depth_class(double precision)",
    "muang.indoor_depth(double precision, double precision, double precision)",
    "muang.one_area(gis.geometry[])",
    "muang.handy_parts(gis.geometry)",
    "muang.has_field(text, text)",
    "muang.communities_at(bigint[], gis.geometry[])",
    "muang.impact_water(bigint[], gis.geometry)",
    (
        "muang.impact_people(gis.geometry[], integer[], double precision[], double precision[],"
        " boolean, boolean, boolean, text[], double precision)"
    ),
    "muang.impact_care(gis.geometry[], gis.geometry, boolean, boolean, text[])",
    "muang.impact_parcels(gis.geometry[], integer[], gis.geometry, gis.geometry[], boolean)",
    "muang.impact_permits(gis.geometry[], boolean)",
    "muang.impact_facilities(gis.geometry[], boolean)",
    "muang.impact_shelters(gis.geometry[], integer[], boolean)",
    "muang.impact_roads(gis.geometry[], integer[], gis.geometry[], boolean)",
    "muang.impact_waste(gis.geometry[], gis.geometry[], boolean)",
    "muang.forecast_of(text, boolean, bigint, timestamp with time zone)",
    "muang.flood_libraries()",
    "muang.library_levees(text[], bigint, timestamp with time zone)",
)
"""Functions every role may call: they show nothing the caller's own views do not."""

GRANTS: tuple[LiteralString, ...] = (
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA muang, history, render FROM PUBLIC, {logins}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA muang, history, town, render, series FROM PUBLIC, {logins}",
    "GRANT USAGE ON SCHEMA gis, muang TO {logins}",
    "GRANT USAGE ON SCHEMA town, history TO {loader}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA town TO {loader}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA town TO {loader}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA history TO {loader}",
    "GRANT SELECT, INSERT, UPDATE ON muang.dataset, muang.refused_row TO {loader}",
    "GRANT SELECT, INSERT, UPDATE ON muang.shape_repair, muang.raw_file TO {loader}",
    "GRANT SELECT, INSERT, DELETE ON muang.raster, muang.basemap TO {loader}",
    "GRANT SELECT, INSERT ON muang.flood_library TO {loader}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON muang.feed, muang.feed_state TO {loader}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON muang.feed_body TO {loader}",
    "GRANT SELECT, INSERT, UPDATE ON muang.exercise TO {loader}",
    "GRANT SELECT, INSERT, DELETE ON muang.forecast, muang.forecast_fit TO {loader}",
    "GRANT SELECT, INSERT, DELETE ON muang.forecast_model TO {loader}",
    "GRANT SELECT ON muang.feed, muang.feed_state TO {service}",
    "GRANT USAGE ON SCHEMA readings, series TO {loader}, {service}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA readings TO {loader}, {service}",
    "GRANT SELECT, INSERT ON series.reading_mark TO {loader}, {service}",
    "GRANT INSERT ON series.reading_photo TO {service}",
    "GRANT SELECT (id, reading) ON series.reading_photo TO {service}",
    "GRANT EXECUTE ON FUNCTION {add_readings} TO {loader}, {service}",
    "GRANT SELECT, INSERT, UPDATE ON muang.api_token, muang.answer TO {service}",
    "GRANT SELECT, INSERT ON muang.run_list TO {service}",
    "GRANT SELECT, INSERT, UPDATE ON muang.account, muang.session, muang.opening TO {service}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON muang.sign_in_failure TO {service}",
    "GRANT SELECT, INSERT, DELETE ON muang.edit_reply TO {service}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON muang.rule_state TO {service}",
    "GRANT SELECT ON muang.layer_change, muang.change_set, muang.town TO {loader}, {service}",
    "GRANT SELECT ON muang.dataset, muang.revision TO {service}, {loader}",
    "GRANT EXECUTE ON FUNCTION muang.number_changes() TO {loader}, {service}",
    "GRANT EXECUTE ON FUNCTION muang.tell_feeds() TO {service}",
    "GRANT EXECUTE ON FUNCTION muang.end_exercise(bigint, text) TO {loader}, {service}",
    "GRANT EXECUTE ON FUNCTION muang.forget(integer, integer, integer, integer) TO {service}",
)
"""What the machine logins may do; people's roles get nothing but their own views."""

ADD_READINGS: LiteralString = (
    "muang.add_readings(text, text[], timestamp with time zone[], double precision[],"
    " double precision[], timestamp with time zone[], text[], text[], smallint[], boolean[],"
    " double precision[])"
)
"""The one door for readings of a series: nobody may write their tables."""

WAR_ROOM: tuple[LiteralString, ...] = (
    "GRANT SELECT, INSERT, UPDATE ON town.events, town.incidents, town.tasks TO {service}",
    "GRANT SELECT, INSERT, UPDATE ON town.evacuation_runs, town.shelter_stays TO {service}",
    "GRANT USAGE ON SEQUENCE town.events_id_seq, town.incidents_id_seq TO {service}",
    "GRANT USAGE ON SEQUENCE town.tasks_id_seq TO {service}",
    "GRANT USAGE ON SEQUENCE town.evacuation_runs_id_seq, town.shelter_stays_id_seq TO {service}",
    "GRANT SELECT, INSERT ON town.event_log TO {service}",
    # what a step that is taken back had changed
    "GRANT USAGE ON SCHEMA history TO {service}",
    "GRANT SELECT ON history.evacuation_runs, history.resources TO {service}",
)
"""Records the server keeps itself, step by step; the log of the steps only grows."""

TIMEOUTS: dict[str, str] = {
    **dict.fromkeys([str(role) for role in Role], "10s"),
    Machine.LOADER: "0",
    Machine.SERVICE: "30s",
}


def apply(conn: AnyConnection, town_id: str, srid: int, *, redraw: bool = False) -> None:
    """Re-create functions, triggers, views and grants; idempotent; runs as the administrator.

    Render tables are made anew only where something they rest on has changed (`db.render_stamp`),
    or to `redraw` them all the same.
    """
    made_by = render_stamp.made_by(LAYERS, sql_files())
    owner = sql.Identifier(owner_name(town_id))
    conn.execute(search.EXTENSION)
    conn.execute(sql.SQL("SET ROLE {}").format(owner))
    for statements in sql_files():
        conn.execute(statements.encode())
    for layer in LAYERS:
        conn.execute(triggers(layer, srid))
        for index in search.indexes(layer):
            conn.execute(index)
        if layer.geometry is not None:
            conn.execute(past.index(layer))
    series_view.make_tables_ready(conn)
    series_view.make_machine_views(conn)
    if redraw or not render_stamp.holds(conn, made_by):
        render.make(conn, LAYERS)
        render_stamp.put(conn, made_by)
    for role in Role:
        for tense in Tense:
            conn.execute(_views(town_id, role, tense))
    _grants(conn, town_id)
    conn.execute("RESET ROLE")
    _role_settings(conn, town_id)


def sql_files() -> list[str]:
    """Texts of `db/sql/NNN_topic.sql` in order."""
    folder = files("db").joinpath("sql")
    found = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda i: i.name
    )
    return [item.read_text(encoding="utf-8") for item in found]


def triggers(layer: Layer, srid: int) -> sql.Composed:
    """Triggers of one layer: stamp rows, log every statement, keep the old versions."""
    table = sql.Identifier("town", layer.id)
    keep = sql.Identifier("history", f"keep_{layer.id}")
    names = sql.SQL(", ").join(sql.Identifier(name) for name in history_columns(layer))
    old_names = sql.SQL(", ").join(sql.Identifier("o", name) for name in history_columns(layer))
    logs = {
        op: sql.Identifier("muang", "log_plain" if layer.geometry is None else f"log_{op}")
        for op in ("insert", "update", "delete")
    }
    return sql.SQL("""
CREATE OR REPLACE FUNCTION {keep}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $keep$
BEGIN
    INSERT INTO {history} ({names}, set_from, set_to)
    SELECT {old_names}, o.change_set, current_setting('muang.change_set')::bigint
    FROM old_rows AS o;
    RETURN NULL;
END;
$keep$;
CREATE OR REPLACE TRIGGER a_open BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();
CREATE OR REPLACE TRIGGER b_stamp BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW
    -- a row that brings exactly the stamp it would get needs none: a load saves a call for each row
    WHEN ((NEW.change_set, NEW.updated_at, NEW.updated_by) IS DISTINCT FROM (
        nullif(current_setting('muang.change_set', true), '')::bigint,
        now(),
        coalesce(nullif(current_setting('muang.actor', true), ''), session_user)
    ))
    EXECUTE FUNCTION muang.stamp_row();
CREATE OR REPLACE TRIGGER c_log_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {log_insert}({srid});
CREATE OR REPLACE TRIGGER c_log_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {log_update}({srid});
CREATE OR REPLACE TRIGGER c_log_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {log_delete}({srid});
CREATE OR REPLACE TRIGGER d_keep_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}();
CREATE OR REPLACE TRIGGER d_keep_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}();
CREATE OR REPLACE TRIGGER e_refuse_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION muang.refuse_truncate();
""").format(
        keep=keep,
        table=table,
        history=sql.Identifier("history", layer.id),
        names=names,
        old_names=old_names,
        srid=sql.Literal(str(srid)),
        log_insert=logs["insert"],
        log_update=logs["update"],
        log_delete=logs["delete"],
    )


def view(layer: Layer, role: Role, tense: Tense = Tense.PRESENT) -> sql.Composed:
    """The role's plain view of a layer: only its columns, only its rows, no barrier.

    A barrier view or row-level security would lose the GiST index (PostGIS predicates are not
    LEAKPROOF); the roles that read these views cannot create functions, so nothing leaks.
    """
    where = sql.Composed([])
    if visible_rows(layer, role) is not None:
        where = sql.SQL(" WHERE {}").format(seen_rows(layer, role))
    return sql.SQL("CREATE VIEW {view} AS SELECT {columns} FROM {table} AS t{where}").format(
        view=sql.Identifier(view_schema(role, tense), layer.id),
        columns=sql.SQL(", ").join(
            sql.Identifier("t", name) for name in view_columns(layer, role, tense)
        ),
        table=rows_of(layer, tense),
        where=where,
    )


def _views(town_id: str, role: Role, tense: Tense) -> sql.Composed:
    """The schema of a role's views of one tense, made anew.

    One text, sent at once: a statement sent alone costs a way there and back, and there are 1,900.
    """
    schema = sql.Identifier(view_schema(role, tense))
    login = sql.Identifier(login_name(town_id, role))
    made: list[sql.Composable] = [
        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema),
        sql.SQL("CREATE SCHEMA {}").format(schema),
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, login),
        provenance_function(role, tense),
        *_only_for(provenance_signature(role, tense), login),
    ]
    shown: list[tuple[str, sql.Composable]] = []
    if tense is Tense.PRESENT:
        shown += [(RASTERS, raster_view(role)), (BASEMAPS, basemap_view(role))]
    shown += series_view.role_views(role, tense)
    for layer in LAYERS:
        if scope_of(layer, role) is not None:
            made += [
                scoped_rows(layer, role, tense),
                *_only_for(scoped_function(layer, role, tense), login),
            ]
        elif may_see(layer, role):
            shown.append((layer.id, view(layer, role, tense)))
            if tense is Tense.PRESENT:
                shown += render.views(layer, role)
    made += [statement for _, statement in shown]
    if shown:
        made.append(
            sql.SQL("GRANT SELECT ON {} TO {}").format(
                sql.SQL(", ").join(
                    sql.Identifier(view_schema(role, tense), name) for name, _ in shown
                ),
                login,
            )
        )
    return sql.SQL(";\n").join(made)


def _only_for(function: sql.Composable, login: sql.Identifier) -> tuple[sql.Composed, sql.Composed]:
    """Let one login call a function; what every function is born with lets everybody.

    A schema's default privileges cannot take that away, they only add.
    """
    return (
        sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(function),
        sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(function, login),
    )


def _grants(conn: AnyConnection, town_id: str) -> None:
    names = {
        "logins": sql.SQL(", ").join(
            sql.Identifier(login_name(town_id, login)) for login in LOGINS
        ),
        "loader": sql.Identifier(login_name(town_id, Machine.LOADER)),
        "service": sql.Identifier(login_name(town_id, Machine.SERVICE)),
        "add_readings": sql.SQL(ADD_READINGS),
    }
    for template in GRANTS:
        conn.execute(sql.SQL(template).format(**names))
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA town TO {service}").format(**names))
    for layer in LAYERS:
        if layer.editors:
            conn.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                    sql.Identifier("town", layer.id), names["service"]
                )
            )
    for template in WAR_ROOM:
        conn.execute(sql.SQL(template).format(**names))
    for function in PUBLIC_FUNCTIONS:
        conn.execute(
            sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), names["logins"])
        )


def _role_settings(conn: AnyConnection, town_id: str) -> None:
    for login in LOGINS:
        name = sql.Identifier(login_name(town_id, login))
        path = (
            sql.SQL("{}, gis, pg_catalog").format(sql.Identifier(view_schema(login)))
            if isinstance(login, Role)
            else sql.SQL("{}, gis, pg_catalog").format(sql.Identifier(series_view.MACHINE_SCHEMA))
        )
        for setting, value in (
            ("search_path", path),
            ("statement_timeout", sql.Literal(TIMEOUTS[login])),
            ("lock_timeout", sql.Literal("10s")),
            ("idle_in_transaction_session_timeout", sql.Literal("5min")),
            ("jit", sql.SQL("off")),
            ("max_parallel_workers_per_gather", sql.SQL("0")),
            ("default_transaction_read_only", sql.SQL("on" if isinstance(login, Role) else "off")),
            ("timezone", sql.Literal("Asia/Bangkok")),
        ):
            conn.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    name,
                    sql.Identifier(f"muang_{town_id}"),
                    sql.Identifier(setting),
                    value,
                )
            )
