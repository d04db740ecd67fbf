"""What the database gets for each series: triggers, parts made ahead, views of machines and roles.

Machines read every column through `readings.<series>`, a role only its own through
`as_<role>.<series>`, of the past too: the same unqualified name works for everybody.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from psycopg import Connection, sql

from db.view_names import Tense, view_schema
from layers.model import INTERNAL, Role
from layers.series import COLUMNS, SERIES, Series

MACHINE_SCHEMA = "readings"
STATIONS = "series_stations"
PHOTOS = "reading_photos"

_Connection = Connection[tuple[object, ...]]

_STATIONS = sql.Identifier("series", "station")
_PHOTOS = sql.Identifier("series", "reading_photo")


def make_tables_ready(conn: _Connection) -> None:
    """Triggers and this and the next year's parts of every series; idempotent, as the owner."""
    this_year = datetime.now(UTC).year
    for series in SERIES:
        conn.execute(_triggers(series))
        for year in (this_year, this_year + 1):
            conn.execute("SELECT muang.make_partition(%s, %s)", [series.id, year])


def make_machine_views(conn: _Connection) -> None:
    """The views machines read by, made anew; as the owner."""
    conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(MACHINE_SCHEMA)))
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(MACHINE_SCHEMA)))
    names = tuple(column.name for column in COLUMNS)
    for series in SERIES:
        name = sql.Identifier(MACHINE_SCHEMA, series.id)
        conn.execute(_view(name, _rows(series, Tense.PRESENT), names))
    stations = sql.Identifier(MACHINE_SCHEMA, STATIONS)
    conn.execute(_view(stations, _STATIONS, ("series", "station")))


def role_columns(role: Role) -> dict[str, tuple[str, ...]]:
    """Names of the views a role reads of the series, and their columns."""
    found = {series.id: series.columns(role) for series in SERIES if series.columns(role)}
    found[STATIONS] = ("series", "station")
    if role in INTERNAL:
        found[PHOTOS] = ("id", "series", "reading", "media_type", "content")
    return found


def role_views(role: Role, tense: Tense) -> Iterator[tuple[str, sql.Composed]]:
    """Names and CREATE VIEW statements of what a role reads of the series."""
    rows: dict[str, sql.Composable] = {s.id: _rows(s, tense) for s in SERIES}
    rows |= {STATIONS: _STATIONS, PHOTOS: _PHOTOS}
    for name, columns in role_columns(role).items():
        view = sql.Identifier(view_schema(role, tense), name)
        yield name, _view(view, rows[name], columns)


def _view(name: sql.Identifier, rows: sql.Composable, columns: tuple[str, ...]) -> sql.Composed:
    listed = sql.SQL(", ").join(sql.Identifier("t", column) for column in columns)
    return sql.SQL("CREATE VIEW {} AS SELECT {} FROM {} AS t").format(name, listed, rows)


def _rows(series: Series, tense: Tense) -> sql.Composed:
    """Subquery of the readings and the last word about each; of the past, as of a position.

    What came in a change set without a position yet is part of no past.
    """
    worked_out: dict[str, sql.Composable] = {"wrong": _LAST_WORD[tense], "photo": _HAS_PHOTO}
    columns = sql.SQL(", ").join(
        worked_out.get(column.name, sql.Identifier("r", column.name)) for column in COLUMNS
    )
    then = _THEN if tense is Tense.PAST else sql.SQL("")
    return sql.SQL("(SELECT {} FROM {} AS r{})").format(
        columns, sql.Identifier("series", series.id), then
    )


_THEN = sql.SQL(
    " INNER JOIN muang.change_set AS f ON r.change_set = f.id"
    " WHERE f.pos <= current_setting('muang.as_of')::bigint"
)
_HAS_PHOTO = sql.SQL(
    "EXISTS (SELECT 1 FROM series.reading_photo AS p WHERE p.reading = r.id) AS photo"
)
_LAST_WORD: dict[Tense, sql.Composable] = {
    Tense.PRESENT: sql.SQL(
        "coalesce((SELECT m.wrong FROM series.reading_mark AS m"
        " WHERE m.reading = r.id ORDER BY m.id DESC LIMIT 1), false) AS wrong"
    ),
    Tense.PAST: sql.SQL(
        "coalesce((SELECT m.wrong FROM series.reading_mark AS m"
        " INNER JOIN muang.change_set AS w ON m.change_set = w.id"
        " WHERE m.reading = r.id AND w.pos <= current_setting('muang.as_of')::bigint"
        " ORDER BY m.id DESC LIMIT 1), false) AS wrong"
    ),
}


def _triggers(series: Series) -> sql.Composed:
    return sql.SQL("""
CREATE OR REPLACE TRIGGER a_open BEFORE INSERT ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();
CREATE OR REPLACE TRIGGER c_log_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muang.log_plain();
CREATE OR REPLACE TRIGGER e_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION muang.refuse_change();
""").format(table=sql.Identifier("series", series.id))
