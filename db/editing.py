"""Single records made, replaced, changed and deleted: one transaction each, by a named actor.

Runs as the `service` login, which may write just the layers that declare `editors`; who may edit is
decided before. The version of a record is when it was last written: an edit that names another
version than the present one is refused with both. What an edit answered is kept for a day under
the key its sender gave it, so that the same edit sent twice is done once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from db import replies
from db.replies import Connection, Repeat
from layers.catalog import get
from layers.errors import BadRequestError, ConflictError, MuangError, NotFoundError
from layers.model import GeometryKind, Layer
from layers.text import Text


class OutdatedError(MuangError):
    """The record was changed since its sender read it; `facts` hold `current` and `sent`."""

    title = Text(th="มีผู้แก้ไขระเบียนนี้แล้ว", en="Somebody else changed it")


@dataclass(frozen=True)
class Change:
    """What is to be written: values by field, and the geometry as GeoJSON text in EPSG:4326.

    `whole` empties fields not named (create, replace); otherwise they stay (update).
    """

    values: Mapping[str, object]
    geometry: str | None
    whole: bool


@dataclass(frozen=True)
class Edited:
    """A record as it is now: id and version. `status` is the HTTP one its first sending had."""

    id: int
    version: str | None
    status: int


def version_of(feature_id: int, updated_at: object) -> str:
    """The version of a record, 16 hex digits: of its id and when it was last written."""
    return hashlib.sha256(f"{feature_id}|{updated_at}".encode()).hexdigest()[:16]


async def repeated(conn: Connection, repeat: Repeat | None) -> Edited | None:
    """What the same edit answered before, inside the edit's transaction; keys wait in line.

    ConflictError when the key belongs to another edit.
    """
    found = await replies.find(conn, repeat)
    if found is None:
        return None
    status, response = found
    return Edited(response["id"], response["version"], status)


async def keep(conn: Connection, repeat: Repeat | None, edited: Edited) -> None:
    """Remember what an edit answered, inside its transaction."""
    await replies.keep(conn, repeat, edited.status, {"id": edited.id, "version": edited.version})


async def begin(conn: Connection, layer: Layer, actor: str, name: str | None = None) -> None:
    """Name the actor and let edits of one layer queue up, inside the edit's transaction.

    `name` is the person at a sign-in that several share: records and the event log bear it.
    """
    await conn.execute(
        "SELECT set_config('muang.actor', %s, true), set_config('muang.actor_name', %s, true)",
        [actor, name or ""],
    )
    await turn(conn, layer)


async def turn(conn: Connection, layer: Layer) -> None:
    """Wait for one's turn among edits of a layer; before any of its rows is locked."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"edit layer {layer.id}"]
    )


async def create(conn: Connection, layer: Layer, change: Change) -> Edited:
    """A new record; ConflictError when its natural key is taken."""
    await _refuse_taken(conn, layer, change, None)
    names, values = _columns(layer, change)
    values += await _geometry(conn, layer, change)
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id, updated_at").format(
        _table(layer),
        sql.SQL(", ").join(sql.Identifier(name) for name in names),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    return _edited(await _one(conn, statement, values), 201)


async def write(
    conn: Connection, layer: Layer, feature_id: int, change: Change, expected: str | None
) -> Edited:
    """Replace or change a record.

    NotFoundError when there is none, OutdatedError when `expected` is not its version,
    ConflictError when its new natural key is another's.
    """
    await _check_version(conn, layer, feature_id, expected, change)
    await _refuse_taken(conn, layer, change, feature_id)
    names, values = _columns(layer, change)
    values += await _geometry(conn, layer, change)
    if not names:
        raise BadRequestError(
            Text(th="ไม่มีค่าใดให้แก้ไข", en="There is nothing in this edit to change.")
        )
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %s RETURNING id, updated_at").format(
        _table(layer),
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names),
    )
    return _edited(await _one(conn, statement, [*values, feature_id]), 200)


async def delete(conn: Connection, layer: Layer, feature_id: int, expected: str | None) -> Edited:
    """Delete a record; errors as `write`."""
    await _check_version(conn, layer, feature_id, expected, None)
    await conn.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(_table(layer)), [feature_id])
    return Edited(feature_id, None, 204)


def _table(layer: Layer) -> sql.Identifier:
    return sql.Identifier("town", layer.id)


def _columns(layer: Layer, change: Change) -> tuple[list[str], list[object]]:
    """Columns written and their values, the geometry's name last and its value still to come."""
    names = [f.name for f in layer.fields if change.whole or f.name in change.values]
    values = [change.values.get(name) for name in names]
    if change.geometry is not None:
        names.append("geom")
    return names, values


async def _geometry(conn: Connection, layer: Layer, change: Change) -> list[object]:
    """The geometry as EWKB in the town's CRS; BadRequestError for one the layer cannot hold."""
    if change.geometry is None:
        return []
    if layer.geometry is None:
        raise RuntimeError("a plain table was given a geometry")
    try:
        row = await _read_shape(conn, layer.geometry, change.geometry)
    except psycopg.errors.InternalError_ as error:
        # what PostGIS says of GeoJSON it cannot read, and of coordinates no projection reaches
        raise BadRequestError(
            Text(
                th="อ่านรูปไม่ได้ ต้องเป็น GeoJSON ลองจิจูด, ละติจูด",
                en="The geometry cannot be read. It must be GeoJSON in longitude, latitude.",
            )
        ) from error
    if row["kind"] != layer.geometry.value.upper():
        raise BadRequestError(
            Text(
                th=f"ชั้นข้อมูลนี้ต้องเป็นรูปชนิด {layer.geometry.value}",
                en=f"This layer holds {layer.geometry.value} geometries.",
            )
        )
    if not row["valid"]:
        raise BadRequestError(
            Text(
                th=f"รูปตัดกันเองหรือผิดรูป ({row['reason']}) โปรดวาดใหม่",
                en=f"The shape crosses itself or is broken ({row['reason']}). Draw it again.",
            )
        )
    return [bytes(row["ewkb"])]


async def _read_shape(conn: Connection, kind: GeometryKind, text: str) -> dict[str, Any]:
    return await _one(
        conn,
        sql.SQL(
            "SELECT gis.ST_IsValid(d.g) AND NOT gis.ST_IsEmpty(d.g) AS valid,"
            " gis.ST_IsValidReason(d.g) AS reason, gis.GeometryType(d.g) AS kind,"
            " gis.ST_AsEWKB(gis.ST_Transform(d.g, d.srid)) AS ewkb FROM ("
            " SELECT t.srid, CASE WHEN %s THEN gis.ST_Multi(s.g) ELSE s.g END AS g"
            " FROM muang.town_facts() AS t, (SELECT gis.ST_Force2D(gis.ST_SetSRID("
            "gis.ST_GeomFromGeoJSON(%s), 4326)) AS g) AS s) AS d"
        ),
        [kind.value.startswith("Multi"), text],
    )


async def _check_version(
    conn: Connection, layer: Layer, feature_id: int, expected: str | None, change: Change | None
) -> None:
    names = sql.SQL(", ").join(sql.Identifier(field.name) for field in layer.fields)
    row = await _row(
        conn,
        sql.SQL("SELECT id, updated_at, updated_by, {} FROM {} WHERE id = %s FOR UPDATE").format(
            names, _table(layer)
        ),
        [feature_id],
    )
    if row is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีระเบียนหมายเลข {feature_id} ใน “{layer.title.th}”",
                en=f"There is no record no. {feature_id} in “{layer.title.en}”.",
            )
        )
    version = version_of(feature_id, row["updated_at"])
    if expected not in (None, version):
        raise OutdatedError(
            Text(
                th=f"{row['updated_by']} แก้ไขระเบียนนี้หลังจากที่ท่านอ่าน ดูค่าปัจจุบันแล้วแก้ไขใหม่",
                en=f"{row['updated_by']} changed this record after you read it. Look at what it "
                "holds now and edit again.",
            ),
            current=_plain({**row, "version": version}),
            sent=_plain({**(change.values if change else {}), "version": expected}),
        )


def _plain(values: Mapping[str, object]) -> Any:
    return orjson.loads(orjson.dumps(dict(values), default=str))


async def _refuse_taken(conn: Connection, layer: Layer, change: Change, own: int | None) -> None:
    """ConflictError when another record has the natural key this one is to have."""
    key = [change.values.get(name) for name in layer.natural_key]
    if not change.whole and not set(layer.natural_key) & set(change.values):
        return
    if own is not None and not change.whole:
        row = await _row(
            conn,
            sql.SQL("SELECT {} FROM {} WHERE id = %s").format(
                sql.SQL(", ").join(map(sql.Identifier, layer.natural_key)), _table(layer)
            ),
            [own],
        )
        key = [change.values.get(n, (row or {}).get(n)) for n in layer.natural_key]
    same = sql.SQL(" AND ").join(
        sql.SQL("{} IS NOT DISTINCT FROM %s").format(sql.Identifier(n)) for n in layer.natural_key
    )
    taken = await _row(
        conn,
        sql.SQL("SELECT id FROM {} WHERE {} AND id IS DISTINCT FROM %s LIMIT 1").format(
            _table(layer), same
        ),
        [*key, own],
    )
    if taken is not None:
        told = ", ".join(map(str, key))
        raise ConflictError(
            Text(
                th=f"มีระเบียน “{told}” ใน “{layer.title.th}” อยู่แล้ว (หมายเลข {taken['id']})",
                en=f"“{layer.title.en}” holds “{told}” already (no. {taken['id']}).",
            )
        )


async def refuse_dangling(reader: Connection, layer: Layer, values: Mapping[str, object]) -> None:
    """BadRequestError when a value names a record of another layer that is not there.

    Asked as the editor's own role: what somebody cannot see they cannot name.
    """
    for field in layer.fields:
        value = values.get(field.name)
        if field.references is None or value is None:
            continue
        target = get(field.references)
        found = await _row(
            reader,
            sql.SQL("SELECT 1 AS one FROM {} AS t WHERE t.{} = %s LIMIT 1").format(
                sql.Identifier(target.id), sql.Identifier(target.natural_key[0])
            ),
            [value],
        )
        if found is None:
            raise BadRequestError(
                Text(
                    th=f"{field.title.th}: ไม่มี “{value}” ใน “{target.title.th}”",
                    en=f"{field.title.en}: there is no “{value}” in “{target.title.en}”.",
                )
            )


def _edited(row: Mapping[str, Any], status: int) -> Edited:
    return Edited(row["id"], version_of(row["id"], row["updated_at"]), status)


async def _row(
    conn: Connection, statement: sql.SQL | sql.Composed, values: list[Any]
) -> dict[str, Any] | None:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchone()


async def _one(
    conn: Connection, statement: sql.SQL | sql.Composed, values: list[Any]
) -> dict[str, Any]:
    row = await _row(conn, statement, values)
    if row is None:
        raise RuntimeError("the statement gave no row")
    return row
