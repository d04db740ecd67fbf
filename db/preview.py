"""What a load is about to do, told before: rows that come, change and go, and their fields."""

from dataclasses import dataclass, field
from datetime import date, datetime

from psycopg import sql

from db.derived import AnyConnection
from db.matching import Match
from db.staging import GEOM

_FEW = 5


@dataclass(frozen=True)
class Change:
    """One field of one row that changes: the row's key, and what it is before and after."""

    key: str
    field: str
    before: object
    after: object


@dataclass(frozen=True)
class Preview:
    """Keys of a few rows added and removed, how often each field changes, a few changes."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    fields: dict[str, int] = field(default_factory=dict)
    changed: tuple[Change, ...] = ()


def look(conn: AnyConnection, match: Match, *, whole: bool) -> Preview:
    """Look at the pairs of a load; with `whole`, live rows without a partner go."""
    fields = match.fields if whole else match.columns
    told = [name for name in fields if name not in match.layer.natural_key]
    fields_changed = _counts(conn, match, told)
    return Preview(
        added=_alone(conn, match, sql.SQL("pg_temp.incoming"), "row_no"),
        removed=_alone(conn, match, sql.Identifier("town", match.layer.id), "id") if whole else (),
        fields=fields_changed,
        changed=_examples(conn, match, [name for name in told if name in fields_changed]),
    )


def _alone(
    conn: AnyConnection, match: Match, table: sql.Composable, number: str
) -> tuple[str, ...]:
    """Keys of the first rows without a partner; `-` where a row has none."""
    keys = [name for name in match.layer.natural_key if name in match.columns or number == "id"]
    rows = conn.execute(
        sql.SQL(
            "SELECT coalesce(nullif(concat_ws('/', {keys}), ''), '-') FROM {table} AS r"
            " WHERE NOT EXISTS (SELECT 1 FROM pg_temp.pair AS p WHERE p.{number} = r.{number})"
            " ORDER BY r.{number} LIMIT {few}"
        ).format(
            keys=sql.SQL(", ").join(sql.Identifier("r", name) for name in keys) or sql.SQL("NULL"),
            table=table,
            number=sql.Identifier(number),
            few=sql.Literal(_FEW),
        )
    ).fetchall()
    return tuple(str(row[0]) for row in rows)


def _pairs(match: Match) -> sql.Composed:
    return sql.SQL(
        " FROM pg_temp.pair AS p INNER JOIN pg_temp.incoming AS i ON p.row_no = i.row_no"
        " INNER JOIN {} AS t ON p.id = t.id WHERE p.differs"
    ).format(sql.Identifier("town", match.layer.id))


def _counts(conn: AnyConnection, match: Match, names: list[str]) -> dict[str, int]:
    """How many rows change in each field that changes at all."""
    counted = [
        sql.SQL("count(*) FILTER (WHERE {})").format(match.differs_in(name)) for name in names
    ]
    if not counted:
        return {}
    row = conn.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(counted)) + _pairs(match))
    found = [int(str(count)) for count in row.fetchone() or ()]
    return {name: count for name, count in zip(names, found, strict=True) if count}


def _examples(conn: AnyConnection, match: Match, names: list[str]) -> tuple[Change, ...]:
    found: list[Change] = []
    keys = sql.SQL(", ").join(sql.Identifier("t", name) for name in match.layer.natural_key)
    for name in names:
        sides = [
            sql.SQL("gis.ST_AsText({})").format(match.side(alias, name))
            if name == GEOM
            else match.side(alias, name)
            for alias in ("t", "i")
        ]
        rows = conn.execute(
            sql.SQL("SELECT concat_ws('/', {}), {}, {}").format(keys, *sides)
            + _pairs(match)
            + sql.SQL(" AND {} ORDER BY p.row_no LIMIT {}").format(
                match.differs_in(name), sql.Literal(_FEW)
            )
        ).fetchall()
        found += [Change(str(row[0]), name, _short(row[1]), _short(row[2])) for row in rows]
    return tuple(found)


def _short(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > 120:  # noqa: PLR2004 - a line of the report
        return value[:120] + "…"
    return value
