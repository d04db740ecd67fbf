"""Why a staged row cannot go live: each rule as SQL over staging, with its sentence.

The first rule a row breaks is its reason.
"""

from dataclasses import dataclass

from psycopg import sql

from layers.model import Layer
from layers.text import Text


@dataclass(frozen=True)
class Reason:
    """A rule's test over `source`, true for a row that breaks it, and what is said of it."""

    test: sql.Composable
    text: Text


def rules(layer: Layer, columns: tuple[str, ...], *, unique_key: bool) -> tuple[Reason, ...]:
    """Every rule of a layer; with `unique_key` those of an upsert's key too."""
    return (
        *_required(layer, columns),
        *_ranges(layer, columns),
        *(_shapes(layer) if layer.geometry else ()),
        *(_keys(layer, columns) if unique_key else ()),
    )


def _required(layer: Layer, columns: tuple[str, ...]) -> list[Reason]:
    return [
        Reason(
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
                Reason(
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
        Reason(
            sql.SQL("i.geom IS NULL OR gis.ST_IsEmpty(i.geom)"),
            Text(th="ไม่มีรูปเรขาคณิต", en="There is no geometry."),
        ),
        Reason(
            sql.SQL("gis.GeometryType(i.geom) <> {}").format(sql.Literal(kind.upper())),
            Text(
                th=f"รูปเรขาคณิตไม่ใช่ {kind} ซึ่งชั้นข้อมูลนี้ต้องการ",
                en=f"The geometry is not a {kind}, which this layer needs.",
            ),
        ),
        Reason(
            sql.SQL("NOT gis.ST_IsValid(i.geom)"),
            Text(
                th="รูปเรขาคณิตผิดรูป (เช่น เส้นตัดกันเอง)",
                en="The geometry is not valid (for example, it crosses itself).",
            ),
        ),
    ]


def source(layer: Layer, *, unique_key: bool) -> sql.Composed:
    """What the tests look at: the staged rows `i`, and keys that name no row, `r` and `l`."""
    staged = sql.SQL("pg_temp.incoming AS i")
    if not unique_key:
        return sql.Composed([staged])
    keys = sql.SQL(", ").join(sql.Identifier(name) for name in layer.natural_key)
    joins = [
        sql.SQL(
            " LEFT JOIN (SELECT {keys}, count(*) AS n FROM {table} GROUP BY {keys}"
            " HAVING count(*) > 1) AS {alias} ON {same}"
        ).format(
            keys=keys,
            table=table,
            alias=sql.SQL(alias),
            same=sql.SQL(" AND ").join(
                sql.SQL("{0}.{1} = i.{1}").format(sql.SQL(alias), sql.Identifier(name))
                for name in layer.natural_key
            ),
        )
        for alias, table in (
            ("r", sql.Identifier("pg_temp", "incoming")),
            ("l", sql.Identifier("town", layer.id)),
        )
    ]
    return sql.Composed([staged, *joins])


def _keys(layer: Layer, columns: tuple[str, ...]) -> list[Reason]:
    names = ", ".join(layer.natural_key)
    missing = [name for name in layer.natural_key if name not in columns]
    if missing:
        return [Reason(sql.SQL("true"), _no_key(names))]
    nulls = sql.SQL(" OR ").join(
        sql.SQL("i.{} IS NULL").format(sql.Identifier(name)) for name in layer.natural_key
    )
    return [
        Reason(nulls, _no_key(names)),
        Reason(
            sql.SQL("r.n IS NOT NULL"),
            Text(
                th=f"รหัส ({names}) ซ้ำกันในไฟล์ จึงไม่รู้ว่าแถวใดถูก ใช้ --mode replace เพื่อเก็บทุกแถว",
                en=f"The key ({names}) is repeated in the file, so nobody knows which row is "
                "right. --mode replace keeps them all.",
            ),
        ),
        Reason(
            sql.SQL("l.n IS NOT NULL"),
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
