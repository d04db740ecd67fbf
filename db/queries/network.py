"""What answers about roads are worked out from, read in one snapshot as the role that asks.

Only records leave this module: names, numbers and WKB in the town's CRS. What they mean for
vehicles and people is worked out by `flood`, which knows no database.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db import past
from db.queries import gate_states, impact
from db.queries.impact import Flood, Provenance
from db.scopes import source
from layers.catalog import get
from layers.errors import ForbiddenError
from layers.model import Role
from layers.privacy import may_see, scope_of, visible_fields, visible_rows
from layers.text import Text

Connection = AsyncConnection[Any]
Rows = list[dict[str, Any]]

WGS84 = 4326


@dataclass(frozen=True)
class Reader:
    """Who reads: role, communities or crew (None: not limited), and of when.

    `at` is a moment or a position of the past, None is now; `moment` is what the clock said then.
    """

    role: Role
    keys: tuple[str, ...] | None = None
    at: datetime | int | None = None
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def counts_people(self) -> bool:
        """Whether exact households of the whole town are theirs to see."""
        households = get("households")
        return (
            may_see(households, self.role)
            and scope_of(households, self.role) is None
            and may_see(get("houses"), self.role)
        )


@dataclass
class Snapshot:
    """One read-only view of the town, what has been read from it, and what to know of that."""

    conn: Connection
    reader: Reader
    pos: int
    used: list[str] = field(default_factory=list)
    caveats: list[Text] = field(default_factory=list)

    async def rows(
        self, layer_id: str, columns: LiteralString, *, where: LiteralString = "true"
    ) -> Rows:
        """Rows of a layer as `t`, in order of id: none where the role has no such layer."""
        layer = get(layer_id)
        if not may_see(layer, self.reader.role):
            return []
        self.used.append(layer_id)
        keys = sql.Literal(None if self.reader.keys is None else list(self.reader.keys))
        return await self._all(
            sql.SQL("SELECT {} FROM {} AS t WHERE {} ORDER BY t.id").format(
                sql.SQL(columns),
                source(layer, self.reader.role, sql.SQL("NULL"), keys),
                sql.SQL(where),
            )
        )

    async def select(
        self,
        layers: Iterable[str],
        statement: sql.SQL | sql.Composed,
        values: list[object] | None = None,
    ) -> Rows:
        """Rows of a statement over layers; ForbiddenError unless the role sees all of each."""
        for name in layers:
            layer, role = get(name), self.reader.role
            if not may_see(layer, role) or visible_rows(layer, role) is not None:
                raise ForbiddenError(
                    Text(
                        th=f"สิทธิ์ของท่านดู{layer.title.th}ทั้งหมดไม่ได้",
                        en=f"Your role may not see the whole layer {layer.title.en}.",
                    )
                )
            self.used.append(name)
        return await self._all(statement, values)

    async def found(self, layer_id: str, statement: sql.Composed, values: list[object]) -> Rows:
        """Rows of a statement over what the role sees of one layer."""
        self.used.append(layer_id)
        return await self._all(statement, values)

    async def _all(
        self, statement: sql.SQL | sql.Composed, values: list[object] | None = None
    ) -> Rows:
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, values)
            return await cursor.fetchall()

    async def water(self, flood: Flood | None) -> Rows:
        """Areas of a flood (of none, none): `shape` (WKB), `depth_class`, least and greatest depth.

        BadRequestError for a flood that cannot be used, NotFoundError for unknown zones.
        """
        if flood is None:
            return []
        drawn = await impact.drawn_shape(self.conn, flood)
        if drawn is not None:
            return [
                {"shape": drawn, **dict.fromkeys(("depth_class", "depth_min_m", "depth_max_m"))}
            ]
        if "flood_zones" not in self.used:
            self.used.append("flood_zones")
        zones = await impact.zone_ids(self.conn, flood)
        self.caveats += await gate_states.of_zones(self.conn, zones, self.pos, self.reader.moment)
        return await self._all(
            sql.SQL(
                "SELECT ST_AsBinary(t.geom) AS shape, t.depth_class, t.depth_min_m, t.depth_max_m"
                " FROM flood_zones AS t WHERE t.id = any(%s::bigint[]) ORDER BY t.id"
            ),
            [zones],
        )

    async def roads_version(self) -> tuple[object, ...] | None:
        """What tells the roads read here from those of other snapshots; None: of the past.

        The number of their last change and when it was made: a town restored from a backup
        gives out the same numbers again.
        """
        self.used.append("roads")
        rows = await self._all(
            sql.SQL(
                "SELECT p.version, p.as_of,"
                " coalesce(current_setting('muang.as_of', true), '') <> '' AS past"
                " FROM layer_provenance('roads', NULL::text[]) AS p"
            )
        )
        if not rows or rows[0]["past"]:
            return None
        seen = tuple(item.name for item in visible_fields(get("roads"), self.reader.role))
        return (rows[0]["version"], rows[0]["as_of"], *seen)

    async def roads(self) -> Rows:
        """Every road with its line and what routing asks of it."""
        return await self.rows(
            "roads",
            "t.code, t.class, t.oneway, t.speed_kmh, t.surface_level_m, t.bridge, t.level,"
            " ST_AsBinary(t.geom) AS shape",
        )

    async def closures(self) -> Rows:
        """Closures that hold now (or did at the moment read), with the whole road's code."""
        found = await self.rows(
            "closures",
            "t.code, t.road_code, t.whole_road, t.since, t.until,"
            " ST_X(t.geom) AS x, ST_Y(t.geom) AS y",
            where="t.status = 'closed'",
        )
        now = self.reader.moment
        return [row for row in found if row["until"] is None or row["until"] > now]

    async def shelters(self) -> Rows:
        """Shelters; `occupancy` only for those who may see it."""
        seen = {item.name for item in visible_fields(get("shelters"), self.reader.role)}
        columns: LiteralString = (
            "t.code, t.name, t.capacity, t.open, t.ramp, t.power,"
            " ST_X(t.geom) AS x, ST_Y(t.geom) AS y"
        )
        if "occupancy" in seen:
            columns += ", t.occupancy"
        return await self.rows("shelters", columns)

    async def facilities(self, kinds: list[str]) -> Rows:
        """Facilities of some kinds."""
        found = await self.rows(
            "facilities", "t.code, t.name, t.kind, ST_X(t.geom) AS x, ST_Y(t.geom) AS y"
        )
        return [row for row in found if row["kind"] in kinds]

    async def plans(self) -> dict[str, list[str]]:
        """Shelter codes of each community's refuge plan, in their order."""
        found: dict[str, list[str]] = {}
        rows = await self.rows("refuge_plans", "t.community, t.seq, t.shelter_code")
        for row in sorted(rows, key=lambda r: (r["seq"] is None, r["seq"] or 0)):
            found.setdefault(row["community"], []).append(row["shelter_code"])
        return found

    async def households(self) -> Rows:
        """Households with people tonight by age, house, community and place.

        Who sleeps there; where nobody has asked, who is registered there, as in the impact answer.
        `counted` is false where neither is known: nobody is then counted, which is not nobody.
        """
        if not self.reader.counts_people:
            return []
        self.used += ["households", "houses"]
        return await self._all(
            sql.SQL(
                "SELECT p.code, p.house_code, h.community,"
                " ST_X(h.geom) AS x, ST_Y(h.geom) AS y, n.infants, n.minors, n.adults, n.elderly,"
                " n.infants + n.minors + n.adults + n.elderly AS people,"
                " k.asked OR k.rolled AS counted"
                " FROM households AS p"
                " CROSS JOIN LATERAL (SELECT num_nonnulls(p.sleeping_0_5, p.sleeping_6_17,"
                " p.sleeping_18_59, p.sleeping_60_up) > 0 AS asked,"
                " num_nonnulls(p.registered_0_5, p.registered_6_17,"
                " p.registered_18_59, p.registered_60_up) > 0 AS rolled) AS k"
                " CROSS JOIN LATERAL (SELECT"
                " coalesce(CASE WHEN k.asked THEN p.sleeping_0_5 ELSE p.registered_0_5 END, 0)"
                " AS infants,"
                " coalesce(CASE WHEN k.asked THEN p.sleeping_6_17 ELSE p.registered_6_17 END, 0)"
                " AS minors,"
                " coalesce(CASE WHEN k.asked THEN p.sleeping_18_59 ELSE p.registered_18_59 END, 0)"
                " AS adults,"
                " coalesce(CASE WHEN k.asked THEN p.sleeping_60_up ELSE p.registered_60_up END, 0)"
                " AS elderly) AS n"
                " LEFT JOIN LATERAL (SELECT o.community, o.geom FROM houses AS o"
                " WHERE o.house_code = p.house_code ORDER BY o.id LIMIT 1) AS h ON true"
                " ORDER BY p.code, p.id"
            )
        )

    async def in_care(self) -> Rows:
        """People cared for at home whom the role sees now: household, band, needs, mobility."""
        care = get("care_locations")
        seen = {item.name for item in visible_fields(care, self.reader.role)}
        if not {"household", "band", "needs", "mobility"} <= seen:
            return []
        return await self.rows(
            "care_locations",
            "t.household, t.band, t.needs, t.mobility",
            where="t.kind = 'home' AND t.household IS NOT NULL",
        )

    async def stops(self, routes: list[str] | None) -> Rows:
        """Stops of the waste routes in their order; accounts only for those who may see them."""
        seen = {item.name for item in visible_fields(get("waste_stops"), self.reader.role)}
        columns: LiteralString = "t.code, t.route_code, t.seq, ST_X(t.geom) AS x, ST_Y(t.geom) AS y"
        if "accounts_served" in seen:
            columns += ", t.accounts_served"
        found = await self.rows("waste_stops", columns)
        wanted = [row for row in found if routes is None or row["route_code"] in routes]
        return sorted(wanted, key=lambda r: (r["route_code"], r["seq"] is None, r["seq"] or 0))

    async def teams(self) -> Rows:
        """Boats, vehicles and crews with what they carry and where they stand."""
        return await self.rows(
            "resources",
            "t.code, t.vehicle, t.status, t.places, t.stretchers, t.speed_kmh,"
            " ST_X(t.geom) AS x, ST_Y(t.geom) AS y",
        )

    async def vehicle_limits(self) -> Rows:
        """What the town has set for kinds of vehicles."""
        return await self.rows(
            "vehicle_limits",
            "t.vehicle, t.wades_m, t.speed_kmh, t.places, t.stretchers, t.draught_m, t.reference",
        )

    async def ranks(self) -> Rows:
        """Ranks set by hand, the last one written last."""
        found = await self.rows(
            "evacuation_ranks", "t.household, t.rank, t.reason, t.updated_by, t.updated_at"
        )
        return sorted(found, key=lambda row: (row["updated_at"], row["household"]))

    async def power_areas(self) -> Rows:
        """Power areas that are off or to be cut, with their shapes."""
        return await self.rows(
            "power_areas",
            "t.code, t.state, t.since, t.until, ST_AsBinary(t.geom) AS shape",
            where="t.state <> 'on'",
        )

    async def to_town(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Places in longitude, latitude as the town's CRS, in their order."""
        rows = await self._all(
            sql.SQL(
                "SELECT ST_X(d.g) AS x, ST_Y(d.g) AS y FROM ("
                " SELECT p.n, ST_Transform(ST_SetSRID(ST_MakePoint(p.x, p.y), 4326), f.srid) AS g"
                " FROM muang.town_facts() AS f,"
                " unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS p (x, y, n)) AS d"
                " ORDER BY d.n"
            ),
            [[x for x, _ in points], [y for _, y in points]],
        )
        return [(row["x"], row["y"]) for row in rows]

    async def provenance(self) -> tuple[Provenance, ...]:
        """What was read, in the order it was read: each layer's last position and sources."""
        question = impact.Question(
            flood=Flood(all_zones=True), role=self.reader.role, scope_keys=self.reader.keys
        )
        return tuple(
            [
                await impact.provenance_of(self.conn, name, question)
                for name in dict.fromkeys(self.used)
            ]
        )

    async def to_degrees(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Places in the town's CRS as longitude, latitude (7 digits), in their order."""
        rows = await self._all(
            sql.SQL(
                "SELECT round(ST_X(g)::numeric, 7)::float8 AS x,"
                " round(ST_Y(g)::numeric, 7)::float8 AS y FROM ("
                " SELECT p.n, ST_Transform(ST_SetSRID(ST_MakePoint(p.x, p.y), f.srid), 4326) AS g"
                " FROM muang.town_facts() AS f,"
                " unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS p (x, y, n)) AS d"
                " ORDER BY d.n"
            ),
            [[x for x, _ in points], [y for _, y in points]],
        )
        return [(row["x"], row["y"]) for row in rows]

    async def lines_to_degrees(self, shapes: list[bytes]) -> list[str]:
        """Lines (WKB in the town's CRS) as GeoJSON text, in their order."""
        rows = await self._all(
            sql.SQL(
                "SELECT ST_AsGeoJSON("
                "ST_Transform(ST_SetSRID(ST_GeomFromWKB(p.g), f.srid), 4326), 7) AS line"
                " FROM muang.town_facts() AS f,"
                " unnest(%s::bytea[]) WITH ORDINALITY AS p (g, n) ORDER BY p.n"
            ),
            [shapes],
        )
        return [row["line"] for row in rows]


@asynccontextmanager
async def snapshot(conn: Connection, reader: Reader) -> AsyncIterator[Snapshot]:
    """A read-only transaction in which everything is of one moment."""
    async with past.snapshot(conn, reader.role, reader.at) as pos:
        yield Snapshot(conn, reader, pos)
