"""Geo-queries: a typed request, one SQL function, a typed answer kept under its id."""

import time
from typing import Any

from fastapi import APIRouter

from api import access, filters
from api.house import House
from api.impact_models import (
    Exposed,
    FloodRequest,
    ImpactAnswer,
    ImpactRequest,
    MultiPolygon,
    Polygon,
)
from api.language import CallerLang
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import answers
from db.queries import impact
from db.queries.town import Bounds
from layers.errors import BadRequestError
from layers.model import Role
from layers.text import Lang, Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

PUBLIC_VERTICES = 2_000
"""Vertices of an area somebody without a sign-in may draw: the question is kept for a day."""
VERTICES_A_UNIT = 4
"""A shape of 20,000 vertices takes seconds of the database: as much as 50 questions."""
_NEAR_DEGREES = 2.0
"""A drawn area may reach this far beyond the town; further away its projection means nothing."""


@router.post(
    "/impact",
    summary="Who and what does a flood touch?",
    response_model=ImpactAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 503),
)
async def ask_impact(
    asked: ImpactRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Counts what the flood touches in every layer the caller may see and that holds data.

    The answer is kept: `GET /queries/answers/{id}` gives it again.
    """
    started = time.monotonic()
    found, answer = await answer_impact(asked, house, who)
    answer["computing_ms"] = round((time.monotonic() - started) * 1000)
    scoped = impact.counts_scoped_rows(found, who.role)
    record = answers.Answer(
        id=found.id,
        kind=impact.KIND,
        computed_at=found.computed_at,
        pos=found.pos,
        request=asked.model_dump(mode="json", exclude_unset=True),
        response=answer,
    )
    async with house.service() as conn:
        await answers.keep(conn, record, who.role, access.fingerprint(who) if scoped else None)
    return in_words(answer, lang)


async def answer_impact(
    asked: ImpactRequest, house: House, who: Viewer, at_pos: int | None = None
) -> tuple[impact.Impact, dict[str, Any]]:
    """Answer the question, now or on the versions of a position; the answer in both languages."""
    flood = asked.flood
    if flood.geometry is not None:
        _affordable(flood.geometry, who, house)
        _near(flood.geometry, await house.bounds(who.role))
    question = impact.Question(
        flood=_flood(flood, who.role),
        role=who.role,
        layers=tuple(asked.layers) if asked.layers is not None else None,
        with_ids="ids" in asked.include,
        scope_keys=who.keys,
        openings=who.openings,
        as_of=asked.as_of,
        at_pos=at_pos,
    )
    async with house.reader(who.role) as conn:
        found = await impact.impact(conn, question)
    return found, _answer(found)


def _flood(asked: FloodRequest, role: Role) -> impact.Flood:
    if asked.where is not None:
        layer = access.layer_for("flood_zones", role)
        return impact.Flood(where=filters.parse({"filter": asked.where}, layer, role))
    if asked.geometry is not None:
        return impact.Flood(geometry=asked.geometry.model_dump_json())
    if asked.gauge is not None and asked.stage_m is not None:
        return impact.Flood(stage=(asked.gauge, asked.stage_m))
    zones = asked.zone_ids or "all"
    if zones == "all" or "all" in zones:
        return impact.Flood(all_zones=True)
    return impact.Flood(zone_ids=tuple(zones))


def _affordable(area: Polygon | MultiPolygon, who: Viewer, house: House) -> None:
    """Take what a drawn area costs beside the question itself, and bound what is kept of it.

    BadRequestError for a shape too large for somebody without a sign-in, TooManyRequestsError
    when the caller has asked enough.
    """
    if who.role is Role.PUBLIC and area.vertices > PUBLIC_VERTICES:
        raise BadRequestError(
            Text(
                th=f"รูปที่วาดมี {area.vertices:,} จุด ผู้ที่ไม่ได้ลงชื่อเข้าใช้วาดได้ไม่เกิน "
                f"{PUBLIC_VERTICES:,} จุด ลดรายละเอียดของรูป",
                en=f"The drawn area has {area.vertices:,} vertices. Without signing in it may have "
                f"{PUBLIC_VERTICES:,}; simplify the shape.",
            )
        )
    house.limits.take(who.subject, area.vertices // VERTICES_A_UNIT)


def _near(area: Polygon | MultiPolygon, bounds: Bounds | None) -> None:
    """Refuse an area whose coordinates cannot belong to this town, such as swapped ones."""
    if bounds is None:
        return
    west, south, east, north = bounds
    for ring in area.rings():
        for lon, lat, *_ in ring:
            inside = (
                west - _NEAR_DEGREES <= lon <= east + _NEAR_DEGREES
                and south - _NEAR_DEGREES <= lat <= north + _NEAR_DEGREES
            )
            if not inside:
                raise BadRequestError(
                    Text(
                        th=f"พื้นที่ที่วาดมีจุด {lon:g}, {lat:g} ซึ่งไม่ได้อยู่ในเมืองนี้ พิกัดต้องเป็น ลองจิจูด, ละติจูด",
                        en=f"The drawn area has a point {lon:g}, {lat:g} far from this town. "
                        "Coordinates are longitude, latitude.",
                    )
                )


def _answer(found: impact.Impact) -> dict[str, Any]:
    """The answer as it is kept: JSON values, caveats in both languages."""
    return {
        "id": str(found.id),
        "computed_at": found.computed_at.isoformat(),
        "flood": found.flood,
        "exposed": _exposed(found.exposed),
        "provenance": [
            {
                "layer": item.layer,
                "version": item.version,
                "as_of": item.as_of.isoformat() if item.as_of else None,
                "source": item.source,
            }
            for item in found.provenance
        ],
        "caveats": [caveat.model_dump() for caveat in found.caveats],
    }


def _exposed(counted: dict[str, Any]) -> dict[str, Any]:
    """The counts in the order and shape the model says; ages from young to old."""
    made = Exposed.model_validate(counted)
    if made.people is not None:
        ages = sorted(
            made.people.by_age.items(), key=lambda age: int(age[0].rstrip("+").split("-")[0])
        )
        made.people.by_age = dict(ages)
    return made.model_dump(mode="json", exclude_unset=True)


def in_words(answer: dict[str, Any], lang: Lang) -> dict[str, Any]:
    """The answer with its caveats in the language asked for."""
    return {**answer, "caveats": [caveat[lang] for caveat in answer["caveats"]]}
