"""Steps of the war room: each is written to the event log in the transaction that takes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg import sql
from psycopg.rows import dict_row

from db.editing import OutdatedError, version_of
from db.replies import Connection
from layers.errors import NotFoundError
from layers.incidents import OF_ALL
from layers.model import SYSTEM_FIELDS, Layer, Role
from layers.privacy import visible_fields, visible_rows
from layers.text import Text


@dataclass(frozen=True)
class Actor:
    """Who acts: the sign-in, and the name the record bears.

    `typed`: the name is of a person at a sign-in that several share, with the sign-in's own.
    """

    principal: str
    name: str
    typed: bool = False


@dataclass(frozen=True)
class OpenEvent:
    """The event that is being run."""

    id: int
    code: str
    exercise: bool


@dataclass(frozen=True)
class Signed:
    """Who signed what an authority said, as which seat, under which number, when, about where."""

    signer: str | None = None
    seat: str | None = None
    document_no: str | None = None
    signed_at: datetime | None = None
    area: str | None = None


@dataclass(frozen=True)
class Step:
    """One line of the log, but for when, by whom and in which event."""

    kind: str
    action: str
    code: str | None = None
    record: int | None = None
    was: str | None = None
    becomes: str | None = None
    unit: str | None = None
    note: str | None = None
    undoes: int | None = None
    seen_by: str = OF_ALL
    signed: Signed = Signed()


@dataclass(frozen=True)
class Record:
    """A record under lock: its values, with `id` and `version`."""

    layer: Layer
    values: dict[str, Any]

    @property
    def id(self) -> int:
        """Surrogate id."""
        return int(self.values["id"])

    @property
    def code(self) -> str:
        """What people call it."""
        return str(self.values["code"])

    @property
    def version(self) -> str:
        """Its version, as in the ETag."""
        return version_of(self.id, self.values["updated_at"])

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


async def begin(conn: Connection, actor: Actor) -> None:
    """Name the actor, and say that this transaction tells the log its steps itself."""
    await conn.execute(
        "SELECT set_config('muang.actor', %s, true), set_config('muang.actor_name', %s, true),"
        " set_config('muang.step_told', pg_current_xact_id()::text, true)",
        [actor.principal, actor.name if actor.typed else ""],
    )


async def open_event(conn: Connection) -> OpenEvent | None:
    """The event that is open; None on an ordinary day."""
    cursor = await conn.execute(
        "SELECT id, code, coalesce(exercise, false) FROM town.events WHERE state = 'open'"
        " ORDER BY id DESC LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else OpenEvent(int(row[0]), str(row[1]), bool(row[2]))


async def exercising(conn: Connection) -> bool:
    """Whether an exercise is open: whatever is begun meanwhile is marked as one."""
    row = await (
        await conn.execute("SELECT EXISTS (SELECT 1 FROM muang.exercise_now())")
    ).fetchone()
    return bool(row and row[0])


async def tell(
    conn: Connection, step: Step, actor: Actor, event: OpenEvent | None, at: datetime | None = None
) -> int:
    """Write a step to the log; its id."""
    values: dict[str, object] = {
        "event": event.code if event else None,
        "at": at,
        "kind": step.kind,
        "code": step.code,
        "record": step.record,
        "action": step.action,
        "was": step.was,
        "becomes": step.becomes,
        "unit": step.unit,
        "note": step.note,
        "by_name": actor.name,
        "undoes": step.undoes,
        "exercise": bool(event and event.exercise),
        "seen_by": step.seen_by,
        **vars(step.signed),
    }
    cursor = await conn.execute(
        sql.SQL("INSERT INTO town.event_log ({}) VALUES ({}) RETURNING id").format(
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(
                sql.SQL("coalesce(%s::timestamptz, now())") if name == "at" else sql.Placeholder()
                for name in values
            ),
        ),
        list(values.values()),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def moment(conn: Connection) -> object:
    """The time of this transaction, as every record of it bears."""
    row = await (await conn.execute("SELECT now()")).fetchone()
    return row[0] if row else None


async def next_id(conn: Connection, layer: Layer) -> int:
    """The id the next record of a layer gets; its code is made of it."""
    cursor = await conn.execute("SELECT nextval(%s::regclass)", [f"town.{layer.id}_id_seq"])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def add(
    conn: Connection,
    layer: Layer,
    values: dict[str, object],
    at: tuple[float, float] | None = None,
) -> Record:
    """A new record; `at` is longitude and latitude for a layer with geometry."""
    names = list(values)
    marks: list[sql.Composable] = [sql.Placeholder()] * len(names)
    given = list(values.values())
    if at is not None:
        names.append("geom")
        marks.append(_POINT)
        given += [*at]
    cursor = await conn.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier("town", layer.id),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(marks),
        ),
        given,
    )
    row = await cursor.fetchone()
    return await held(conn, layer, int(row[0]) if row else 0)


LON_LAT = sql.SQL(
    "ARRAY[round(gis.ST_X(gis.ST_Transform(geom, 4326))::numeric, 7)::float8,"
    " round(gis.ST_Y(gis.ST_Transform(geom, 4326))::numeric, 7)::float8] AS lon_lat"
)
_POINT = sql.SQL(
    "gis.ST_Transform(gis.ST_SetSRID(gis.ST_MakePoint(%s, %s), 4326),"
    " (SELECT t.srid FROM muang.town_facts() AS t))"
)


async def held(conn: Connection, layer: Layer, record: int) -> Record:
    """A record, kept from everybody else until the transaction ends; NotFoundError for none."""
    names = [field.name for field in (*SYSTEM_FIELDS, *layer.fields)]
    columns: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if layer.geometry is not None:
        columns.append(LON_LAT)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            sql.SQL("SELECT {} FROM {} WHERE id = %s FOR UPDATE").format(
                sql.SQL(", ").join(columns), sql.Identifier("town", layer.id)
            ),
            [max(-(2**63), min(2**63 - 1, record))],
        )
        row = await cursor.fetchone()
    if row is None:
        raise missing(layer, record)
    return Record(layer, row)


def missing(layer: Layer, record: int | str) -> NotFoundError:
    """There is no such record, or not for this caller."""
    return NotFoundError(
        Text(
            th=f"ไม่มีระเบียน {record} ใน “{layer.title.th}”",
            en=f"There is no record {record} in “{layer.title.en}”.",
        )
    )


async def write(
    conn: Connection,
    record: Record,
    values: dict[str, object],
    at: tuple[float, float] | None = None,
) -> Record:
    """Change a record that is held."""
    marks = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values]
    given = list(values.values())
    if at is not None:
        marks.append(sql.SQL("geom = {}").format(_POINT))
        given += [*at]
    await conn.execute(
        sql.SQL("UPDATE {} SET {} WHERE id = %s").format(
            sql.Identifier("town", record.layer.id), sql.SQL(", ").join(marks)
        ),
        [*given, record.id],
    )
    return await held(conn, record.layer, record.id)


def shown(record: Record, role: Role) -> dict[str, Any]:
    """What a role may see of a record, as JSON; NotFoundError when it may not see the record."""
    return told(record.layer, record.values, role)


def told(layer: Layer, values: dict[str, Any], role: Role) -> dict[str, Any]:
    """A row of a layer as JSON for a role: its fields, `version`, and `at` where it has a place."""
    rules = visible_rows(layer, role)
    if rules is not None and not any(values.get(str(r.field)) == r.value for r in rules):
        raise missing(layer, values["id"])
    names = {field.name for field in visible_fields(layer, role)}
    out = {name: value for name, value in values.items() if name in names}
    out["version"] = version_of(values["id"], values["updated_at"])
    if layer.geometry is not None:
        out["at"] = values["lon_lat"]
    return dict(plain(out))


async def check(
    conn: Connection,
    record: Record,
    expected: str | None,
    sent: dict[str, Any],
    *,
    kind: str,
    role: Role,
) -> None:
    """OutdatedError, which says who did what, when the record is not the version expected."""
    if expected in (None, record.version):
        return
    who, what = await last_step(conn, kind, record)
    raise OutdatedError(
        Text(
            th=f"{who} ทำ “{what}” กับ {record.code} หลังจากที่ท่านอ่าน ดูสถานะปัจจุบันแล้วทำใหม่",
            en=f"{who} did “{what}” to {record.code} after you read it. Look at how it stands "
            "now and act again.",
        ),
        current=shown(record, role),
        sent=plain({**sent, "version": expected}),
    )


async def last_step(conn: Connection, kind: str, record: Record) -> tuple[str, str]:
    """Who did what to a record last."""
    cursor = await conn.execute(
        "SELECT by_name, action FROM town.event_log WHERE kind = %s AND record = %s"
        " ORDER BY id DESC LIMIT 1",
        [kind, record.id],
    )
    row = await cursor.fetchone()
    return (str(row[0]), str(row[1])) if row else ("…", "edit")


def plain(values: dict[str, Any]) -> Any:
    """Values as JSON has them."""
    return orjson.loads(orjson.dumps(values, default=str))
