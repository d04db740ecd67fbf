"""The staging table of a load: COPY into it, and find in SQL every row that cannot go live."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from db.datasets import Refusal
from db.derived import AnyConnection
from db.tables import SQL_TYPES
from layers.model import Layer
from layers.text import Text

Rows = Callable[[int], None]
Reason = tuple[sql.Composable, Text]

_COPY_NAMES: dict[str, LiteralString] = {
    "timestamp with time zone": "timestamptz",
    "double precision": "float8",
}


def stage(
    conn: AnyConnection,
    layer: Layer,
    columns: tuple[str, ...],
    rows: Iterable[tuple[object, ...]],
    *,
    srid: int,
    row_numbers: Sequence[int] | None,
    on_rows: Rows | None,
) -> int:
    """COPY rows, in binary, into `pg_temp.incoming`, which has no constraint; returns how many."""
    types = [_copy_type(layer, name) for name in columns]
    definitions = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in zip(columns, types, strict=True)
    )
    conn.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE incoming"
            " (row_no bigint, {}, reason_th text, reason_en text) ON COMMIT DROP"
        ).format(definitions)
    )
    names = sql.SQL(", ").join(sql.Identifier(name) for name in ("row_no", *columns))
    count = 0
    with (
        conn.cursor() as cursor,
        cursor.copy(
            sql.SQL("COPY pg_temp.incoming ({}) FROM STDIN (FORMAT BINARY)").format(names)
        ) as copy,
    ):
        copy.set_types(["int8", *types])
        for count, row in enumerate(rows, start=1):
            copy.write_row((row_numbers[count - 1] if row_numbers else count, *row))
            if on_rows and count % 5000 == 0:
                on_rows(count)
    if layer.geometry:
        conn.execute("ALTER TABLE pg_temp.incoming ADD COLUMN shape gis.geometry")
        conn.execute("UPDATE pg_temp.incoming SET shape = gis.ST_GeomFromWKB(geom, %s)", [srid])
    conn.execute("ANALYZE pg_temp.incoming")
    return count


def _copy_type(layer: Layer, name: str) -> LiteralString:
    if name == "geom":
        return "bytea"
    kind = SQL_TYPES[layer.field(name).type]
    return _COPY_NAMES.get(kind, kind)


def refuse(
    conn: AnyConnection, layer: Layer, columns: tuple[str, ...], *, unique_key: bool
) -> list[Refusal]:
    """Find every row that cannot go live, by its first reason; take it out and return it whole.

    `unique_key` also refuses rows whose natural key is missing, repeated in the file, or
    carried by several live rows: an upsert could not know which one is meant.
    """
    reasons = [*_required(layer, columns), *_ranges(layer, columns)]
    if layer.geometry:
        reasons += _shapes(layer)
    if unique_key:
        reasons += _keys(layer, columns)
    for test, reason in reasons:
        conn.execute(
            sql.SQL(
                "UPDATE pg_temp.incoming AS i SET reason_th = {}, reason_en = {}"
                " WHERE i.reason_en IS NULL AND ({})"
            ).format(sql.Literal(reason.th), sql.Literal(reason.en), test)
        )
    refused = _refused(conn, layer, columns)
    conn.execute("DELETE FROM pg_temp.incoming WHERE reason_en IS NOT NULL")
    return refused


def _required(layer: Layer, columns: tuple[str, ...]) -> list[Reason]:
    return [
        (
            sql.SQL("i.{} IS NULL").format(sql.Identifier(field.name))
            if field.name in columns
            else sql.SQL("true"),
            Text(
                th=f"ไม่มีค่า “{field.title.th}” ซึ่งต้องมี",
                en=f"“{field.title.en}” ({field.name}) is missing and must be there.",
            ),
        )
        for field in layer.fields
        if field.required
    ]


def _ranges(layer: Layer, columns: tuple[str, ...]) -> list[Reason]:
    found: list[Reason] = []
    for field in layer.fields:
        for limit, sign in ((field.minimum, "<"), (field.maximum, ">")):
            if limit is None or field.name not in columns:
                continue
            side = Text(th="ต่ำกว่า", en="below") if sign == "<" else Text(th="เกิน", en="above")
            found.append(
                (
                    sql.SQL("i.{} {} {}").format(
                        sql.Identifier(field.name),
                        sql.SQL("<") if sign == "<" else sql.SQL(">"),
                        sql.Literal(limit),
                    ),
                    Text(
                        th=f"“{field.title.th}” {side.th} {limit:g}",
                        en=f"“{field.title.en}” ({field.name}) is {side.en} {limit:g}.",
                    ),
                )
            )
    return found


def _shapes(layer: Layer) -> list[Reason]:
    kind = layer.geometry.value if layer.geometry else ""
    return [
        (
            sql.SQL("i.shape IS NULL OR gis.ST_IsEmpty(i.shape)"),
            Text(th="ไม่มีรูปเรขาคณิต", en="There is no geometry."),
        ),
        (
            sql.SQL("gis.GeometryType(i.shape) <> {}").format(sql.Literal(kind.upper())),
            Text(
                th=f"รูปเรขาคณิตไม่ใช่ {kind} ซึ่งชั้นข้อมูลนี้ต้องการ",
                en=f"The geometry is not a {kind}, which this layer needs.",
            ),
        ),
        (
            sql.SQL("NOT gis.ST_IsValid(i.shape)"),
            Text(
                th="รูปเรขาคณิตผิดรูป (เช่น เส้นตัดกันเอง)",
                en="The geometry is not valid (for example, it crosses itself).",
            ),
        ),
    ]


def _keys(layer: Layer, columns: tuple[str, ...]) -> list[Reason]:
    names = ", ".join(layer.natural_key)
    missing = [name for name in layer.natural_key if name not in columns]
    if missing:
        return [(sql.SQL("true"), _no_key(names))]
    nulls = sql.SQL(" OR ").join(
        sql.SQL("i.{} IS NULL").format(sql.Identifier(name)) for name in layer.natural_key
    )
    return [
        (nulls, _no_key(names)),
        (
            sql.SQL(
                "({key}) IN (SELECT {key} FROM pg_temp.incoming GROUP BY {key} HAVING count(*) > 1)"
            ).format(key=key_list(layer)),
            Text(
                th=f"รหัส ({names}) ซ้ำกันในไฟล์ จึงไม่รู้ว่าแถวใดถูก ใช้ --mode replace เพื่อเก็บทุกแถว",
                en=f"The key ({names}) is repeated in the file, so nobody knows which row is "
                "right. --mode replace keeps them all.",
            ),
        ),
        (
            sql.SQL(
                "({key}) IN (SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1)"
            ).format(key=key_list(layer), table=sql.Identifier("town", layer.id)),
            Text(
                th=f"รหัส ({names}) มีหลายแถวในระบบ จึงไม่รู้ว่าจะแก้แถวใด",
                en=f"Several rows in the town carry this key ({names}), so nobody knows which "
                "one to change.",
            ),
        ),
    ]


def _no_key(names: str) -> Text:
    return Text(
        th=f"ไม่มีรหัส ({names}) จึงปรับปรุงไม่ได้ ใช้ --mode append หรือ replace",
        en=f"The key ({names}) is missing, so the row cannot be matched. "
        "Use --mode append or replace.",
    )


def key_list(layer: Layer) -> sql.Composed:
    """The natural key's columns, quoted and joined by commas."""
    return sql.SQL(", ").join(sql.Identifier(name) for name in layer.natural_key)


def _refused(conn: AnyConnection, layer: Layer, columns: tuple[str, ...]) -> list[Refusal]:
    plain = [name for name in columns if name != "geom"]
    chosen: list[sql.Composable] = [sql.SQL("i.{}").format(sql.Identifier(name)) for name in plain]
    if layer.geometry:
        chosen.append(sql.SQL("left(gis.ST_AsText(i.shape), 100000) AS geom"))
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT i.row_no AS __row, i.reason_th AS __th, i.reason_en AS __en{}"
                " FROM pg_temp.incoming AS i WHERE i.reason_en IS NOT NULL ORDER BY i.row_no"
            ).format(sql.SQL("").join(sql.SQL(", ") + item for item in chosen))
        ).fetchall()
    return [
        Refusal(
            row=row.pop("__row"),
            reason=Text(th=row.pop("__th"), en=row.pop("__en")),
            key=_key_text(layer, row),
            data={name: _jsonable(value) for name, value in row.items()},
        )
        for row in rows
    ]


def _key_text(layer: Layer, row: dict[str, object]) -> str | None:
    parts = [str(row[name]) for name in layer.natural_key if row.get(name) is not None]
    return " / ".join(parts) or None


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
