"""Geo-queries: a typed request, one SQL function, a typed answer kept under its id."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from fastapi import APIRouter

from api import access, cut_off, floods
from api.house import House
from api.impact_models import ImpactAnswer, ImpactFlood, ImpactRequest
from api.impact_parts import Exposed
from api.language import CallerLang
from api.problems import TooSlowError
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import answers
from db.queries import impact
from db.queries.impact_forecast import Stage, stage_of
from layers import catalog
from layers.text import Lang, Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

TOO_MUCH = Text(
    th="น้ำนี้แตะเมืองมากเกินกว่าจะนับได้ในเวลาที่กำหนด จึงยังไม่ได้นับอะไรเลย ลองถามเขตน้ำท่วมน้อยลงหรือพื้นที่เล็กลง "
    "หรือถามทีละชั้นข้อมูลด้วย layers เช่น บ้านและครัวเรือนก่อน แล้วจึงแปลงที่ดิน",
    en="This water touches too much of the town to be counted in the time allowed, so nothing was "
    "counted. Ask about fewer flood zones or a smaller area, or about one layer at a time with "
    "`layers`: households first, then parcels.",
)


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


@dataclass(frozen=True)
class Given:
    """What an answer was given on, and so the one it is compared with: to work it out again."""

    pos: int
    moment: datetime
    forecast: Stage | None
    compared: "Given | None" = None


def given(kept: answers.Answer) -> Given:
    """What a kept answer was given on."""
    other = kept.response.get("compared")
    compared = Given(other["pos"], kept.computed_at, _stage(other)) if other else None
    return Given(kept.pos, kept.computed_at, _stage(kept.response), compared)


_STAGE_TIMES = ("at", "origin", "clock")


def _stage(told: dict[str, Any]) -> Stage | None:
    known = told.get("forecast")
    if not known:
        return None
    times = {name: datetime.fromisoformat(known[name]) for name in _STAGE_TIMES if known.get(name)}
    return Stage(**{**known, **times})


async def answer_impact(
    asked: ImpactRequest, house: House, who: Viewer, again: Given | None = None
) -> tuple[impact.Impact, dict[str, Any]]:
    """Answer the question, now or on the versions it was answered on; in both languages."""
    base = impact.Question(
        flood=impact.Flood(),
        role=who.role,
        layers=tuple(asked.layers) if asked.layers is not None else None,
        with_ids="ids" in asked.include,
        scope_keys=who.keys,
        openings=who.openings,
        as_of=asked.as_of,
        displaced_above_m=asked.displaced_above_m,
        clock=again.moment if again else datetime.now(UTC),
    )
    wanted = cut_off.Asked(asked.vehicle or "truck_6", asked.wades_m)
    more = partial(cut_off.part, wanted, house) if "cut_off" in asked.include else None
    await floods.affordable(asked.flood, who, house)
    if asked.compare is not None and asked.compare.flood is not None:
        await floods.affordable(asked.compare.flood, who, house)
    async with house.reader(who.role) as conn:
        question = await _meant(conn, base, asked.flood, again)
        other = None
        if asked.compare is not None:
            # the same flood at another time is the same stage of the same forecast
            before = again.compared if again else None
            other = replace(question, at_pos=before.pos if before else None)
            if asked.compare.flood is not None:
                other = await _meant(conn, other, asked.compare.flood, before)
            other = replace(other, as_of=asked.compare.as_of or asked.as_of)
        try:
            found = await impact.impact(conn, question, other, more=more)
        except psycopg.errors.QueryCanceled as error:
            raise TooSlowError(TOO_MUCH) from error
    return found, _answer(found)


async def _meant(
    conn: impact.Connection, base: impact.Question, asked: ImpactFlood, again: Given | None
) -> impact.Question:
    """The question about the flood asked for; a forecast moment is looked up once, then kept."""
    at_pos = again.pos if again else None
    if asked.at is None or asked.gauge is None:
        flood = floods.flood_of(asked, base.role)
        return replace(base, flood=flood, forecast=None, at_pos=at_pos)
    known = again.forecast if again else None
    stage = known or await stage_of(conn, asked.gauge, asked.at)
    flood = impact.Flood(stage=(stage.gauge, stage.stage_m))
    return replace(base, flood=flood, forecast=stage, at_pos=at_pos)


def _answer(found: impact.Impact) -> dict[str, Any]:
    """The answer as it is kept: JSON values, caveats in both languages."""
    told = _counted(found)
    caveats = found.caveats
    if found.compared is not None:
        told["compared"] = {
            "pos": found.compared.pos,
            **_counted(found.compared),
            "differences": found.differences,
        }
        caveats = tuple(dict.fromkeys((*caveats, *found.compared.caveats)))
    told["caveats"] = [caveat.model_dump() for caveat in caveats]
    return {"id": str(found.id), "computed_at": found.computed_at.isoformat(), **told}


def _counted(found: impact.Impact) -> dict[str, Any]:
    """What one flood touches, with what that rests on."""
    more = {
        "forecast": _forecast(found.forecast),
        "displaced": found.displaced,
        "needs": found.needs,
        "communities": found.communities,
        **({} if found.beside is None else {found.beside.name: found.beside.told}),
    }
    return {
        "flood": found.flood,
        "exposed": _exposed(found.exposed),
        **{name: part for name, part in more.items() if part is not None},
        "provenance": [
            {
                "layer": item.layer,
                "version": item.version,
                "as_of": item.as_of.isoformat() if item.as_of else None,
                "source": item.source,
                "expected_days": catalog.get(item.layer).freshness.days,
            }
            for item in found.provenance
        ],
    }


def _forecast(stage: Stage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    told = {name: value for name, value in asdict(stage).items() if value is not None}
    return {**told, **{name: told[name].isoformat() for name in _STAGE_TIMES if name in told}}


def _exposed(counted: dict[str, Any]) -> dict[str, Any]:
    """The counts in the order and shape the model says."""
    made = Exposed.model_validate(counted)
    return made.model_dump(mode="json", exclude_unset=True, by_alias=True)


def in_words(answer: dict[str, Any], lang: Lang) -> dict[str, Any]:
    """The answer with its caveats in the language asked for."""
    return {**answer, "caveats": [caveat[lang] for caveat in answer["caveats"]]}
