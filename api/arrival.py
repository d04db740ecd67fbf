"""`POST /queries/arrival`: when the water comes, from the forecast that is stored."""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter

from api.arrival_models import ArrivalAnswer, ArrivalRequest, LevelNow
from api.gauges.states import recent
from api.gauges.states import told as told_now
from api.house import Connection, House
from api.language import CallerLang
from api.queries import in_words
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import answers, forecasts, past
from db.exercise import current_async
from db.forecasts import Forecast
from db.queries import gate_states
from db.queries.gauges import stations
from layers.errors import NotFoundError
from layers.forecast_age import old_forecast
from layers.series import RAIN
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

KIND = "arrival"
SHOWN_LEAD_H = 24.0

_NO_FORECAST = Text(
    th="ยังไม่มีการคาดการณ์ของสถานีนี้",
    en="There is no forecast for this gauge yet.",
)
_EXERCISE = Text(
    th="ฝึกซ้อม: ตัวเลขเหล่านี้มาจากเหตุการณ์สมมติ",
    en="EXERCISE: these figures come from an invented event.",
)


@dataclass(frozen=True)
class When:
    """The moment an answer is about, by the clock on the wall and by the one it goes by."""

    wall: datetime
    clock: datetime
    exercise: bool
    pos: int | None = None
    told: int | None = None


@router.post(
    "/arrival",
    summary="When does the water arrive, and how sure is that?",
    response_model=ArrivalAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 503),
)
async def ask_arrival(
    asked: ArrivalRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Level and 80 % band ahead, times of crossing thresholds, data's age, and past skill.

    The forecast is worked out when readings come and is only read here. Before the first one, and
    where too little was measured, `forecast` is empty and a caveat says why. The answer is kept.
    """
    started = time.monotonic()
    answer = await answer_arrival(asked, house, who)
    answer["computing_ms"] = round((time.monotonic() - started) * 1000)
    record = answers.Answer(
        id=uuid.UUID(answer["id"]),
        kind=KIND,
        computed_at=datetime.fromisoformat(answer["computed_at"]),
        pos=answer["pos"],
        request=asked.model_dump(mode="json", exclude_unset=True),
        response=answer,
    )
    async with house.service() as conn:
        await answers.keep(conn, record, who.role, None)
    return in_words(answer, lang)


async def answer_arrival(
    asked: ArrivalRequest, house: House, who: Viewer, again: answers.Answer | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages.

    NotFoundError for a gauge that is not there, or measures rain only.
    """
    async with house.reader(who.role) as conn:
        if again is not None:
            when = _as_before(again)
        else:
            wall = datetime.now(UTC)
            drill = await current_async(conn)
            when = When(wall, drill.clock(wall) if drill else wall, drill is not None)
            if asked.as_of is not None:
                when = When(wall, asked.as_of, exercise=False)
        # what was told by then; a forecast is never changed
        until = None if asked.as_of is None else when.clock
        at = when.pos if again is not None else asked.as_of
        async with past.snapshot(conn, who.role, at) as pos:
            now = await _now(conn, asked.gauge, who, when)
            told: Forecast | None = None
            if again is None or when.told is not None:
                told = await forecasts.told(
                    conn, asked.gauge, exercise=when.exercise, number=when.told, up_to=until
                )
            # whoever reads these levels looks at what they flood
            denied = await gate_states.of_gauges(conn, [asked.gauge], pos, asked.as_of or when.wall)
    body = _body(asked, now, told, when)
    caveats = [*body.pop("caveats"), *(caveat.model_dump() for caveat in denied)]
    made = ArrivalAnswer(id=uuid.uuid4(), computed_at=when.wall, pos=pos, caveats=[], **body)
    answer = made.model_dump(mode="json")
    answer.pop("recomputed")
    return {**answer, "caveats": caveats}


async def _now(conn: Connection, code: str, who: Viewer, when: When) -> LevelNow:
    """What the gauge says, as `GET /gauges` tells it."""
    found = [one for one in await stations(conn, who.role, code) if one.series != RAIN]
    if not found:
        raise NotFoundError(
            Text(
                th=f"ไม่มีสถานีวัดระดับน้ำรหัส {code}",
                en=f"There is no gauge of water levels with the code {code}.",
            )
        )
    values = await recent(conn, found[:1], when.clock, exercise=when.exercise)
    now = told_now(found[0], values.get(code), when.clock).now
    return LevelNow(
        at=now.at,
        level_m=now.level_m,
        age_s=now.age_s,
        to_bank_m=now.to_bank_m,
        quality=now.quality,
    )


def _as_before(again: answers.Answer) -> When:
    kept = again.response
    return When(
        wall=again.computed_at,
        clock=datetime.fromisoformat(kept["clock"]),
        exercise=bool(kept["exercise"]),
        pos=again.pos,
        told=kept["forecast_id"],
    )


def _body(
    asked: ArrivalRequest, now: LevelNow, told: Forecast | None, when: When
) -> dict[str, Any]:
    """The answer's own fields; caveats as objects in both languages."""
    caveats: list[Any] = [_EXERCISE.model_dump()] if when.exercise else []
    body: dict[str, Any] = {
        "clock": when.clock,
        "gauge": asked.gauge,
        "now": now,
        "exercise": when.exercise,
        **dict.fromkeys(("forecast_id", "made_at", "origin", "skill", "model_version")),
        **dict.fromkeys(("trained_from", "trained_to", "fit_id", "fitted_at")),
        **{name: [] for name in ("forecast", "crossings", "skill_by_lead", "inputs")},
        "caveats": caveats,
    }
    if told is None:
        caveats.append(_NO_FORECAST.model_dump())
        return body
    until = when.clock + timedelta(hours=asked.horizon_h)
    skills = [_skill(one) for one in told.skill or ()] if told.points else []
    if told.points:
        old = old_forecast(told.origin, when.clock)
        caveats += [] if old is None else [old.model_dump()]
    caveats += [*told.caveats, *_rain_words(told)]
    return body | {
        "forecast_id": told.id,
        "made_at": told.made_at.astimezone(UTC),
        "origin": told.origin.astimezone(UTC),
        "forecast": [
            {**point, "band_80": (point["low_m"], point["high_m"])}
            for point in told.points
            if datetime.fromisoformat(point["at"]) <= until
        ],
        "crossings": [_within(one, until) for one in told.crossings],
        "skill": min(skills, key=lambda one: abs(one["lead_h"] - SHOWN_LEAD_H), default=None),
        "skill_by_lead": [one for one in skills if one["lead_h"] <= asked.horizon_h],
        "model_version": told.model_version,
        "trained_from": _utc(told.trained_from),
        "trained_to": _utc(told.trained_to),
        "fit_id": told.fit,
        "fitted_at": _utc(told.fitted_at),
        "inputs": [_input(one, when.clock) for one in told.inputs],
    }


def _within(crossing: Any, until: datetime) -> dict[str, Any]:
    """A crossing with the times after the horizon asked for left out."""
    times = {}
    for name in ("earliest", "likely", "latest"):
        moment = crossing[name]
        late = moment is not None and datetime.fromisoformat(moment) > until
        times[name] = None if late else moment
    return {**crossing, **times}


def _skill(one: Any) -> dict[str, Any]:
    """Stored skill, in metres, under the names of the answer."""
    renamed = {
        "mae": "mae_m",
        "mae_persistence": "mae_persistence_m",
        "mae_analogue": "mae_analogue_m",
    }
    told = {renamed.get(name, name): value for name, value in one.items()}
    told["alarms"] = [
        {"level_m": alarm["level"], **{k: v for k, v in alarm.items() if k != "level"}}
        for alarm in one["alarms"]
    ]
    return told


def _input(one: Any, clock: datetime) -> dict[str, Any]:
    last = one["last"]
    age = None if last is None else _age(datetime.fromisoformat(last), clock)
    return {**{k: v for k, v in one.items() if k != "last"}, "age_s": age}


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _age(moment: datetime, clock: datetime) -> int:
    return max(round((clock - moment).total_seconds()), 0)


def _rain_words(told: Forecast) -> list[dict[str, str]]:
    """What rain above says, where it has proved to be a sign."""
    found = []
    for one in told.inputs:
        rain = one.get("rain")
        if not rain:
            continue
        if not rain["worth"]:
            found.append(
                Text(
                    th=f"ฝนที่ {one['gauge']} ยังไม่พิสูจน์ว่าเตือนน้ำท่วมที่นี่ได้",
                    en=f"Rain at {one['gauge']} has not proved to be a sign of floods here.",
                )
            )
        elif rain["fallen_mm"] is not None and rain["fallen_mm"] >= rain["sign_mm"]:
            found.append(
                Text(
                    th=f"ฝนที่ {one['gauge']} {rain['fallen_mm']:g} มม. ใน {rain['window_h']:g} "
                    f"ชม. ถึงเกณฑ์ {rain['sign_mm']:g} มม. ที่เคยเตือน {rain['hits']} ใน "
                    f"{rain['events']} ครั้ง เตือนผิด {rain['false_alarms']} ครั้ง",
                    en=f"Rain at {one['gauge']}: {rain['fallen_mm']:g} mm in "
                    f"{rain['window_h']:g} h is over the {rain['sign_mm']:g} mm that warned of "
                    f"{rain['hits']} of {rain['events']} floods, with {rain['false_alarms']} "
                    "false alarms.",
                )
            )
    return [text.model_dump() for text in found]
