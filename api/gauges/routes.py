"""`/gauges`: every station now, its readings, and what staff enter and say of them."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from api import access, past
from api.gauges import entry, photos, stretch, words
from api.gauges.models import (
    PHOTO_BODY,
    Gauges,
    MarkIn,
    Marks,
    MarkTold,
    PhotoMade,
    ReadingIn,
    ReadingMade,
    Readings,
)
from api.gauges.states import recent, told
from api.house import Connection, House
from api.past import AsOf
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import exercise, reading_notes, readings, replies
from db.queries.gauges import Station, stations
from db.replies import Repeat
from flood.levels import to_bank
from layers.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from layers.model import DESK, INTERNAL, Audience, Role
from layers.series import RAIN
from layers.text import Text

router = APIRouter(prefix="/gauges", tags=["Gauges"])

WATCH: Audience = DESK | {Role.TEAM}
"""Who enters readings by hand: whoever stands at the staff gauge."""

Code = Annotated[str, Path(description="Code of a gauge, such as M.7", max_length=100)]
ReadingNo = Annotated[int, Path(description="Number of a reading")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Marks a reading: sent again within a day it answers as before",
        min_length=1,
        max_length=200,
    ),
]


@router.get("", summary="Every gauge now", responses=problems(400, 401, 503))
async def gauges(
    house: CurrentHouse, who: CurrentViewer, response: Response, as_of: AsOf = None
) -> Gauges:
    """Level, trend and age of every station, against its banks, thresholds and remembered floods.

    During an exercise these are the exercise's readings, and `exercise` says so. `as_of` tells
    what was known then.
    """
    response.headers.update(headers(who))
    moment = past.optional(as_of)
    async with house.reading(who.role, moment) as conn:
        now, drill = await clock(conn, moment)
        found = await stations(conn, who.role)
        values = await recent(conn, found, now, exercise=drill)
        unknown = await readings.unknown_async(conn) if who.role in INTERNAL else []
    return Gauges(
        at=now,
        exercise=drill,
        gauges=[told(one, values.get(one.code), now) for one in found],
        unknown_stations=unknown,
    )


@router.get(
    "/{code}/readings",
    summary="Readings of a gauge",
    response_model=Readings,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problems(400, 401, 404, 503),
    },
)
async def list_readings(
    code: Code,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    asked: stretch.Asked,
    as_of: AsOf = None,
) -> Response:
    """Readings from `start` up to `end`, the last 48 hours unless said.

    Where `step` is given, or the stretch is long, the lowest and the highest reading of each step:
    no peak is lost. Of several readings of one time the last received; `all` tells every one,
    those marked wrong as well.
    """
    moment = past.optional(as_of)
    async with house.reading(who.role, moment) as conn:
        now, drill = await clock(conn, moment)
        station = await station_of(conn, who.role, code)
        answer = await stretch.readings_of(conn, station, asked, now, exercise=drill)
    if asked.format == "csv":
        return Response(
            stretch.as_csv(answer),
            media_type="text/csv; charset=utf-8",
            headers={
                **headers(who),
                "Content-Disposition": 'attachment; filename="readings.csv"',
            },
        )
    return JSONResponse(answer.model_dump(mode="json"), headers=headers(who))


@router.post(
    "/{code}/readings",
    summary="Enter a reading by hand",
    status_code=201,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def add_reading(
    code: Code,
    sent: ReadingIn,
    house: CurrentHouse,
    who: CurrentViewer,
    response: Response,
    *,
    idempotency_key: IdempotencyKey = None,
) -> ReadingMade:
    """Stores what somebody read on the staff gauge. What is odd is asked about first (409).

    The problem's type is then `urn:muang:problem:confirm`: the same again with `confirm` is
    stored.
    """
    response.headers.update(headers(who))
    allow(who, WATCH)
    async with house.reader(who.role) as conn:
        now, drill = await clock(conn, None)
        station = await station_of(conn, who.role, code)
        reading = entry.reading_of(sent, station, entry.Writer(who.principal, now, drill))
        before = await readings.between_async(
            *(conn, station.series.id, [station.code]),
            *(reading.at - entry.BEFORE, reading.at),
            exercise=drill,
        )
    repeat = _repeat(who, idempotency_key, f"POST reading {code}", sent.model_dump_json().encode())
    async with house.writing() as conn:
        told_before = await replies.find(conn, repeat)
        if told_before is not None:
            stored = int(told_before[1]["id"])
        else:
            if not sent.confirm:
                entry.ask_if_odd(reading, station, before.get(code) or readings.columns([]))
            stored = await _store(conn, station, reading)
            await replies.keep(conn, repeat, 201, {"id": stored})
    return await _made(house, who, station, stored)


@router.post(
    "/{code}/readings/{reading}/photo",
    summary="Add a photograph to a reading",
    status_code=201,
    responses=problems(400, 401, 404, 409, 413, 503),
    openapi_extra=PHOTO_BODY,
)
async def add_photo(
    request: Request,
    code: Code,
    reading: ReadingNo,
    house: CurrentHouse,
    *,
    who: CurrentViewer,
    response: Response,
) -> PhotoMade:
    """Stores a JPEG, PNG or WebP of at most 2 MB, as the request's whole body.

    It is encoded anew: where it was taken and by which camera is not kept.
    """
    response.headers.update(headers(who))
    allow(who, WATCH)
    async with house.reader(who.role) as conn:
        station = await station_of(conn, who.role, code)
        one = await reading_notes.one(conn, station.series, code, number(reading))
    photo = await asyncio.to_thread(photos.cleaned, await request.body())
    async with house.writing() as conn:
        made = await reading_notes.add_photo(conn, station.series, one, photo, actor=who.principal)
    return PhotoMade(id=made, bytes=len(photo.content))


@router.get(
    "/{code}/readings/{reading}/photo",
    summary="The photograph of a reading",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(400, 401, 404, 503),
    },
)
async def photo_of(
    code: Code, reading: ReadingNo, house: CurrentHouse, who: CurrentViewer
) -> Response:
    """The newest photograph; not for the public, because somebody may be in it."""
    allow(who, INTERNAL)
    async with house.reader(who.role) as conn:
        station = await station_of(conn, who.role, code)
        one = await reading_notes.one(conn, station.series, code, number(reading))
        photo = await reading_notes.photo_of(conn, one)
    return Response(photo.content, media_type=photo.media_type, headers=headers(who))


@router.post(
    "/{code}/readings/{reading}/marks",
    summary="Say that a reading is wrong, or right after all",
    status_code=201,
    responses=problems(400, 401, 404, 413, 503),
)
async def add_mark(
    code: Code,
    reading: ReadingNo,
    sent: MarkIn,
    house: CurrentHouse,
    *,
    who: CurrentViewer,
    response: Response,
) -> Marks:
    """Marks a reading by name and with the reason; it stays, and the last mark counts."""
    response.headers.update(headers(who))
    allow(who, DESK)
    async with house.reader(who.role) as conn:
        station = await station_of(conn, who.role, code)
        one = await reading_notes.one(conn, station.series, code, number(reading))
    async with house.writing() as conn:
        await reading_notes.mark(
            *(conn, station.series, one),
            wrong=sent.wrong,
            reason=sent.reason,
            actor=who.principal,
        )
        return await _marks(conn, one.id)


@router.get(
    "/{code}/readings/{reading}/marks",
    summary="What was said of a reading",
    responses=problems(400, 401, 404, 503),
)
async def list_marks(
    code: Code, reading: ReadingNo, house: CurrentHouse, who: CurrentViewer, response: Response
) -> Marks:
    """Every mark with who made it and why, the first first; not for the public."""
    response.headers.update(headers(who))
    allow(who, INTERNAL)
    async with house.reader(who.role) as conn:
        station = await station_of(conn, who.role, code)
        one = await reading_notes.one(conn, station.series, code, number(reading))
    async with house.service() as conn:
        return await _marks(conn, one.id)


def headers(who: Viewer) -> dict[str, str]:
    """What staff are told stays out of caches."""
    control = access.cache_control(private=who.authenticated)
    return {"Cache-Control": control, "Vary": f"{access.VARY}, Accept-Language"}


async def clock(conn: Connection, as_of: datetime | None) -> tuple[datetime, bool]:
    """The moment answers are about, and whether it is an exercise's."""
    if as_of is not None:
        return as_of, False
    drill = await exercise.current_async(conn)
    now = datetime.now(UTC)
    return (now, False) if drill is None else (drill.clock(now), True)


async def station_of(conn: Connection, role: Role, code: str) -> Station:
    """The station of that code; NotFoundError when the role sees none."""
    # no text of the database holds a NUL
    found = [] if "\x00" in code else await stations(conn, role, code)
    if not found:
        raise NotFoundError(
            Text(
                th=f"ไม่มีสถานีวัดน้ำรหัส “{code}” สถานีทั้งหมดอยู่ที่ /gauges",
                en=f"There is no gauge called “{code}”. All of them are at /gauges.",
            )
        )
    return found[0]


def allow(who: Viewer, audience: Audience) -> None:
    """UnauthenticatedError or ForbiddenError unless the caller's role is among those."""
    if who.role in audience:
        return
    if not who.authenticated:
        raise UnauthenticatedError(Text(th="ต้องลงชื่อเข้าใช้ก่อน", en="Sign in first."))
    raise ForbiddenError(
        Text(
            th="สิทธิ์ของท่านทำสิ่งนี้กับค่าที่วัดได้ไม่ได้",
            en="Your role may not do this with readings.",
        )
    )


def number(reading: int) -> int:
    """A reading's number within what the database counts to."""
    return max(-(2**63), min(2**63 - 1, reading))


def _repeat(who: Viewer, key: str | None, what: str, body: bytes) -> Repeat | None:
    if key is None:
        return None
    return Repeat(who.subject, key, hashlib.sha256(what.encode() + b" " + body).digest())


async def _store(conn: Connection, station: Station, reading: readings.Reading) -> int:
    series = station.series.id
    added = await readings.add_async(conn, series, [reading], actor=reading.by)
    found = added.last_id
    if found is None:
        # the same value of the same minute was entered before: it is that one
        found = await readings.find_async(conn, series, station.code, reading.at, reading.source)
    if found is None:
        raise RuntimeError("a reading was neither stored nor found")
    return found


async def _made(house: House, who: Viewer, station: Station, reading: int) -> ReadingMade:
    async with house.reader(who.role) as conn:
        one = await reading_notes.one(conn, station.series, station.code, reading)
    value = one.value or 0.0
    over = None
    said: list[Text] = []
    if station.series != RAIN:
        over = to_bank(value, station.values["bank_left_m"], station.values["bank_right_m"])
        said = [] if over is None else [words.against_bank(over)]
        said += [
            words.against_flood(value - flood["peak_m"], flood["year_be"])
            for flood in station.remembered
        ]
    return ReadingMade(
        id=one.id,
        gauge=station.code,
        at=one.at,
        value=value,
        unit=station.series.unit,
        to_bank_m=None if over is None else round(over, 3),
        says=said,
    )


async def _marks(conn: Connection, reading: int) -> Marks:
    found = await reading_notes.marks(conn, reading)
    return Marks(
        marks=[
            MarkTold(
                wrong=one.wrong, reason=one.reason, marked_by=one.marked_by, marked_at=one.marked_at
            )
            for one in found
        ]
    )
