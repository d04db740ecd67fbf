"""Who and what a flood touches: one question, one snapshot, one answer with its proof."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db import past
from db.queries import gate_states, impact_counts, impact_needs, impact_range
from db.queries.cql2_parse import Node
from db.queries.cql2_sql import condition
from db.queries.impact_caveats import HomesSeen, caveats, homes_seen
from db.queries.impact_compare import differences
from db.queries.impact_forecast import Stage
from layers.catalog import LAYERS, get
from layers.errors import BadRequestError, NotFoundError
from layers.model import Layer, Role
from layers.privacy import may_see, scope_of, visible_fields
from layers.text import Text

Connection = AsyncConnection[Any]

KIND = "impact"
"""What these answers are kept as."""

COUNTED = (
    "houses",
    "households",
    "care_locations",
    "parcels",
    "permits",
    "facilities",
    "shelters",
    "roads",
    "waste_routes",
)
"""Layers an impact answer can count, in the order people read it: people first."""

NEEDED = {"households": ("houses",)}
"""Layers that can only be placed through another one."""


@dataclass(frozen=True)
class Flood:
    """A flood: zones by id or code or condition, all, one stage of a gauge, or a drawn polygon.

    `geometry` is a GeoJSON Polygon or MultiPolygon in EPSG:4326 as text. Just one is given.
    """

    zone_ids: tuple[int | str, ...] | None = None
    all_zones: bool = False
    stage: tuple[str, float] | None = None
    geometry: str | None = None
    where: Node | None = None

    @property
    def kinds(self) -> int:
        """How many ways of naming the flood were used; must be 1."""
        return sum(
            (
                self.zone_ids is not None,
                self.all_zones,
                bool(self.stage),
                bool(self.geometry),
                self.where is not None,
            )
        )


@dataclass(frozen=True)
class Question:
    """What is asked: the flood, the layers to count (None: all), whether to list ids, by whom.

    `scope_keys` are the communities or the crew of somebody whose rows vary by person,
    `openings` the events or tasks that open rows to them now. `as_of` asks about the town of then;
    `at_pos` works an answer out again on the versions it was given on. Water deeper than
    `displaced_above_m` (None: as the town has it) over the floor displaces who sleeps there.
    `forecast` is what the flood's stage stands for. `clock` is the time the question is asked at.
    """

    flood: Flood
    role: Role
    layers: tuple[str, ...] | None = None
    with_ids: bool = False
    scope_keys: tuple[str, ...] | None = None
    openings: tuple[int, ...] = ()
    as_of: datetime | None = None
    at_pos: int | None = None
    displaced_above_m: float | None = None
    forecast: Stage | None = None
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def moment(self) -> datetime | int | None:
        """Of when the town is read; None: now."""
        return self.as_of if self.at_pos is None else self.at_pos


@dataclass(frozen=True)
class Provenance:
    """What an answer rests on: a layer, its last position, when that was, its sources."""

    layer: str
    version: int
    as_of: datetime | None
    source: str | None


@dataclass(frozen=True)
class Impact:
    """The answer. `exposed` has an entry only for layers that hold data in this town.

    `displaced` and `needs` are None for those who may not count people and where nobody is known
    to live, `communities` in a town without any. `beside` was worked out apart. `compared` is the
    answer to the other question.
    """

    id: uuid.UUID
    computed_at: datetime
    pos: int
    flood: dict[str, Any]
    exposed: dict[str, Any]
    provenance: tuple[Provenance, ...]
    caveats: tuple[Text, ...] = field(default=())
    displaced: dict[str, Any] | None = None
    needs: list[dict[str, Any]] | None = None
    communities: list[dict[str, Any]] | None = None
    beside: "Beside | None" = None
    compared: "Impact | None" = None
    forecast: Stage | None = None

    @property
    def differences(self) -> list[dict[str, Any]]:
        """Every figure of this answer and of the one it is compared with."""
        return [] if self.compared is None else differences(_figures(self), _figures(self.compared))


@dataclass(frozen=True)
class Beside:
    """A part of an answer worked out beside it; `told` is None where nothing can be said.

    `figures` are compared with those of another answer, `used` are the layers it rests on.
    """

    name: str
    told: dict[str, Any] | None
    figures: dict[str, Any]
    used: tuple[str, ...]
    caveats: tuple[Text, ...]


More = Callable[[Connection, Question, int], Awaitable[Beside]]
"""Works out a part of the answer to a question, in the snapshot that is open at a position."""


async def impact(
    conn: Connection,
    question: Question,
    other: Question | None = None,
    *,
    more: More | None = None,
) -> Impact:
    """Answer the question as the role whose connection this is, in one read-only snapshot.

    `other` is a question to compare it with, of the same role; at the same moment it is answered
    from the same snapshot. Raises BadRequestError for a flood that cannot be used, NotFoundError
    for unknown zones.
    """
    asked = [question] if other is None else [question, other]
    for each in asked:
        _check(each)
    deadline = impact_counts.Deadline(question.role)
    found: list[Impact] = []
    while len(found) < len(asked):
        first = asked[len(found)]
        async with past.snapshot(conn, first.role, first.moment) as pos:
            found += [
                await _answer(conn, each, pos, deadline, more)
                for each in asked[len(found) :]
                if each.moment == first.moment
            ]
    return found[0] if other is None else replace(found[0], compared=found[1])


async def _answer(
    conn: Connection,
    question: Question,
    pos: int,
    deadline: impact_counts.Deadline,
    more: More | None,
) -> Impact:
    """Answer one question in the snapshot that is open."""
    counted = layers_counted(question)
    drawn = await drawn_shape(conn, question.flood)
    zones = None if drawn else await zone_ids(conn, question.flood)

    if question.displaced_above_m is not None:
        above = impact_needs.Above(question.displaced_above_m, "question")
    else:
        above = impact_needs.above_of(await _rows(conn, _ABOVE) if "households" in counted else [])

    asker = impact_counts.Asker(
        scoped=[name for name in counted if scope_of(get(name), question.role) is not None],
        scope_keys=_keys(question),
        with_ids=question.with_ids,
        displaced_above_m=above.metres,
        deadline=deadline,
    )

    async def marked(water: impact_counts.Water) -> dict[str, Any]:
        return _mark_suppressed(await impact_counts.exposed(conn, water, counted, asker), question)

    async def marked_zones(of_zones: list[int]) -> dict[str, Any]:
        return await marked(await impact_counts.water(conn, of_zones, None, deadline))

    water = await impact_counts.water(conn, zones, drawn, deadline)
    flood: dict[str, Any] = {"area_m2": water.area_m2, "depth_known": water.depth_known}
    exposed = await marked(water)
    if question.flood.stage is not None and zones:
        enclosed = await impact_range.between(conn, zones, exposed, marked_zones)
        if enclosed is not None:
            flood["range"] = enclosed
    told = caveats(flood, exposed, question)
    states = exposed.pop("displaced", None)
    grouped = any("by_community" in part for part in exposed.values())
    names = await _rows(conn, _COMMUNITIES) if grouped else []
    needed = None if states is None else await _rows(conn, _NEEDS)
    beside = None if more is None else await more(conn, question, pos)
    used = [
        *([] if drawn else ["flood_zones"]),
        *(name for name in counted if name in exposed),
        *(["waste_stops"] if "service" in exposed.get("waste_routes", {}) else []),
        *(["communities"] if grouped else []),
        *(["minimum_needs"] if needed else []),
        *(["assumptions"] if above.source == "town" and states is not None else []),
        *(beside.used if beside else ()),
    ]
    return Impact(
        id=uuid.uuid4(),
        computed_at=question.clock,
        pos=pos,
        flood=flood,
        exposed=exposed,
        provenance=tuple(
            [await provenance_of(conn, layer, question) for layer in dict.fromkeys(used)]
        ),
        displaced=(None if states is None else impact_needs.displaced(states, above)),
        needs=None if states is None or not needed else impact_needs.needs(needed, states),
        communities=impact_needs.communities(exposed, names),
        caveats=(
            *(question.forecast.caveats if question.forecast else ()),
            *(await gate_states.of_zones(conn, zones, pos, question.as_of or question.clock)),
            *told,
            *(beside.caveats if beside else ()),
        ),
        beside=beside,
        forecast=question.forecast,
    )


_COMMUNITIES: LiteralString = "SELECT code, name, name_en FROM communities ORDER BY id"
_ABOVE: LiteralString = (
    "SELECT value, reason, decided_by, decided_on FROM assumptions"
    " WHERE what = 'displaced_above_m' ORDER BY id LIMIT 1"
)
_NEEDS: LiteralString = (
    "SELECT code, name, name_en, unit, unit_en, per, age, amount, reference FROM minimum_needs"
    " ORDER BY code, id"
)


async def _rows(conn: Connection, statement: LiteralString) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement)
        return await cursor.fetchall()


def _figures(answer: Impact) -> dict[str, Any]:
    """What is compared of an answer: all but the rows of communities, which are many."""
    return {
        "flood": answer.flood,
        "exposed": answer.exposed,
        "displaced": answer.displaced,
        "needs": {
            item["code"]: {"amount": item["amount"], "at_most": item["at_most"]}
            for item in answer.needs or ()
        },
        **({answer.beside.name: answer.beside.figures} if answer.beside else {}),
    }


def _keys(question: Question) -> list[str] | None:
    return None if question.scope_keys is None else list(question.scope_keys)


def _check(question: Question) -> None:
    if question.flood.kinds != 1:
        raise BadRequestError(
            Text(
                th="ระบุน้ำท่วมเพียงแบบเดียว: zone_ids, gauge กับ stage_m หรือ geometry",
                en="Name the flood in just one way: zone_ids, gauge with stage_m, or geometry.",
            )
        )
    seen = _seen(question.role)
    unknown = [name for name in question.layers or () if name not in seen]
    if unknown:
        names = ", ".join(seen)
        raise BadRequestError(
            Text(
                th=f"นับชั้นข้อมูล {', '.join(unknown)} ไม่ได้ ชั้นที่นับได้: {names}",
                en=f"The layers {', '.join(unknown)} cannot be counted. These can: {names}.",
            )
        )


def layers_counted(question: Question) -> tuple[str, ...]:
    """Layers to count: asked for, known, and visible to the role with all that counting needs."""
    wanted = set(COUNTED if question.layers is None else question.layers)
    for name in tuple(wanted):
        wanted.update(NEEDED.get(name, ()))
    return tuple(name for name in _seen(question.role) if name in wanted)


def _seen(role: Role) -> tuple[str, ...]:
    """The layers an answer to this role can count; a hidden one is as one that never was."""
    return tuple(name for name in COUNTED if _exact(get(name), role))


def _exact(layer: Layer, role: Role) -> bool:
    """Whether the role may count the layer: it sees it, with every field counting needs."""
    if not may_see(layer, role):
        return False
    seen = {item.name for item in visible_fields(layer, role)}
    return layer.class_field is None or layer.class_field in seen


async def drawn_shape(conn: Connection, flood: Flood) -> bytes | None:
    """The drawn polygon as EWKB in the town's CRS; the literal is transformed, not the column."""
    if flood.geometry is None:
        return None
    try:
        cursor = await conn.execute(
            "SELECT ST_IsValid(g), ST_IsValidReason(g), GeometryType(g), ST_IsEmpty(g),"
            " ST_AsEWKB(ST_Transform(g, t.srid)) FROM muang.town_facts() AS t,"
            " (SELECT ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326) AS g) AS drawn",
            [flood.geometry],
        )
    except psycopg.errors.InternalError_ as error:
        # what PostGIS says of coordinates that its projection does not reach
        raise BadRequestError(
            Text(
                th="รูปที่วาดอยู่นอกระบบพิกัดของเมืองนี้ พิกัดต้องเป็น ลองจิจูด, ละติจูด",
                en="The drawn shape lies outside this town's coordinate system. Coordinates are "
                "longitude, latitude.",
            )
        ) from error
    valid, reason, kind, empty, ewkb = _one(await cursor.fetchone())
    if kind not in ("POLYGON", "MULTIPOLYGON") or empty:
        raise BadRequestError(
            Text(
                th="รูปที่วาดต้องเป็นพื้นที่ปิด (Polygon หรือ MultiPolygon)",
                en="The drawn shape must be an area (Polygon or MultiPolygon).",
            )
        )
    if not valid:
        raise BadRequestError(
            Text(
                th=f"รูปที่วาดตัดกันเองหรือผิดรูป ({reason}) โปรดวาดใหม่",
                en=f"The drawn shape crosses itself or is broken ({reason}). Please draw it again.",
            )
        )
    return bytes(ewkb)


async def zone_ids(conn: Connection, flood: Flood) -> list[int]:
    """Surrogate ids of the zones meant; NotFoundError names those that do not exist."""
    if flood.all_zones:
        # of a library's stages the highest holds all others
        cursor = await conn.execute(
            "SELECT z.id FROM flood_zones AS z WHERE z.means IS DISTINCT FROM 'library'"
            " OR NOT EXISTS (SELECT 1 FROM flood_zones AS h WHERE h.means = 'library'"
            " AND h.gauge = z.gauge AND h.stage_m > z.stage_m) ORDER BY z.id"
        )
        return [row[0] for row in await cursor.fetchall()]
    if flood.where is not None:
        return await _zones_where(conn, flood.where)
    if flood.stage is not None:
        gauge, stage_m = flood.stage
        cursor = await conn.execute(
            "SELECT id, means IS NOT DISTINCT FROM 'library' FROM flood_zones"
            " WHERE kind = 'stage' AND gauge = %s AND abs(stage_m - %s) < 0.001 ORDER BY id",
            [gauge, stage_m],
        )
        rows = await cursor.fetchall()
        # a library stands for its stages; zones drawn for them some other way are not added
        of_library = [number for number, kept in rows if kept]
        found = of_library or [number for number, _ in rows]
        if not found:
            raise NotFoundError(
                Text(
                    th=f"ไม่มีเขตน้ำท่วมของสถานี {gauge} ที่ระดับ {stage_m:g} ม.",
                    en=f"There is no flood zone of gauge {gauge} at {stage_m:g} m.",
                )
            )
        return found
    numbers = [zone for zone in flood.zone_ids or () if isinstance(zone, int)]
    codes = [zone for zone in flood.zone_ids or () if isinstance(zone, str)]
    cursor = await conn.execute(
        "SELECT id, code FROM flood_zones WHERE id = any(%s::bigint[]) OR code = any(%s::text[])"
        " ORDER BY id",
        [numbers, codes],
    )
    rows = await cursor.fetchall()
    missing = [str(n) for n in numbers if n not in {row[0] for row in rows}]
    missing += [code for code in codes if code not in {row[1] for row in rows}]
    if missing or not rows:
        names = ", ".join(missing)
        raise NotFoundError(
            Text(
                th=f"ไม่มีเขตน้ำท่วม: {names or '(ไม่ได้ระบุ)'}",
                en=f"There is no such flood zone: {names or '(none given)'}.",
            )
        )
    return [row[0] for row in rows]


async def _zones_where(conn: Connection, where: Node) -> list[int]:
    values: dict[str, object] = {}
    test = condition(where, values, alias="t")
    cursor = await conn.execute(
        sql.SQL("SELECT t.id FROM flood_zones AS t WHERE {} ORDER BY t.id").format(test), values
    )
    found = [row[0] for row in await cursor.fetchall()]
    if not found:
        raise NotFoundError(
            Text(
                th="ไม่มีเขตน้ำท่วมที่ตรงกับเงื่อนไขใน where",
                en="No flood zone meets the condition in where.",
            )
        )
    return found


async def provenance_of(conn: Connection, layer: str, question: Question) -> Provenance:
    """Of the rows this person sees; the function is the role's own, found by its search path."""
    cursor = await conn.execute(
        "SELECT version, as_of, source FROM layer_provenance(%s, %s::text[])",
        [layer, _keys(question)],
    )
    version, as_of, source = _one(await cursor.fetchone())
    return Provenance(layer=layer, version=version, as_of=as_of, source=source)


def _mark_suppressed(exposed: dict[str, Any], question: Question) -> dict[str, Any]:
    """Say on the care count itself that homes are left out for somebody who may not see them."""
    if "care_locations" in exposed:
        exposed["care_locations"]["suppressed"] = homes_seen(question) is not HomesSeen.ALL
    return exposed


def _one(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if row is None:
        raise RuntimeError("the statement gave no row")
    return row


def counts_scoped_rows(answer: Impact, role: Role) -> bool:
    """Whether it counts rows that vary by person, so that only the same may see it again."""
    return any(layer.id in answer.exposed and scope_of(layer, role) is not None for layer in LAYERS)
