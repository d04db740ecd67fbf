"""All that is known about a place: the parcels meant, and what lies in, on and around them.

Only the caller's views and functions are read, and rows are joined only by fields the caller may
see. Records are the visible fields of rows; distances are metres in the town's projected CRS.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db import past
from db.scopes import source
from layers.catalog import get
from layers.errors import BadRequestError, NotFoundError
from layers.model import Layer, Role
from layers.privacy import may_see, visible_fields
from layers.text import Text

Connection = AsyncConnection[Any]
KIND = "dossier"
MOST = 50
"""Records of a section; `matched` says how many there are."""

FEW = 5
"""Parcels whose address holds what was asked for, and still mean one place."""

Relation = Literal["named by", "meets", "near"]


@dataclass(frozen=True)
class Section:
    """How rows of a layer belong to the place: by a field that names it, by place, by nearness.

    `by` is (field of the layer, what it names: parcels, houses, households); `near_m` takes the
    nearest rows within so many metres instead of those that meet the place.
    """

    layer: str
    by: tuple[str, Literal["parcels", "houses", "households"]] | None = None
    meets: bool = True
    near_m: float | None = None
    most: int = MOST


SECTIONS: tuple[Section, ...] = (
    Section("parcel_uses", by=("parcel_code", "parcels"), meets=False),
    Section("permits", by=("parcel_code", "parcels")),
    Section("houses", by=("parcel_code", "parcels")),
    Section("households", by=("house_code", "houses"), meets=False),
    Section("care_locations", by=("household", "households")),
    Section("flood_zones"),
    Section("communities"),
    Section("facilities"),
    Section("roads", near_m=30, most=5),
    Section("waste_routes", near_m=100, most=5),
    Section("waste_stops", near_m=300, most=3),
    Section("shelters", near_m=5_000, most=3),
)
"""What a dossier holds, in the order people read it; a layer may rest on the ones before it."""


@dataclass(frozen=True)
class Place:
    """The place meant, in one way: a parcel's id or code, deed, house, point (degrees), address."""

    parcel: int | str | None = None
    deed_no: str | None = None
    house_code: str | None = None
    at: tuple[float, float] | None = None
    address: str | None = None


@dataclass(frozen=True)
class Question:
    """The place, who asks (`keys`: communities or crew), and of when (None: now)."""

    place: Place
    role: Role
    keys: tuple[str, ...] | None = None
    at_pos: int | None = None


@dataclass(frozen=True)
class Found:
    """Rows of one layer: how they belong to the place, how many, and their visible fields."""

    layer: Layer
    relation: Relation
    matched: int
    records: list[dict[str, Any]]


@dataclass(frozen=True)
class Dossier:
    """The answer: the parcels, what belongs to them, at which position it was read."""

    id: uuid.UUID
    computed_at: datetime
    pos: int
    parcels: list[dict[str, Any]]
    sections: tuple[Found, ...]
    caveats: tuple[Text, ...] = field(default=())

    @property
    def digest(self) -> str:
        """SHA-256 over all it tells: what is kept of it, because what it tells is personal."""
        told = [self.parcels, [(s.layer.id, s.matched, s.records) for s in self.sections]]
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Import:
    """An import records came from."""

    id: int
    layer: str
    source: str
    finished_at: datetime | None


async def imports(conn: Connection, ids: list[int]) -> list[Import]:
    """The imports of these ids; needs the `service` login."""
    cursor = await conn.execute(
        "SELECT d.id, d.layer, d.source, d.finished_at FROM muang.dataset AS d"
        " WHERE d.id = any(%s) ORDER BY d.id",
        [ids],
    )
    return [Import(*row) for row in await cursor.fetchall()]


async def dossier(conn: Connection, question: Question) -> Dossier:
    """Everything the caller may see about a place, in one snapshot.

    NotFoundError when no parcel is there, BadRequestError for a way to name it that the caller
    has not.
    """
    async with past.snapshot(conn, question.role, question.at_pos) as pos:
        parcels = await _parcels(conn, question)
        named: dict[str, list[str]] = {
            "parcels": [row["code"] for row in parcels if row["code"] is not None]
        }
        ids = [row["id"] for row in parcels]
        sections = []
        for section in SECTIONS:
            layer = get(section.layer)
            if not may_see(layer, question.role):
                continue
            found = await _section(conn, question, section, ids, named)
            if section.layer in ("houses", "households"):
                (key,) = layer.natural_key
                named[section.layer] = [
                    row[key] for row in found.records if row.get(key) is not None
                ]
            sections.append(found)
    return Dossier(
        id=uuid.uuid4(),
        computed_at=datetime.now(UTC),
        pos=pos,
        parcels=parcels,
        sections=tuple(sections),
        caveats=_caveats(sections),
    )


def _fields(layer: Layer, role: Role) -> list[str]:
    return [item.name for item in visible_fields(layer, role)]


async def _parcels(conn: Connection, question: Question) -> list[dict[str, Any]]:
    place, role = question.place, question.role
    layer = get("parcels")
    test, values = _test(place, role)
    columns = sql.SQL(", ").join(sql.Identifier("t", name) for name in _fields(layer, role))
    statement = sql.SQL(
        "SELECT {columns}, ST_X(p.at) AS lon, ST_Y(p.at) AS lat FROM parcels AS t,"
        " LATERAL (SELECT ST_Transform(ST_PointOnSurface(t.geom), 4326) AS at) AS p"
        " WHERE {test} ORDER BY t.id LIMIT {most}"
    ).format(columns=columns, test=test, most=sql.Literal(MOST))
    rows = await _rows(conn, statement, values)
    if place.address is not None:
        rows = await _of_address(conn, rows, place.address)
    if not rows:
        raise NotFoundError(
            Text(
                th="ไม่พบแปลงที่ดินที่ระบุในเมืองนี้ ลองค้นหาด้วยรหัสหรือที่อยู่",
                en="There is no such parcel in this town. Try the search by code or address.",
            )
        )
    return rows


async def _of_address(
    conn: Connection, rows: list[dict[str, Any]], address: str
) -> list[dict[str, Any]]:
    """The parcels of just this address; where there is none, those whose address holds it.

    BadRequestError when too many hold it to mean one place.
    """
    given = [*(row["address"] for row in rows), address]
    written = await _rows(
        conn,
        sql.SQL(
            "SELECT muang.search_text(a.address) AS said"
            " FROM unnest(%(given)s::text[]) WITH ORDINALITY AS a (address, n) ORDER BY a.n"
        ),
        {"given": given},
    )
    *said, wanted = [row["said"] for row in written]
    exact = [row for row, one in zip(rows, said, strict=True) if one == wanted]
    if not exact and len(rows) > FEW:
        raise BadRequestError(
            Text(
                th=f"มีหลายแปลงที่ที่ตั้งมีคำว่า “{address}” ระบุให้ละเอียดขึ้น หรือใช้การค้นหา",
                en=f"Many parcels have “{address}” in their address. Be more exact, or use the "
                "search.",
            )
        )
    return exact or rows


def _test(place: Place, role: Role) -> tuple[sql.SQL, dict[str, object]]:
    """The condition on parcels `t`; a field the caller may not see is no way to ask."""
    ways: list[tuple[object, tuple[str, str], LiteralString]] = [
        (place.deed_no, ("parcels", "deed_no"), "t.deed_no = %(deed_no)s"),
        (
            place.address,
            ("parcels", "address"),
            # the first condition is the index's, the second what is meant
            (
                "t.address %%> muang.search_text(%(address)s)"
                " AND strpos(muang.search_text(t.address), muang.search_text(%(address)s)) > 0"
            ),
        ),
        (
            place.house_code,
            ("houses", "house_code"),
            (
                "EXISTS (SELECT 1 FROM houses AS h WHERE h.house_code = %(house_code)s"
                " AND (h.parcel_code = t.code OR ST_Intersects(h.geom, t.geom)))"
            ),
        ),
    ]
    if place.at is not None:
        lon, lat = place.at
        point: LiteralString = (
            "ST_Intersects(t.geom_3857,"
            " ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), 3857))"
        )
        return sql.SQL(point), {"lon": lon, "lat": lat}
    if isinstance(place.parcel, int):
        return sql.SQL("t.id = %(id)s"), {"id": place.parcel}
    if place.parcel is not None:
        return sql.SQL("t.code = %(code)s"), {"code": place.parcel}
    for value, (layer, name), test in ways:
        if value is None:
            continue
        if name not in _fields(get(layer), role):
            raise BadRequestError(
                Text(
                    th=f"สิทธิ์ของท่านค้นด้วย {name} ไม่ได้",
                    en=f"A place cannot be named by {name} with your sign-in.",
                )
            )
        return sql.SQL(test), {name: value}
    raise BadRequestError(Text(th="ไม่ได้ระบุสถานที่", en="No place is named."))


async def _section(
    conn: Connection,
    question: Question,
    section: Section,
    ids: list[int],
    named: Mapping[str, list[str]],
) -> Found:
    layer, role = get(section.layer), question.role
    seen = _fields(layer, role)
    values: dict[str, object] = {
        "ids": ids,
        "keys": None if question.keys is None else list(question.keys),
        "most": section.most,
    }
    tests: list[sql.Composable] = []
    relation: Relation = "meets"
    if section.by is not None and section.by[0] in seen:
        values["named"] = named.get(section.by[1], [])
        tests.append(sql.SQL("{} = any(%(named)s)").format(sql.Identifier("t", section.by[0])))
        relation = "named by"
    placed = layer.geometry is not None
    if section.near_m is not None:
        values["near_m"] = section.near_m
        tests.append(sql.SQL("ST_DWithin(t.geom, place.geom, %(near_m)s)"))
        relation = "near"
    elif section.meets and placed:
        tests.append(sql.SQL("ST_Intersects(t.geom, place.geom)"))
    distance = sql.SQL(
        ", round(ST_Distance(t.geom, place.geom)::numeric, 1)::float8 AS distance_m"
        if section.near_m is not None
        else ""
    )
    box = sql.SQL("ST_Expand((SELECT geom FROM place), {})").format(
        sql.Literal(section.near_m or 0)
    )
    # the key that names a row may lie elsewhere than the place: such rows need no box
    reach = box if len(tests) == 1 and relation != "named by" else sql.SQL("NULL::geometry")
    statement = sql.SQL(
        "WITH place AS"
        " (SELECT ST_Union(p.geom) AS geom FROM parcels AS p WHERE p.id = any(%(ids)s))"
        " SELECT count(*) OVER () AS matched__, {columns}{distance}"
        " FROM place, {table} AS t WHERE {tests} ORDER BY {order}t.id LIMIT %(most)s"
    ).format(
        columns=sql.SQL(", ").join(sql.Identifier("t", name) for name in seen),
        distance=distance,
        table=source(layer, role, reach, sql.SQL("%(keys)s")),
        tests=sql.SQL("({})").format(sql.SQL(" OR ").join(tests or [sql.SQL("false")])),
        order=sql.SQL("distance_m, " if section.near_m is not None else ""),
    )
    rows = await _rows(conn, statement, values)
    matched = rows[0]["matched__"] if rows else 0
    return Found(
        layer,
        relation,
        matched,
        [{name: row[name] for name in row if name != "matched__"} for row in rows],
    )


async def _rows(
    conn: Connection, statement: sql.SQL | sql.Composed, values: Mapping[str, object]
) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


def _caveats(sections: list[Found]) -> tuple[Text, ...]:
    found = [
        Text(
            th="ระยะทางเป็นเส้นตรง ไม่ใช่ระยะทางตามถนน",
            en="Distances are straight lines, not along roads.",
        )
    ]
    if any(section.matched > len(section.records) for section in sections):
        found.append(
            Text(
                th="บางหมวดมีมากกว่าที่แสดง ดูจำนวนทั้งหมดที่ matched",
                en="Some sections hold more than is shown; matched says how many.",
            )
        )
    return tuple(found)
